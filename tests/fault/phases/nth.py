# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""The n-th call to the disk fails (shims/nth.c) while agencies stream: each kind of call, on the log, the keys and the
tables, as an error, a full disk, a short write or an interruption. placements either goes on or ends itself; it never
says what is not so. Afterwards everything acknowledged is stored exactly once, chains hold, figures equal a recount.

    /usr/bin/python3 -B tests/fault/phases/nth.py --seed 1 [--scale 1]
"""
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import stage                                                                # noqa: E402
import dump                                                                 # noqa: E402
import harness                                                              # noqa: E402
from cast import Cast, wait_enrolled                                        # noqa: E402
from observed import assert_recount, entries                                # noqa: E402
from sender import Sender, check_streams                                    # noqa: E402

AGENCIES = 3
INJECTIONS = 64
PATIENCE_S = 0.8                                 # for a rule to meet its call; then the next one has its turn
LIVENESS_S = 5
SIGABRT = 6
# (call, what, pattern of the path, the highest n that is drawn)
LOG, TABLES, KEYS = "/placements/52/log/", "/placements/52/tables", "/placements/52/keys"
UNDER_LOAD = [(call, what, LOG, most) for call, what, most in (
    ("pwritev", "EIO", 12), ("pwritev", "ENOSPC", 12), ("pwritev", "short", 12), ("pwritev", "EINTR", 12),
    ("fdatasync", "EIO", 12), ("fdatasync", "ENOSPC", 12), ("fdatasync", "EINTR", 12), ("pwrite", "EIO", 2),
    ("pwrite", "ENOSPC", 2), ("pwrite", "short", 2), ("open", "EIO", 1))]
UNDER_LOAD += [(call, what, TABLES, most) for call, what, most in (
    ("pwrite", "EIO", 6), ("pwrite", "ENOSPC", 6), ("pwrite", "short", 6), ("open", "EIO", 2))]
# While a log, its keys and its tables are made: placements on an empty disk.
FIRST_START = [("open", "ENOSPC", LOG, 2), ("write", "ENOSPC", LOG, 2), ("fsync", "EIO", LOG, 2),
               ("rename", "EIO", LOG, 1), ("pwritev", "ENOSPC", LOG, 1), ("fdatasync", "EIO", LOG, 1),
               ("pwrite", "EIO", KEYS, 6), ("fdatasync", "EIO", KEYS, 3), ("open", "EIO", KEYS, 2),
               ("ftruncate", "EIO", TABLES, 1)]


class Shim:
    """placements started with one rule after the other."""

    def __init__(self, platform, seed):
        self.service, self.chance = platform.placements, random.Random(seed)
        self.trace = pathlib.Path(platform.folder, "nth.trace")
        self.trace.touch()
        self.rounds, self.ended, self.unmet = [], 0, []

    def done(self):
        """What the shim did so far, a line each."""
        return self.trace.read_text().splitlines()

    def next_rule(self):
        if not self.rounds:
            self.rounds = list(UNDER_LOAD)
            self.chance.shuffle(self.rounds)
        call, what, pattern, most = self.rounds.pop()
        return f"{call}@{self.chance.randint(1, most)}={what}:{pattern}"

    def one(self):
        rule = self.next_rule()
        if self.service.running():
            self.service.kill()
        self.start(self.service, rule)

    def start(self, service, rule):
        """Starts it with the rule, and waits until the rule met its call."""
        before, deadline = len(self.done()), time.monotonic() + PATIENCE_S
        service.start(wait=False, LD_PRELOAD=harness.BIN / "mj-shim-nth.so", MJ_NTH=rule, MJ_NTH_TRACE=self.trace)
        while len(self.done()) == before and service.running() and time.monotonic() < deadline:
            time.sleep(0.01)
        if len(self.done()) == before:
            self.unmet.append(rule)
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
        call, what, pattern, most = FIRST_START[number % len(FIRST_START)]
        data = pathlib.Path(platform.folder, f"first{number}")
        service = harness.Service("placements", platform, "--registry", platform.registry_address, data=data,
                                  label="placements-first")
        self.start(service, f"{call}@{self.chance.randint(1, most)}={what}:{pattern}")
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
    senders = [Sender(cast.agency(ett), persons, seed * 100 + n) for n in range(AGENCIES)]
    for sender in senders:
        sender.start()
    while len(shim.done()) < INJECTIONS * scale:
        shim.one()
    if shim.service.running():
        shim.service.kill()
    shim.service.start()
    open_now = [(sender, len(sender.events)) for sender in senders]
    harness.wait_until(lambda: all(s.failure or s.durable >= n for s, n in open_now), "every open event is acknowledged",
                       LIVENESS_S)
    for sender in senders:
        sender.finish()
    check_streams(entries(platform), senders)
    for sender in senders:
        sender.resend_all()
    assert_recount(platform)
    kinds = {}
    for line in shim.done():
        call, _, what, _ = line.split(maxsplit=3)
        kinds[f"{call} {what}"] = kinds.get(f"{call} {what}", 0) + 1
    if shim.unmet:
        print("rules that met no call:", *sorted(shim.unmet))
    return {"injections": len(shim.done()), "by_kind": kinds, "ended_itself": shim.ended, "rules_not_met": len(shim.unmet),
            "events": sum(len(s.events) for s in senders), "unknown_answers": sum(s.doubts for s in senders)}


def phase(platform_factory, seed, scale):
    platform = platform_factory(demo=True)
    try:
        platform.start()
        shim = Shim(platform, seed)
        first_starts(platform, shim, scale)
        counts = under_faults(platform, shim, seed, scale)
        platform.stop()
        return counts
    finally:
        platform.remove()


if __name__ == "__main__":
    stage.run_alone(phase, "nth")
