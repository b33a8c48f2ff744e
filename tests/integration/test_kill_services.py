# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of each service while agencies stream and young people are enrolled: at every fail point by name, then at
random. Afterwards every acknowledged event is stored exactly once under its own number, chains hold, clients went on by
themselves, and every figure equals a recount. Needs the fault preset."""
import random
import time
import unittest

import facts
import harness
from cast import Cast, wait_enrolled
from observed import assert_recount, entries
from sender import Enroller, Sender, check_enrolments, check_streams
from wire import Caller

AGENCIES = 4
RANDOM_KILLS = 6
# Each at least once, by name. @n: at the n-th pass, so that it dies in the midst of work.
POINTS = {
    "placements": ["log.before_begin@20", "log.room@2", "log.after_insert@20", "log.before_commit@20",
                   "log.after_commit@20", "part.after_append@20", "part.after_decide@50", "part.before_answer@20",
                   "ev.after_decide@50", "ev.before_reply@20", "tables.before_commit@3", "tables.after_commit@3"],
    "registry": ["keys.after_put@10", "reg.after_decide@10", "part.before_answer@10", "log.after_commit@10",
                 "tables.before_commit@2"],
    "reporting": ["proj.before_exec@5", "proj.after_exec@5", "tables.before_commit@2", "tables.after_commit@2"],
}


class KillServices(harness.PlatformCase):
    demo = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cast = Cast(cls.platform)
        cls.ett = cls.cast.ett()
        cls.locale = cls.cast.mission_locale()
        cls.persons = [cls.locale.enrol() for _ in range(20)]
        wait_enrolled(cls.cast.agency(cls.ett), cls.persons[-1])

    def setUp(self):
        locale = self.cast.mission_locale()
        self.senders = [Sender(self.cast.agency(self.ett), self.persons, seed) for seed in range(AGENCIES)]
        self.enroller = Enroller(locale, lambda: Caller(self.platform.registry, locale.caller.key))
        self.ready_s = []
        for worker in (*self.senders, self.enroller):
            worker.start()

    def start_again(self, *services):
        since = time.monotonic()
        for service in services:
            service.start(wait=False)
        for service in services:
            service.wait_ready()
            self.ready_s.append(time.monotonic() - since)

    def wait_moved(self):
        """Everybody got something acknowledged since."""
        marks = [(sender, sender.durable) for sender in self.senders]
        enrolled = len(self.enroller.persons)
        harness.wait_until(lambda: all(s.failure or s.durable > mark for s, mark in marks) and
                           (self.enroller.failure or len(self.enroller.persons) > enrolled), "clients go on")

    def finish(self):
        for worker in (*self.senders, self.enroller):
            worker.finish()
        found = entries(self.platform)
        check_streams(found, self.senders)
        check_enrolments(found, self.enroller)
        for sender in self.senders:
            sender.resend_all()
        assert_recount(self.platform)
        print(f"\n{sum(len(s.events) for s in self.senders)} events, {len(self.enroller.persons)} enrolments, "
              f"{sum(s.doubts for s in self.senders)} lost answers; ready again after "
              f"{sorted(self.ready_s)[len(self.ready_s) // 2]:.2f} s (median), {max(self.ready_s):.2f} s (worst of "
              f"{len(self.ready_s)})")

    def test_kills_at_fail_points(self):
        for name, points in POINTS.items():
            service = getattr(self.platform, name)
            for point in points:
                with self.subTest(service=name, point=point):
                    where, _, nth = point.partition("@")
                    service.kill()
                    service.start(wait=False, MJ_FAILPOINTS=f"{where}=kill@{nth}")
                    service.wait_killed()
                    self.start_again(service)
        self.wait_moved()
        self.finish()

    def test_kills_at_random(self):
        chance = random.Random(20260707)
        services = [self.platform.registry, self.platform.placements, self.platform.reporting]
        for _ in range(RANDOM_KILLS):
            chosen = chance.sample(services, chance.choice((1, 1, 1, 2, 3)))
            time.sleep(chance.uniform(0.05, 0.4))        # not waiting for anything: dying at any moment is the point
            for service in chosen:
                service.kill()
            self.start_again(*chosen)
        self.wait_moved()
        self.finish()


class KillFirstKey(unittest.TestCase):
    """The key that names the first placement is on disk before any entry that uses it, whenever placements dies."""

    def test_a_kill_right_after_the_first_name_key_was_kept(self):
        platform = harness.Platform(services=("registry", "placements"))
        self.addCleanup(platform.remove)
        platform.redis.start()
        platform.registry.start()
        platform.placements.start(wait=False, MJ_FAILPOINTS="keys.after_put=kill")
        platform.placements.wait_killed()
        platform.placements.start()
        agency = Cast(platform).agency()
        start = facts.started("M", facts.NEVER_ENROLLED)
        agency.send(start)
        platform.placements.restart()
        agency.connect()
        self.assertEqual([e.reason for e in agency.ingest(1, [start]).body.exceptions], ["RESEND"])
        platform.stop()


if __name__ == "__main__":
    unittest.main()
