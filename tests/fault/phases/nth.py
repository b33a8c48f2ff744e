# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""The n-th call to the disk fails (shims/nth.c) while agencies stream and young people are enrolled: each kind of call,
on the logs, the keys and the tables of placements and registry, as an error, a full disk, a short write or an
interruption. A service either goes on or ends itself; it never says what is not so. Afterwards everything acknowledged
is stored exactly once, chains hold, figures equal a recount.

    /usr/bin/python3 -B tests/fault/phases/nth.py --seed 1 [--scale 1]
"""
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import stage                                                                # noqa: E402
import dump                                                                 # noqa: E402
import sender                                                               # noqa: E402
import harness                                                              # noqa: E402
from cast import Cast, wait_enrolled                                        # noqa: E402
from observed import assert_recount, entries                                # noqa: E402
from sender import Enroller, Sender, check_enrolments, check_streams        # noqa: E402
from wire import Caller                                                     # noqa: E402

AGENCIES = 3
INJECTIONS = 64
PATIENCE_S = 1.2                                 # for a rule to meet its call; then the next one has its turn
SENDERS_PATIENCE_S = 0.4                         # who asked a service that ended takes its answer for lost soon
LIVENESS_S = 5
SIGABRT = 6
# (service, call, what, file of its partition, the highest n that is drawn)
UNDER_LOAD = [("placements", call, what, "log/", most) for call, what, most in (
    ("pwritev", "EIO", 12), ("pwritev", "ENOSPC", 12), ("pwritev", "short", 12), ("pwritev", "EINTR", 12),
    ("fdatasync", "EIO", 12), ("fdatasync", "ENOSPC", 12), ("fdatasync", "EINTR", 12), ("pwrite", "EIO", 2),
    ("pwrite", "ENOSPC", 2), ("pwrite", "short", 2), ("open", "EIO", 1))]
UNDER_LOAD += [("placements", call, what, "tables", most) for call, what, most in (
    ("pwrite", "EIO", 6), ("pwrite", "ENOSPC", 6), ("pwrite", "short", 6), ("open", "EIO", 2))]
# A person's key is written at each enrolment.
UNDER_LOAD += [("registry", call, what, file, most) for call, what, file, most in (
    ("pwritev", "EIO", "log/", 3), ("pwritev", "ENOSPC", "log/", 3), ("pwritev", "short", "log/", 3),
    ("fdatasync", "EIO", "log/", 3), ("pwrite", "EIO", "keys", 6), ("pwrite", "ENOSPC", "keys", 6),
    ("pwrite", "short", "keys", 6), ("fdatasync", "EIO", "keys", 3), ("open", "EIO", "keys", 2),
    ("pwrite", "ENOSPC", "tables", 6))]
# While a log, its keys and its tables are made: placements on an empty disk.
FIRST_START = [("open", "ENOSPC", "log/", 2), ("write", "ENOSPC", "log/", 1), ("fsync", "EIO", "log/", 1),
               ("rename", "EIO", "log/", 1), ("pwritev", "ENOSPC", "log/", 1), ("fdatasync", "EIO", "log/", 1),
               ("pwrite", "EIO", "keys", 6), ("fdatasync", "EIO", "keys", 3), ("open", "EIO", "keys", 2),
               ("ftruncate", "EIO", "tables", 1)]


class Shim:
    """Services started with one rule after the other."""

    def __init__(self, platform, seed):
        self.platform, self.chance = platform, random.Random(seed)
        self.trace = pathlib.Path(platform.folder, "nth.trace")
        self.trace.touch()
        self.rounds, self.ended, self.unmet = [], 0, []

    def done(self):
        """What the shim did so far, a line each."""
        return self.trace.read_text().splitlines()

    def rule(self, call, what, pattern, most):
        return f"{call}@{self.chance.randint(1, most)}={what}:{pattern}"

    def one(self):
        """One service starts anew with one rule; what another one's rule left dead comes back first."""
        if not self.rounds:
            self.rounds = list(UNDER_LOAD)
            self.chance.shuffle(self.rounds)
        name, call, what, file, most = self.rounds.pop()
        self.revive()
        service = getattr(self.platform, name)
        service.kill()
        self.start(service, self.rule(call, what, f"/{name}/52/{file}", most))

    def revive(self):
        for name in ("registry", "placements"):
            service = getattr(self.platform, name)
            if not service.running():
                service.start(wait=False)

    def clean(self):
        """Both started anew, without any rule."""
        for name in ("registry", "placements"):
            service = getattr(self.platform, name)
            if service.running():
                service.kill()
            service.start()

    def start(self, service, rule):
        """Starts it with the rule, and waits until the rule met its call."""
        before, deadline = len(self.done()), time.monotonic() + PATIENCE_S
        service.start(wait=False, LD_PRELOAD=harness.BIN / "mj-shim-nth.so", MJ_NTH=rule, MJ_NTH_TRACE=self.trace)
        while len(self.done()) == before and service.running() and time.monotonic() < deadline:
            time.sleep(0.01)
        if len(self.done()) == before:
            self.unmet.append(rule)
            return
        call, _, _, path = self.done()[-1].split(maxsplit=3)
        if "sync" in call and ("/log/" in path or "/keys" in path):
            harness.wait_until(lambda: not service.running(), f"{service.name} ends itself after {rule} (S3)", 3)
        time.sleep(self.chance.uniform(0, 0.1))  # what it does next, it does for a moment at least
        self.look(service, rule)

    def look(self, service, rule):
        """It runs, or ended itself: by status 1, or by abort where the result of a write is unknown (I13)."""
        if not service.running():
            self.ended += 1
            status = service.process.returncode
            assert status in (1, -SIGABRT), f"{rule}: status {status}\n{service.tail()}"

    def first_start(self, platform, number):
        """An empty disk that fails at first: then it starts as if nothing had been."""
        call, what, file, most = FIRST_START[number % len(FIRST_START)]
        data = pathlib.Path(platform.folder, f"first{number}")
        service = harness.Service("placements", platform, "--registry", platform.registry_address, data=data,
                                  label="placements-first")
        self.start(service, self.rule(call, what, f"/placements/52/{file}", most))
        if service.running():
            service.kill()
        service.start()
        service.kill()
        errors = [error for line in dump.logs(data) if line["kind"] == "log" for error in line["errors"]]
        assert not errors, errors


def first_starts(platform, shim, scale):
    platform.placements.kill()
    for number in range(int(len(FIRST_START) * scale)):
        shim.first_start(platform, number)


def under_faults(platform, shim, seed, scale):
    platform.placements.start()
    cast = Cast(platform)
    ett, locale = cast.ett(), cast.mission_locale()
    persons = [locale.enrol() for _ in range(10)]
    wait_enrolled(cast.agency(ett), persons[-1])
    other = cast.mission_locale()
    senders = [Sender(cast.agency(ett), persons, seed * 100 + n) for n in range(AGENCIES)]
    enroller = Enroller(other, lambda: Caller(platform.registry, other.caller.key))
    for worker in (*senders, enroller):
        worker.start()
    while len(shim.done()) < INJECTIONS * scale:
        shim.one()
    shim.clean()
    open_now = [(sender, len(sender.events)) for sender in senders]
    enrolled = len(enroller.persons)
    harness.wait_until(lambda: all(s.failure or s.durable >= n for s, n in open_now) and
                       (enroller.failure or len(enroller.persons) > enrolled), "everything open is acknowledged",
                       LIVENESS_S)
    for worker in (*senders, enroller):
        worker.finish()
    found = entries(platform)
    check_streams(found, senders)
    check_enrolments(found, enroller)
    for sender in senders:
        sender.resend_all()
    assert_recount(platform)
    kinds = {}
    for line in shim.done():
        call, _, what, _ = line.split(maxsplit=3)
        kinds[f"{call} {what}"] = kinds.get(f"{call} {what}", 0) + 1
    if shim.unmet:
        print("rules that met no call:", *sorted(shim.unmet))
    return {"injections": len(shim.done()), "by_kind": kinds, "ended_itself": shim.ended,
            "rules_not_met": len(shim.unmet), "events": sum(len(s.events) for s in senders),
            "enrolments": len(enroller.persons), "unknown_answers": sum(s.doubts for s in senders)}


def phase(platform_factory, seed, scale):
    platform = platform_factory(demo=True)
    usual, sender.PATIENCE_S = sender.PATIENCE_S, SENDERS_PATIENCE_S
    try:
        platform.start()
        shim = Shim(platform, seed)
        first_starts(platform, shim, scale)
        counts = under_faults(platform, shim, seed, scale)
        platform.stop()
        return counts
    finally:
        sender.PATIENCE_S = usual
        platform.remove()


if __name__ == "__main__":
    stage.run_alone(phase, "nth")
