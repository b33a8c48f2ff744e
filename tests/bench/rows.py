# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""What is measured, one function a measurement, each on fresh services or a fresh server. A measurement gives figures
{name: number}; figures.py says what they are held against.

    measurement  feeds figures
    stream       1 2 3 5 8 9 10 11    shape A as fast as it goes, as the peers without anything beside it; then stop,
                                      start, rebuild, kill
    many         13                   shape B, likewise
    steady       6 7                  single events at a steady rate, with reporting
    sustained    4 5                  shape A for long, with reporting
    curve        12
    postgres, jetstream, redis, postgres_full, redis_steady, jetstream_steady, raw
"""
import pathlib
import subprocess
import tempfile
import time

import live
import services
from peers import Peers

SHAPE_A = ("--batch", 100, "--window", 2000)
SHAPE_B = ("--batch", 1, "--window", 160)         # as many outstanding in all as in shape A
B_STREAMS, B_LINKS = 10000, 50
RATE = 5000
SUSTAINED = 1250                                 # batches a second: more than the peer takes, 122,500 distinct events

FEEDS = {
    "stream": {1, 2, 3, 5, 8, 9, 10, 11, 13}, "many": {13}, "steady": {6, 7}, "sustained": {4, 5}, "curve": {12},
    "postgres": {1, 9}, "jetstream": {2, 9}, "redis": {3}, "postgres_full": {4, 9}, "redis_steady": {6},
    "jetstream_steady": {6}, "raw": {1, 2, 3},
}
ONCE = ("sustained", "postgres_full", "raw")     # long enough to be their own median


class Bench:
    """sizes: events of each measurement; preload: a library put before every measured process."""

    def __init__(self, sizes, scratch, preload=None):
        self.sizes, self.preload = sizes, preload
        self.scratch = pathlib.Path(scratch)
        self.environment = {"LD_PRELOAD": str(preload)} if preload else {}
        self.peers = Peers(services.TOOLS, scratch, preload)

    def ours(self, events, agencies=4, etts=4):
        return services.Ours(services.people_for(events), agencies, etts, environment=self.environment)

    def events_file(self, name):
        """The events that ours are measured with, for the peers; made once."""
        path = self._events_path(name)
        if not path.exists():
            with services.Ours(services.people_for(self.sizes[name])) as ours:
                ours.write_events(self.sizes[name], path)
        return path

    def _events_path(self, name):
        return self.scratch / f"{name}-{self.sizes[name]}.events"

    def _keep_events(self, name, ours):
        """What ours is about to be measured with, while everybody is enrolled anyway."""
        if not self._events_path(name).exists():
            ours.write_events(self.sizes[name], self._events_path(name))

    # ---- ours ----

    def stream(self):
        """Shape A; what memory, disk, stop, start, rebuild and kill cost then."""
        events = self.sizes["stream"]
        with self.ours(events) as ours:
            self._keep_events("stream", ours)
            row = self._alone(ours, events, SHAPE_A)
            row["idle_pss_mib"] = ours.idle_pss_mib
            ours.services["reporting"].start(wait=False, **self.environment)
            row["counted_after_s"] = ours.wait_counted(row["position"])
            ours.platform.stop()
            row["bytes_per_event"] = sum(ours.disk().values()) / row["events"]
            ours.platform.redis.start()
            ours.start("registry")
            row["start_stopped_s"] = ours.time_start("placements")
            row["rebuild_per_s"] = row["events"] / ours.rebuild_counters()
            ours.kill_under_load(events // 2)
            row["start_killed_s"] = ours.time_start("placements")
        return row

    def many(self):
        """Shape B."""
        events = self.sizes["many"]
        with self.ours(events, B_STREAMS, B_LINKS) as ours:
            return self._alone(ours, events, SHAPE_B)

    @staticmethod
    def _alone(ours, events, shape):
        """Placements takes events while reporting is stopped."""
        ours.services["reporting"].stop()
        pid = ours.services["placements"].process.pid
        with services.Sampler(lambda: services.pss_kib(pid), 0.2) as memory:
            row = ours.measure(events, *shape)
        row["pss_mib"] = max(memory.values) / 1024
        return row

    def steady(self):
        events = self.sizes["steady"]
        with self.ours(events) as ours:
            return ours.measure(events, "--batch", 1, "--window", 2000, "--rate", RATE,
                                "--visible", ours.platform.redis.socket)

    def sustained(self):
        """Shape A for long, offered steadily, everything keeping up: how far the counters were behind."""
        events = self.sizes["sustained"]
        with self.ours(events) as ours:
            self._keep_events("sustained", ours)
            counters = live.Counters(ours.platform.redis.socket)
            pid = ours.services["placements"].process.pid
            with services.Sampler(lambda: services.pss_kib(pid), 1) as memory, \
                    services.Sampler(lambda: self._standing(ours, counters), 0.1) as standing:
                row = ours.measure(events, *SHAPE_A, "--rate", SUSTAINED)
                time.sleep(0.2)                  # one sample more, of the end
            counters.close()
            behind = live.lags(standing.values)
            for name, cpu in row["threads"].items():
                row[f"cpu_{name}"] = sum(cpu.values())
            row["lag_max_s"] = max(behind)
            row["lag_median_s"] = sorted(behind)[len(behind) // 2]
            row["pss_mib"] = max(memory.values) / 1024
            ours.platform.stop()
            row["bytes_per_event"] = sum(ours.disk().values()) / row["events"]
        return row

    @staticmethod
    def _standing(ours, counters):
        counted = counters.position()
        return time.monotonic(), ours.durable("placements"), counted

    def curve(self):
        with services.Ours(services.people_for(self.sizes["curve"])) as ours:
            return ours.curve(self.sizes["curve"])

    # ---- theirs ----

    def postgres(self):
        return self.peers.run("postgres", self.events_file("stream"), "--plain")

    def postgres_full(self):
        return self.peers.run("postgres", self.events_file("sustained"), "--full")

    def jetstream(self):
        return self.peers.run("jetstream", self.events_file("stream"))

    def redis(self):
        return self.peers.run("redis", self.events_file("stream"))

    def redis_steady(self):
        return self._steady("redis")

    def jetstream_steady(self):
        return self._steady("jetstream")

    def _steady(self, name):
        seconds = self.sizes["steady"] / RATE
        return self.peers.run(name, self.events_file("stream"), "--rate", str(RATE), "--seconds", str(seconds))

    def raw(self):
        return self.peers.raw(self.events_file("stream"))


def wanted(figures):
    """Measurements that those figures need; all where none is named."""
    return [name for name, feeds in FEEDS.items() if not figures or feeds & figures]


def run_all(bench, names, runs, say):
    """Takes turns: every measurement once, then again. {name: [figures of each run]}; one that fails has its error."""
    found = {name: [] for name in names}
    for run in range(runs):
        for name in names:
            if run > 0 and name in ONCE:
                continue
            say(f"run {run + 1} of {runs}: {name}")
            try:
                found[name].append(getattr(bench, name)())
            except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as error:
                found[name].append({"error": str(error)})
                say(f"  failed: {' '.join(str(error).split())[:200]}")
    return found


def scratch_folder():
    return tempfile.TemporaryDirectory(prefix="mj-bench-")
