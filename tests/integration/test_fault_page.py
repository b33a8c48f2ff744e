# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""The fault programme's own runner and page: what failed, hung, said nothing or did too little is not told as well."""
import pathlib
import sys
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import asked                                                                # noqa: E402
import page                                                                 # noqa: E402
import parts                                                                # noqa: E402

WELL = "seed 7: well, trace 0f, 200.5 virtual s, 2500 events, 9 people, 3 matched late, 99 faults, 30 lives, 7195 messages, " \
       "446 readings (30 stale), quiet after 0.54 s\n"
SPEED = "8.35 real s: 97 times real time; 3.90 s of processor: 207 times\n"


def run_as(script, read=parts.last_line, limit=5):
    """A part that is this line of shell."""
    with mock.patch.dict(parts.PARTS, {"network": (lambda size, seed: ["sh", "-c", script], read, "fault")}), \
            mock.patch.dict(parts.LIMIT_S, {"push": limit}):
        return parts.run("network", "push", 1)


def page_of(*outcomes):
    return page.document("tools/prove push", "push", 1, outcomes, [], 1)


class Runner(unittest.TestCase):
    def test_a_part_that_held_is_counted(self):
        outcome = run_as("""echo '{"phase": "network", "seed": 1, "faults": 41}'""")
        self.assertIsNone(outcome.failure)
        self.assertEqual(outcome.counts, {"faults": 41})

    def test_a_part_that_fails_says_what_it_said(self):
        outcome = run_as("echo 'AssertionError: number 3 is stored twice' >&2; exit 1")
        self.assertIn("number 3 is stored twice", outcome.failure)

    def test_a_part_that_counts_and_fails_has_failed(self):
        self.assertIsNotNone(run_as("""echo '{"faults": 41}'; exit 1""").failure)

    def test_a_part_that_says_nothing_has_failed(self):
        self.assertIsNotNone(run_as("true").failure)

    def test_a_part_that_hangs_has_failed(self):
        self.assertIn("not at its end", run_as("exec sleep 60", limit=0.1).failure)

    def test_the_simulators_lines_are_added_up(self):
        told = parts.of_the_simulator(WELL + WELL.replace("2500", "1999").replace("well", "WRONG") + SPEED)
        self.assertEqual((told["seeds"], told["wrong"], told["events"], told["least_events"], told["readings"]),
                         (2, 1, 4499, 1999, 892))
        self.assertEqual((told["times_real_time"], told["quiet_worst_s"]), (97, 0.54))

    def test_two_runs_of_the_simulator_share_no_seed(self):
        words = [parts.simulator("push", seed)[2] for seed in (1, 2)]
        self.assertEqual(words, ["1-200", "201-400"])


class Page(unittest.TestCase):
    def outcome(self, failure=None, **counts):
        made = parts.Outcome("network", "words")
        made.failure, made.counts = failure, counts
        return made

    def test_a_failed_part_is_no_zero_of_lost_events(self):
        text = page_of(self.outcome("AssertionError: lost", faults=49, events=10))
        self.assertIn("| acknowledged events lost | 0 | see network below | **NOT MET** |", text)
        self.assertIn("AssertionError: lost", text)
        self.assertIn("| network | **FAILED** |", text)

    def test_what_did_not_run_is_not_met_by_anything(self):
        text = page_of(self.outcome(faults=49))
        self.assertIn("| acknowledgements before their sync | 0 |  | not run |", text)
        self.assertIn("**I12** no acknowledgement before the sync that covers it: not run", text)
        self.assertIn("**I4** no envelope is overdrawn: not yet checked here", text)

    def test_an_invariant_is_not_claimed_by_a_part_that_failed(self):
        text = page_of(self.outcome("AssertionError", faults=49, events=10))
        self.assertIn("at its positions: **network FAILED**", text)
        self.assertNotIn("10 events", text.split("## Invariants")[1].split("## What failed")[0])

    def test_too_few_faults_are_said(self):
        few = self.outcome(faults=39)
        self.assertIn("| pauses and network faults | 40 | 39 | **NOT MET** |", page_of(few))
        self.assertEqual(page.missed([few], "push", 1), ["pauses and network faults"])
        self.assertEqual(page.missed([self.outcome(faults=40)], "push", 1), [])

    def test_too_slow_is_said(self):
        slow = self.outcome(faults=40, alive_after_s=5.01)
        self.assertEqual(len(page.missed([slow], "push", 1)), 1)

    def test_acknowledgements_older_than_the_trace_are_not_claimed(self):
        told = self.outcome(I12={"acks": 511, "commits": 9, "older_than_the_trace": 220})
        told.name = "images"
        self.assertIn("covers it: images (291 acknowledgements)", page_of(told))

    def test_every_invariant_has_its_line(self):
        self.assertEqual(list(asked.INVARIANTS), [f"I{n}" for n in range(1, 15)])


if __name__ == "__main__":
    unittest.main()
