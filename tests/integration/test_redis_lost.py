# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Redis is a cache: killed, emptied, replaced by an older copy of itself while agencies stream. Services acknowledge
without it, readers are told that figures are stale, and then they are right again without a hand."""
import unittest

import harness
from cast import Cast, wait_enrolled
from counted import Figures, in_redis
from observed import assert_recount, entries
from sender import Sender, check_streams

AGENCIES = 2


class RedisLost(harness.PlatformCase):
    demo = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cast = Cast(cls.platform)
        cls.ett = cls.cast.ett()
        cls.figures = Figures(cls.platform)
        locale = cls.cast.mission_locale()
        cls.persons = [locale.enrol() for _ in range(20)]
        wait_enrolled(cls.cast.agency(cls.ett), cls.persons[-1])

    def setUp(self):
        self.redis = self.platform.redis
        self.senders = [Sender(self.cast.agency(self.ett), self.persons, seed) for seed in range(AGENCIES)]
        for sender in self.senders:
            sender.start()
        self.wait_moved()
        harness.wait_until(self.figures.fresh, "Redis is filled")

    def wait_moved(self):
        """Everybody gets some more acknowledged."""
        marks = [(sender, sender.durable + 50) for sender in self.senders]
        harness.wait_until(lambda: all(s.failure or s.durable > mark for s, mark in marks), "clients go on")

    def wait_right_again(self):
        """First while agencies still stream, then figure by figure against a recount of the logs."""
        harness.wait_until(self.figures.fresh, "Redis is filled again")
        for sender in self.senders:
            sender.finish()
        check_streams(entries(self.platform), self.senders)
        assert_recount(self.platform)
        for region in ("52", "FR"):
            harness.wait_until(lambda: in_redis(self.redis, region) == self.figures.all(region),
                               f"Redis and reporting agree on {region}")

    def rebuilds(self):
        return self.platform.reporting.metrics()["mj_redis_rebuilds_total"]

    def test_redis_is_killed(self):
        self.redis.kill()
        harness.wait_until(lambda: all(c.stale for c in self.figures.now().values()), "figures are told to be stale")
        self.wait_moved()
        self.redis.start()
        self.wait_right_again()

    def test_redis_is_emptied(self):
        before = self.rebuilds()
        self.redis.cli("flushall")
        harness.wait_until(lambda: self.rebuilds() > before, "Redis is filled anew")
        self.wait_right_again()

    def test_redis_is_replaced_by_an_older_copy_of_itself(self):
        older = self.redis.snapshot()
        self.wait_moved()
        before = self.rebuilds()
        self.redis.put_back(older)
        harness.wait_until(lambda: self.rebuilds() > before, "Redis is filled anew")
        self.wait_right_again()

    def test_a_region_s_pointer_is_deleted(self):
        before = self.rebuilds()
        self.redis.cli("del", "live:{52}:pointer")
        harness.wait_until(lambda: self.rebuilds() > before, "Redis is filled anew")
        self.wait_right_again()

    def test_redis_is_away_when_reporting_starts(self):
        self.redis.kill()
        self.platform.reporting.restart()
        self.wait_moved()
        self.assertTrue(all(c.stale for c in self.figures.now().values()))
        self.redis.start()
        self.wait_right_again()

    def test_redis_sleeps(self):
        self.redis.pause()
        self.wait_moved()
        harness.wait_until(lambda: all(c.stale for c in self.figures.now().values()), "figures are told to be stale")
        self.redis.resume()
        self.wait_right_again()


if __name__ == "__main__":
    unittest.main()
