# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of registry, placements and reporting while agencies stream and young people are enrolled: at every fail
point by name, then at any moment, one service or more at once. Clients go on by themselves. Afterwards everything open
is acknowledged within 5 s, everything acknowledged is stored exactly once, chains hold, every figure equals a recount.

    /usr/bin/python3 -B tests/fault/phases/kills.py --seed 1 [--scale 1]
"""
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import stage                                                                # noqa: E402
import harness                                                              # noqa: E402
import sender                                                               # noqa: E402
from cast import Cast, wait_enrolled                                        # noqa: E402
from network import wait_alive                                              # noqa: E402
from observed import assert_recount, entries                                # noqa: E402
from sender import Enroller, Sender, check_enrolments, check_streams        # noqa: E402
from test_kill_services import POINTS                                       # noqa: E402
from wire import Caller                                                     # noqa: E402

AGENCIES = 4
KILLS = 100
LIVES_S = (0.02, 0.4)                            # how long it lives before it dies at random
SENDERS_PATIENCE_S = 0.4                         # who asked a service that died takes its answer for lost soon


class Storm:
    """Kills one after the other; how often by service and point, and how soon each was ready again."""

    def __init__(self, platform, seed):
        self.platform, self.chance = platform, random.Random(seed)
        self.counts, self.ready_s = {}, []

    def kills(self):
        return sum(self.counts.values())

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def start_again(self, services):
        since = time.monotonic()
        for service in services:
            service.start(wait=False)
        for service in services:
            service.wait_ready()
            self.ready_s.append(time.monotonic() - since)

    def at_point(self, name, point):
        """Dies at any moment, then at the n-th pass of the point, then lives."""
        service = getattr(self.platform, name)
        where, _, nth = point.partition("@")
        service.kill()
        self.count(f"{name} at random")
        service.start(wait=False, MJ_FAILPOINTS=f"{where}=kill@{nth}")
        service.wait_killed()
        self.count(f"{name} at {where}")
        self.start_again([service])

    def at_random(self):
        chosen = self.chance.sample(harness.SERVICES, self.chance.choice((1, 1, 1, 2, 3)))
        time.sleep(self.chance.uniform(*LIVES_S))        # not waiting for anything: dying at any moment is the point
        for name in chosen:
            getattr(self.platform, name).kill()
            self.count(f"{name} at random")
        self.start_again([getattr(self.platform, name) for name in chosen])

    def blow(self, kills):
        """Every point, then at random; longer storms come to every point again."""
        points = [(name, point) for name, some in POINTS.items() for point in some]
        while self.kills() < kills:
            self.chance.shuffle(points)
            for name, point in points:
                self.at_point(name, point)
            at_least = min(kills, self.kills() + KILLS - 2 * len(points))
            while self.kills() < at_least:
                self.at_random()


def under_kills(platform, seed, kills):
    cast = Cast(platform)
    ett, locale = cast.ett(), cast.mission_locale()
    persons = [locale.enrol() for _ in range(10)]
    wait_enrolled(cast.agency(ett), persons[-1])
    other = cast.mission_locale()
    senders = [Sender(cast.agency(ett), persons, seed * 100 + n) for n in range(AGENCIES)]
    enroller = Enroller(other, lambda: Caller(platform.registry, other.caller.key))
    for worker in (*senders, enroller):
        worker.start()
    storm = Storm(platform, seed)
    storm.blow(kills)
    alive_s = wait_alive(platform, senders)
    for worker in (*senders, enroller):
        worker.finish()
    found = entries(platform)
    check_streams(found, senders)
    check_enrolments(found, enroller)
    for one in senders:
        one.resend_all()
    assert_recount(platform)
    ready = sorted(storm.ready_s)
    return {"kills": storm.kills(), "by_kind": storm.counts, "events": sum(len(s.events) for s in senders),
            "enrolments": len(enroller.persons), "unknown_answers": sum(s.doubts for s in senders),
            "alive_after_s": round(alive_s, 2), "ready_median_s": round(ready[len(ready) // 2], 2),
            "ready_p99_s": round(ready[len(ready) * 99 // 100], 2), "ready_worst_s": round(ready[-1], 2)}


def phase(platform_factory, seed, scale):
    platform = platform_factory(demo=True)
    usual, sender.PATIENCE_S = sender.PATIENCE_S, SENDERS_PATIENCE_S
    try:
        platform.start()
        counts = under_kills(platform, seed, int(KILLS * scale))
        platform.stop()
        return counts
    finally:
        sender.PATIENCE_S = usual
        platform.remove()


if __name__ == "__main__":
    stage.run_alone(phase, "kills")
