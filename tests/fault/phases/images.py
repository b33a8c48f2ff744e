# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Power cuts. placements and registry run under load while the recorder writes down all that they do to their disks;
from that come disks as a power cut may have left them (replay.h says by which rules).

- images: each opened by the product's own log, key and table code in one process (mj-fault-images check): nothing that
  was acknowledged by then is lost, the log is a prefix of what was written, and every key that an entry needs is there.
- starts: of some of them a real placements is started, and asked by Resume for every stream: no number below what was
  acknowledged, none that was never sent; then the observer reads the log.
- I12, on the same traces: no acknowledgement came before the sync that covers its commit had ended.

    /usr/bin/python3 -B tests/fault/phases/images.py --seed 1 [--scale 1] [--images N] [--starts M]
"""
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import stage                                                                # noqa: E402
import dump                                                                 # noqa: E402
import harness                                                              # noqa: E402
from cast import Cast, wait_enrolled                                        # noqa: E402
from sender import Enroller, Sender                                         # noqa: E402
from wire import Caller                                                     # noqa: E402

IMAGES, STARTS = 3000, 100
AGENCIES = 4
LOAD_S = 1.5
ROUNDS = (0, 4, 0)                               # ms that each sync takes longer, a round each; the first begins empty
ENROLLERS = 3
NUMBERED = ("EventAccepted", "EventKnown", "EventRejected")


class Noting(Sender):
    """Notes each acknowledgement: the moment, its position, and how far the stream is durable."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.acks = []

    def take(self, first, body):
        now = time.monotonic_ns()
        super().take(first, body)
        self.acks.append((now, body.position, self.durable))

    def durable_by(self, moment):
        """The last number acknowledged by then."""
        return max((durable for at, _, durable in self.acks if at <= moment), default=0)


class NotingEnroller(Enroller):
    """Notes the same of each enrolment."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.acks = []

    def take(self, body):
        self.acks.append((time.monotonic_ns(), body.position, 0))
        super().take(body)


class Recording:
    """One run of a service under the recorder: its trace, the disk before it, the log after it, what was told."""

    def __init__(self, folder, service, data, number):
        self.service, self.data = service, pathlib.Path(data, service.name)
        self.folder = pathlib.Path(folder, f"{service.name}{number}")
        self.base, self.truth = self.folder / "base", self.folder / "truth"
        self.trace, self.acks = self.folder / "trace", self.folder / "acks"
        self.base.mkdir(parents=True)

    def start(self, sync_ms):
        """sync_ms: how much longer each sync takes."""
        if self.data.exists():
            shutil.copytree(self.data, self.base, dirs_exist_ok=True)
        self.service.start(LD_PRELOAD=harness.BIN / "mj-shim-recorder.so", MJ_RECORD_UNDER=self.data,
                           MJ_RECORD_TO=self.trace, MJ_RECORD_SYNC_MS=sync_ms)

    def end(self, workers):
        """Kills it, and keeps its log and what the workers were told."""
        self.service.kill()
        shutil.copytree(self.data / "52" / "log", self.truth)
        told = sorted((at, position) for worker in workers for at, position, _ in worker.acks)
        self.acks.write_text("".join(f"{at} {position}\n" for at, position in told))

    def words(self, command, *more):
        return [harness.BIN / "mj-fault-images", command, "--service", self.service.name, "--trace", self.trace,
                "--base", self.base, "--acks", self.acks, "--truth", self.truth, *map(str, more)]


class Stage:
    """A registry and a placements, whose disks are recorded."""

    def __init__(self, factory, seed):
        self.platform = factory(services=("registry", "placements"))
        self.folder = tempfile.mkdtemp(prefix="mj-images-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.seed, self.senders, self.enrollers = seed, [], []
        self.of_placements, self.of_registry = [], None

    def recordings(self):
        return [self.of_registry, *self.of_placements]

    def set_up(self):
        """Whoever takes part; both services run recorded already, from their first byte on."""
        cast = Cast(self.platform)
        ett, locale = cast.ett(), cast.mission_locale()
        persons = [locale.enrol() for _ in range(10)]
        wait_enrolled(cast.agency(ett), persons[-1])
        self.senders = [Noting(cast.agency(ett), persons, self.seed * 100 + n) for n in range(AGENCIES)]
        self.enrollers = [self.enroller(cast.mission_locale()) for _ in range(ENROLLERS)]
        for worker in (*self.senders, *self.enrollers):
            worker.start()

    def enroller(self, locale):
        return NotingEnroller(locale, lambda: Caller(self.platform.registry, locale.caller.key))

    def recording(self, service, number):
        return Recording(self.folder, service, self.platform.data, number)

    def record(self):
        """registry in the first round only."""
        self.platform.redis.start()
        self.of_registry = self.recording(self.platform.registry, 0)
        self.of_registry.start(ROUNDS[0])
        for number, sync_ms in enumerate(ROUNDS):
            recording = self.recording(self.platform.placements, number)
            recording.start(sync_ms)
            if number == 0:
                self.set_up()
            time.sleep(LOAD_S)                   # a load as it is; nothing is waited for
            recording.end(self.senders)
            self.of_placements.append(recording)
            if number == 0:
                self.of_registry.end(self.enrollers)
                self.platform.registry.start()
        self.end_load()

    def end_load(self):
        for worker in (*self.senders, *self.enrollers):
            worker.stopping.set()

    def remove(self):
        self.end_load()
        self.platform.remove()
        if not os.environ.get("MJ_TEST_KEEP"):
            shutil.rmtree(self.folder)


def answer_of(done, what):
    """The JSON line at the end; anything before it says what is wrong."""
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"{what}: status {done.returncode}\n" + "\n".join(lines[:10]) + done.stderr
    return json.loads(lines[-1])


def check_order(recordings):
    """I12."""
    told = [answer_of(subprocess.run(r.words("order"), text=True, capture_output=True), "I12") for r in recordings]
    return {name: sum(one[name] for one in told) for name in ("acks", "commits", "older_than_the_trace")}


class Images:
    """The disks in process, beside whatever else goes on."""

    def __init__(self, at, images, workers):
        each = -(-images // len(at.recordings()))
        self.running = [subprocess.Popen(
            r.words("check", "--images", each, "--seed", at.seed, "--workers", workers, "--scratch", r.folder),
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for r in at.recordings()]

    def result(self):
        total, done = {}, []
        for process in self.running:
            out, err = process.communicate()
            done.append(subprocess.CompletedProcess(process.args, process.returncode, out, err))
        for one in done:                         # once all have ended: their folder goes with a failure
            for name, value in answer_of(one, "images").items():
                total[name] = total.get(name, 0) + value
        return total

    def stop(self):
        """Where something else failed first."""
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.communicate()


class Starts:
    """Real starts on disks of the same kinds."""

    def __init__(self, at):
        self.at, self.data = at, pathlib.Path(at.folder, "start")
        self.service = harness.Service("placements", at.platform, "--registry", at.platform.registry_address,
                                       data=self.data, label="placements-on-images")
        self.ready_s = []

    def one(self, number):
        recording = self.at.of_placements[number % len(self.at.of_placements)]
        self.data.mkdir()
        made = subprocess.run(recording.words("make", "--seed", self.at.seed + 1, "--image", number, "--out",
                                              self.data / "placements"), text=True, capture_output=True, check=True)
        since = time.monotonic()
        self.service.start()
        self.ready_s.append(time.monotonic() - since)
        for sender in self.at.senders:
            self.resume(sender, int(made.stdout), f"image {number} of {recording.folder.name}")
        self.service.kill()
        self.observe(int(made.stdout))
        shutil.rmtree(self.data)

    def resume(self, sender, moment, where):
        """The stream stands where it was acknowledged, or further on, but never beyond what was sent."""
        durable = sender.durable_by(moment)
        with Caller(self.service, sender.agency.key) as caller:
            def known():
                answer = caller.call("placements.v1.Resume", region=sender.agency.region, stream=sender.agency.siret)
                return None if answer.code == "UNAVAILABLE" else answer
            answer = harness.wait_until(known, f"{where}: the stream is known again", 5)
        assert not answer.code, f"{where}: {answer}"
        last = answer.body.last_sequence
        assert durable <= last <= len(sender.events), f"{where}: {durable} acknowledged, Resume says {last}"

    def observe(self, moment):
        """The log as somebody reads it who shares no code with it; SQLite's files are sound (I14)."""
        lines = list(dump.logs(self.data))
        errors = [error for line in lines if line["kind"] == "log" for error in line["errors"]]
        assert not errors, errors
        for sender in self.at.senders:
            numbers = [line["payload"]["sequence"] for line in lines
                       if line["kind"] == "entry" and line["type"] in NUMBERED
                       and line["payload"]["stream"] == sender.agency.siret]
            assert numbers == list(range(1, len(numbers) + 1)), "numbers with a gap, or twice"
            assert len(numbers) >= sender.durable_by(moment), "an acknowledged event is lost"
        for path in self.data.glob("placements/*/*.db"):
            with sqlite3.connect(path) as db:
                assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)], path


def phase(platform_factory, seed, scale, images=None, starts=None):
    images = images if images is not None else int(IMAGES * scale)
    starts = starts if starts is not None else int(STARTS * min(scale, 5))       # they take longest
    at, checking = Stage(platform_factory, seed), None
    try:
        at.record()
        ordered = check_order(at.recordings())
        checking = Images(at, images, 1 if starts else 2)
        real = Starts(at)
        for number in range(starts):
            real.one(number)
        counts = checking.result()
        ready = sorted(real.ready_s)
        counts |= {"starts": starts, "I12": ordered, "events": sum(len(s.events) for s in at.senders),
                   "enrolments": sum(len(e.persons) for e in at.enrollers)}
        if ready:
            counts |= {"ready_median_s": round(ready[len(ready) // 2], 2), "ready_worst_s": round(ready[-1], 2)}
        return counts
    finally:
        if checking:
            checking.stop()
        at.remove()


if __name__ == "__main__":
    stage.run_alone(phase, "images", images=int, starts=int)
