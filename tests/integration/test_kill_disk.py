# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""The three results of an append, made by fail points under load: not stored (intake opens again by itself), unknown
(the process ends, and what was on disk counts), and stored with the answer lost. Needs the fault preset; where a small
disk may be mounted, test_disk_full.py does the first in earnest."""
import unittest

import harness
from cast import Cast, wait_enrolled
from observed import assert_recount, entries
from sender import Sender, check_streams

AGENCIES = 3


class KillDisk(harness.PlatformCase):
    demo = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cast = Cast(cls.platform)
        cls.ett, locale = cls.cast.ett(), cls.cast.mission_locale()
        cls.persons = [locale.enrol() for _ in range(10)]
        wait_enrolled(cls.cast.agency(cls.ett), cls.persons[-1])
        cls.placements = cls.platform.placements

    def under_load(self, points):
        """Senders at work against placements with these fail points; they are finished by finish()."""
        self.placements.restart(MJ_FAILPOINTS=points)
        self.senders = [Sender(self.cast.agency(self.ett), self.persons, seed) for seed in range(AGENCIES)]
        for sender in self.senders:
            sender.start()

    def wait_moved(self):
        marks = [sender.durable + 100 for sender in self.senders]
        harness.wait_until(lambda: all(s.failure or s.durable > m for s, m in zip(self.senders, marks)),
                           "clients go on")

    def finish(self):
        for sender in self.senders:
            sender.finish()
        self.placements.restart()                # without fail points
        check_streams(entries(self.platform), self.senders)
        for sender in self.senders:
            sender.agency.connect()
            sender.resend_all()
        assert_recount(self.platform)

    def test_commits_that_are_not_stored_are_refused_and_nothing_of_them_remains(self):
        self.under_load("log.before_commit=error@20;log.before_commit=error@21;log.after_insert=error@60;"
                        "log.before_begin=error@100")
        pid = self.placements.process.pid
        harness.wait_until(lambda: len(self.placements.logs("append_not_stored")) >= 3, "appends fail")
        self.wait_moved()
        self.assertEqual((self.placements.process.pid, self.placements.running()), (pid, True), "no restart was needed")
        self.finish()

    def test_a_commit_whose_result_is_unknown_ends_the_process(self):
        self.under_load("log.after_commit=error@30")
        status = self.placements.process.wait(harness.START_S)
        self.assertNotEqual(status, 0)
        self.placements.start()
        self.wait_moved()
        self.finish()

    def test_answers_that_are_lost_count_nothing_twice(self):
        points = ";".join(f"ev.before_reply=error@{n}" for n in range(10, 200, 7))
        self.under_load(points)
        self.wait_moved()
        self.finish()

    def test_tables_that_cannot_be_written_lose_nothing(self):
        self.under_load("tables.before_commit=error@3;tables.before_commit=error@4;tables.after_commit=error@6")
        self.wait_moved()
        if not self.placements.running():        # it may end itself, and start from its log
            self.placements.start()
            self.wait_moved()
        self.finish()


if __name__ == "__main__":
    unittest.main()
