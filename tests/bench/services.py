# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Fresh services with everybody enrolled, the load program, and what processes cost.

    with Ours(people=40000) as ours:
        row = ours.measure(events=500000)

MJ_BIN, read when the harness is imported, names the folder of the services' binaries.
"""
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))
import harness  # noqa: E402
import live  # noqa: E402

EVENTS_A_PERSON = 12.8                           # 2.5 missions of 5.1 events
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
KEPT_BACK = ("mj-tables", "mj-read")             # threads that no acknowledgement waits for
TOOLS = pathlib.Path(os.environ.get("MJ_BENCH_BIN", ROOT / "build/release/bin"))     # bench-ingest, mj-load


def people_for(events):
    """How many young people it takes to live so many events."""
    return max(200, math.ceil(events / EVENTS_A_PERSON * 1.05))


def thread_cpu(pid):
    """{thread's name: CPU seconds}, threads of one name added up."""
    cpu = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            text = (task / "stat").read_text()
        except OSError:
            continue                             # it has just ended
        name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
        cpu[name] = cpu.get(name, 0) + (int(rest[11]) + int(rest[12])) * TICK_S
    return cpu


def pss_kib(pid):
    """Proportional memory, KiB."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def bytes_under(folder):
    return sum(f.stat().st_size for f in pathlib.Path(folder).rglob("*") if f.is_file())


class Sampler(threading.Thread):
    """Calls sample() every so many seconds until it is left; what it gave stands in .values."""

    def __init__(self, sample, every_s=0.1):
        super().__init__(daemon=True)
        self.sample, self.every_s = sample, every_s
        self.values, self.ended = [], threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()
        self._take()                             # a short span has one sample at least

    def run(self):
        while not self.ended.wait(self.every_s):
            self._take()

    def _take(self):
        try:
            self.values.append(self.sample())
        except OSError:
            pass                                 # the process is between two lives


class Ours:
    """The platform with a world of agencies in region 52, everybody enrolled and followed by placements."""

    def __init__(self, people, agencies=4, etts=4, environment=None, flags=None):
        self.people, self.agencies, self.etts = people, agencies, etts
        self.environment = environment or {}     # of placements and reporting, at every start
        self.platform = harness.Platform(regions=("52",), flags=flags)
        self.world = self.platform.folder / "load"
        self.services = {name: getattr(self.platform, name) for name in harness.SERVICES}
        self.seed = 0

    def __enter__(self):
        try:
            self.platform.redis.start()
            self.start(*self.services)
            self.idle_pss_mib = max(pss_kib(s.process.pid) for s in self.services.values()) / 1024
            self.enrol()
        except BaseException:
            self.platform.remove()
            raise
        return self

    def __exit__(self, *_):
        self.platform.remove()

    def start(self, *names):
        for name in names:
            self.services[name].start(wait=False, **(self.environment if name != "registry" else {}))
        for name in names:
            self.services[name].wait_ready(120)

    def enrol(self):
        began = time.monotonic()
        subprocess.run([TOOLS / "mj-load", "seed", "--registry", self.platform.registry_address, "--dir", self.world,
                        "--key", self.platform.key("operator"), "--regions", "52", "--people", str(self.people),
                        "--etts", str(self.etts), "--agencies", str(self.agencies), "--window", "256"],
                       check=True, stderr=subprocess.DEVNULL)
        self.enrolled_s = time.monotonic() - began
        followers = (self.platform.placements, self.platform.reporting)
        harness.wait_until(lambda: all(self.followed(s, "registry/52") for s in followers),
                           "enrolments are followed", 600)

    def durable(self, name):
        return self.services[name].metrics().get('mj_log_durable_position{region="52"}', 0)

    def followed(self, service, log):
        """Has it followed that log of region 52 to the end, heard not a second ago?"""
        now = service.metrics()
        return now.get(f'mj_follow_lag_entries{{log="{log}"}}', 1) == 0 and \
            -1 < now.get(f'mj_follow_silent_seconds{{log="{log}"}}', -1) < 60 and now.get("mj_fold_lag_entries", 0) == 0

    def wait_counted(self, position, seconds=1200):
        """Until the live counters stand at that position; how long it took."""
        began = time.monotonic()
        counters = live.Counters(self.platform.redis.socket)
        harness.wait_until(lambda: counters.position() >= position, f"the counters stand at {position}", seconds)
        counters.close()
        return time.monotonic() - began

    def wait_tables(self, seconds=600):
        """Until placements' tables have caught up with its log; how long it took."""
        began = time.monotonic()
        placements = self.services["placements"]
        harness.wait_until(lambda: placements.metrics().get('mj_tables_lag_entries{region="52"}', 1) == 0,
                           "placements' tables catch up", seconds)
        return time.monotonic() - began

    def load(self, events, *flags):
        """The command line of bench-ingest; never the same events twice."""
        self.seed += 1
        return [TOOLS / "bench-ingest", "--registry", self.platform.registry_address, "--dir", self.world,
                "--events", str(events), "--streams", str(self.agencies), "--links", str(self.etts),
                "--seed", str(self.seed), *map(str, flags)]

    def ingest(self, events, *flags):
        """Runs bench-ingest; what it printed."""
        done = subprocess.run(self.load(events, *flags), capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"bench-ingest: {done.stderr}\n{self.services['placements'].tail()}")
        return json.loads(done.stdout)

    def write_events(self, events, path):
        """Writes the events that the next ingest would send, for the peers."""
        subprocess.run(self.load(events, "--write-events", path), check=True, stdout=subprocess.DEVNULL)
        self.seed -= 1

    def cpu(self):
        """{service: {thread: CPU seconds}}"""
        return {name: thread_cpu(s.process.pid) for name, s in self.services.items() if s.running()}

    def curve(self, events, runs=5):
        """Runs bench-curve."""
        done = subprocess.run([TOOLS / "bench-curve", self.world, str(events), str(runs)], check=True, text=True,
                              capture_output=True)
        return json.loads(done.stdout)

    def measure(self, events, *flags):
        """Runs bench-ingest and lets everything catch up: its figures, and what they cost, in CPU seconds a million
        events."""
        before = self.cpu()
        row = self.ingest(events, *flags)
        acknowledged = self.cpu()
        if self.services["reporting"].running():
            row["counted_after_s"] = round(self.wait_counted(row["position"]), 3)
        row["tables_after_s"] = round(self.wait_tables(), 3)
        after = self.cpu()
        row["threads"] = {name: {t: round((cpu - before[name].get(t, 0)) * 1e6 / row["events"], 3)
                                 for t, cpu in threads.items() if cpu > before[name].get(t, 0)}
                          for name, threads in after.items()}
        row["cpu_path"] = sum(c for t, c in row["threads"]["placements"].items() if t not in KEPT_BACK)
        row["cpu_all"] = sum(sum(threads.values()) for threads in row["threads"].values())
        row["cpu_path_while_sending"] = sum(
            (c - before["placements"].get(t, 0)) * 1e6 / row["events"]
            for t, c in acknowledged["placements"].items() if t not in KEPT_BACK)
        return row

    def time_start(self, name):
        """Starts a service; seconds until it is ready."""
        service = self.services[name]
        began = time.monotonic()
        service.start(wait=False, **self.environment)
        while not service.ready():
            if not service.running() or time.monotonic() - began > 300:
                raise AssertionError(f"{name} does not start\n{service.tail()}")
            time.sleep(0.001)
        return time.monotonic() - began

    def kill_under_load(self, events):
        """kill -9 to placements while it takes events as fast as it can; after about half of them."""
        at = self.durable("placements") + events / 2
        with subprocess.Popen(self.load(events), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as sender:
            harness.wait_until(lambda: self.durable("placements") >= at, "half of the events are there", 300)
            self.services["placements"].kill()
            sender.kill()

    def rebuild_counters(self):
        """Reporting forgets its model and folds the logs again; seconds from its start until the counters stand at
        the end of placements' log. Placements runs, reporting does not."""
        shutil.rmtree(self.platform.data / "reporting" / "model")
        self.platform.redis.cli("flushall")
        position = self.durable("placements")
        began = time.monotonic()
        self.services["reporting"].start(wait=False, **self.environment)
        self.wait_counted(position)
        return time.monotonic() - began

    def disk(self):
        """Bytes of placements' and reporting's files."""
        data = self.platform.data
        return {name: bytes_under(data / name) for name in ("placements", "reporting")}
