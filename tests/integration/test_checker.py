# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""The checkers themselves: a checker that accepts anything would hide every other fault. Each test makes a small log
and a history by hand, first right, then with one thing wrong that must be found."""
import copy
import hashlib
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "observer"))

import check_history                                                        # noqa: E402
import dump                                                                 # noqa: E402
import recount                                                              # noqa: E402
from missionjeunes.log.v1 import log_pb2                                    # noqa: E402
from missionjeunes.placements.v1 import entries_pb2, placements_pb2         # noqa: E402

STREAM, LOCALE, PERSON, OTHER = "73282932000074", "26440001900017", "R52-A", "R52-B"
CTT = {"contract_kind": "CONTRACT_KIND_CTT"}


def told(ref, person="", **fact):
    return ref, placements_pb2.PlacementEvent(placement_ref=ref.encode(), young_person=person, occurred_at_ms=1, **fact)


def started(ref, person, on="2026-03-02", **more):
    return told(ref, person, started={"on": on, **(more or CTT)})


class Log:
    """Entries of placements/52 and registry/52 as dump.py gives them."""

    def __init__(self):
        self.entries = []

    def add(self, service, kind, payload):
        position = 1 + sum(entry["service"] == service for entry in self.entries)
        self.entries.append({"kind": "entry", "service": service, "region": "52", "position": position, "type": kind,
                             "payload": payload})

    def enrol(self, person, locale=LOCALE):
        self.add("registry", "PersonEnrolled", {"young_person": person, "mission_locale": locale})

    def accept(self, n, event, unmatched=False, **more):
        ref, message = event
        rest = copy.deepcopy(message)
        rest.placement_ref = b""
        self.add("placements", "EventAccepted", {
            "stream": STREAM, "sequence": n, "payload_hash": blake2b(event)[:32], "key": 1,
            "placement": ref.encode().hex(), "unmatched": unmatched, "late_days": 0, "event": dump.plain(rest),
            "event_bytes": rest.SerializeToString(deterministic=True).hex()} | more)

    def know(self, n, event):
        self.numbered("EventKnown", n, event)

    def reject(self, n, event, reason):
        self.numbered("EventRejected", n, event, reason=reason)

    def numbered(self, kind, n, event, **more):
        self.add("placements", kind, {"stream": STREAM, "sequence": n, "payload_hash": blake2b(event)[:32],
                                      "key": 1} | more)


def blake2b(event):
    return hashlib.blake2b(event[1].SerializeToString(deterministic=True), digest_size=32).hexdigest()


class Recount(unittest.TestCase):
    def setUp(self):
        self.log = Log()
        self.log.enrol(PERSON)

    def figures(self, row=""):
        counted = recount.figures(self.log.entries).get("52", {})
        return {name: value for (at, name), value in counted.items() if at == row}

    def test_a_young_person_counts_once_however_many_missions(self):
        self.log.accept(1, started("A", PERSON))
        self.log.accept(2, started("B", PERSON, "2025-12-31"))
        self.assertEqual({"missions:total": 2, "missions:2025": 1, "missions:2026": 1, "young_people:total": 1,
                          "young_people:2025": 1, "young_people:2026": 1, "events:total": 2}, self.figures())
        self.assertEqual(2, self.figures(f"ml/{LOCALE}")["missions:total"])
        self.assertEqual(1, self.figures(f"ett/{STREAM[:9]}")["young_people:total"])

    def test_a_permanent_contract_is_no_mission(self):
        self.log.accept(1, started("A", PERSON, contract_kind="CONTRACT_KIND_CDI"))
        self.assertEqual({"events:total": 1}, self.figures())

    def test_a_cancellation_takes_the_mission_back(self):
        self.log.accept(1, started("A", PERSON))
        self.log.accept(2, told("A", corrected={"cancelled": {"on": "2026-03-03"}}))
        self.assertEqual({"events:total": 2}, self.figures())

    def test_a_correction_moves_the_mission_to_another_year(self):
        self.log.accept(1, started("A", PERSON))
        self.log.accept(2, told("A", corrected={"started": {"on": "2025-03-02", **CTT}}))
        self.assertEqual(1, self.figures()["missions:2025"])
        self.assertNotIn("missions:2026", self.figures())

    def test_an_implied_start_is_as_planned_unless_a_fact_is_earlier(self):
        plan = {"planned_start": "2026-01-05", **CTT}
        self.log.accept(1, told("A", PERSON, confirmed=plan))
        self.assertNotIn("missions:total", self.figures())
        self.log.accept(2, told("A", hours={"week": "2026-W07", "minutes": 60}))
        self.assertEqual(1, self.figures()["missions:2026"])
        self.log.accept(3, told("A", hours={"week": "2025-W52", "minutes": 60}))
        self.assertEqual(1, self.figures()["missions:2025"])

    def test_the_unmatched_wait_and_count_once_matched(self):
        self.log.accept(1, started("A", OTHER), unmatched=True)
        self.assertEqual({"unmatched:now": 1, "events:total": 1}, self.figures())
        self.log.enrol(OTHER)
        self.assertEqual({"unmatched:now": 1, "events:total": 1}, self.figures())
        self.log.add("placements", "PlacementMatched",
                     {"placement": b"A".hex(), "stream": STREAM, "young_person": OTHER})
        self.assertEqual((1, None), (self.figures()["missions:total"], self.figures().get("unmatched:now")))

    def test_quality_counts_what_became_of_numbers(self):
        self.log.accept(1, started("A", PERSON), late_days=3)
        self.log.know(2, started("A", PERSON))
        self.log.reject(3, started("A", PERSON, "2026-04-01"), "USE_CORRECTION")
        for resends in (1, 4):
            self.log.add("placements", "StreamQuality", {"stream": STREAM, "resends": resends, "conflicts": 2})
        self.assertEqual([3, 5, 2, 1, 1], [self.figures(f"agency/{STREAM}")[name] for name in (
            "events:total", "duplicates:total", "conflicts:total", "rejected:total", "late:total")])

    def test_positions_leave_out_what_came_later(self):
        self.log.accept(1, started("A", PERSON))
        self.log.accept(2, started("B", PERSON))
        at = {"placements/52": 1, "registry/52": 1}
        self.assertEqual(1, recount.figures(self.log.entries, at)["52"]["", "missions:total"])
        self.assertEqual({("", "events:total"): 1, (f"agency/{STREAM}", "events:total"): 1,
                          (f"ett/{STREAM[:9]}", "events:total"): 1},
                         recount.figures(self.log.entries, {"placements/52": 1})["52"])


class Compare(unittest.TestCase):
    """What reporting claims, right and wrong."""

    def setUp(self):
        self.log = Log()
        self.log.enrol(PERSON)
        self.log.accept(1, started("A", PERSON))
        counted = recount.figures(self.log.entries)["52"]
        self.claim = {"source": "redis", "region": "52", "positions": {"placements/52": 1, "registry/52": 1},
                      "counters": [[row, name, value] for (row, name), value in counted.items()]}

    def faults(self):
        return [fault for _, faults in recount.compare(self.log.entries, [self.claim]) for fault in faults]

    def test_equal_figures_are_equal(self):
        self.assertEqual([], self.faults())

    def test_one_too_many_is_found(self):
        self.claim["counters"][0][2] += 1
        self.assertEqual(1, len(self.faults()))

    def test_a_counter_that_is_missing_is_found(self):
        del self.claim["counters"][3]
        self.assertEqual(1, len(self.faults()))

    def test_a_counter_too_many_is_found(self):
        self.claim["counters"].append(["", "missions:1999", 1])
        self.assertEqual(1, len(self.faults()))

    def test_a_counter_that_stands_twice_is_found(self):
        self.claim["counters"].append(self.claim["counters"][0])
        self.assertEqual(1, len(self.faults()))

    def test_figures_of_an_earlier_position_are_found(self):
        self.claim["positions"]["placements/52"] = 0
        self.assertTrue(self.faults())

    def test_a_position_beyond_the_log_is_found(self):
        self.claim["positions"]["placements/52"] = 2
        self.assertEqual(["claims position 2 of placements/52, which ends at 1"], self.faults())


class CheckHistory(unittest.TestCase):
    """A stream of three events: accepted, rejected, unmatched; two answers."""

    def setUp(self):
        self.events = [started("A", PERSON), started("A", PERSON, "2026-04-01"), started("B", OTHER)]
        self.log = Log()
        self.log.accept(1, self.events[0])
        self.log.reject(2, self.events[1], "USE_CORRECTION")
        self.log.accept(3, self.events[2], unmatched=True)
        self.history = [
            {"op": "run"}, {"op": "resumed", "through": 0}, self.event(1, "accepted"), self.event(2, "rejected"),
            self.result(2, "rejected", "USE_CORRECTION"), {"op": "durable", "through": 2}, self.event(3, "unmatched"),
            self.result(3, "unmatched", "PERSON_UNKNOWN"), {"op": "durable", "through": 3},
            {"op": "resumed", "through": 3}]

    def event(self, n, expect):
        ref, message = self.events[n - 1]
        return {"op": "event", "n": n, "blake2b": blake2b(self.events[n - 1]), "ref": ref, "expect": expect}

    def result(self, n, outcome, reason):
        return {"op": "result", "n": n, "outcome": outcome, "reason": reason}

    def probe(self, what, expect, end, **more):
        self.history += [{"op": "probe", "id": 1, "what": what, "n": 1, "blake2b": "", "expect": expect},
                         {"op": "probed", "id": 1, "end": end} | more]

    def check(self):
        """{invariant: its faults} of those violated."""
        history = check_history.History()
        for line in self.history:
            history.take({"stream": STREAM} | line)
        return {finding.invariant: finding.faults for finding in check_history.check(history, self.log.entries)
                if finding.faults}

    def test_a_right_history_holds(self):
        self.probe("resend", "duplicate", "ok", outcome="duplicate", reason="RESEND")
        self.assertEqual({}, self.check())

    def test_an_acknowledged_event_that_is_lost_is_found(self):
        del self.log.entries[2]
        self.assertEqual({"I1", "I6"}, set(self.check()))

    def test_an_event_in_the_middle_that_is_lost_is_found(self):
        del self.log.entries[1]
        self.assertEqual({"I1", "I6"}, set(self.check()))

    def test_an_event_stored_twice_is_found(self):
        self.log.accept(3, self.events[2], unmatched=True)
        self.assertEqual({"I1", "I2"}, set(self.check()))

    def test_other_bytes_than_were_sent_are_found(self):
        stored = self.log.entries[0]["payload"]
        stored["event_bytes"] = stored["event_bytes"][:-2] + "39"
        self.assertEqual({"I2"}, set(self.check()))

    def test_another_placement_than_was_sent_is_found(self):
        self.history[2]["ref"] = "C"
        self.assertEqual({"I2"}, set(self.check()))

    def test_an_event_that_nobody_sent_is_found(self):
        self.log.accept(4, started("C", PERSON))
        self.assertEqual({"I2"}, set(self.check()))

    def test_one_payload_hash_for_two_contents_is_found(self):
        self.log.entries[1]["payload"]["payload_hash"] = self.log.entries[0]["payload"]["payload_hash"]
        self.assertEqual({"I2"}, set(self.check()))

    def test_an_unknown_event_may_be_stored_or_not(self):
        del self.history[-3:]
        self.assertEqual({}, self.check())
        del self.log.entries[2]
        self.assertEqual({}, self.check())

    def test_a_rejected_event_that_is_stored_as_accepted_is_found(self):
        self.log.entries[1]["type"] = "EventAccepted"
        self.log.entries[1]["payload"] = self.log.entries[0]["payload"] | {"sequence": 2}
        self.assertEqual({"I1", "I2", "I3"}, set(self.check()))

    def test_an_accepted_event_that_is_stored_as_rejected_is_found(self):
        self.log.entries[0]["type"] = "EventRejected"
        self.assertEqual({"I1", "I3"}, set(self.check()))

    def test_a_rejection_for_another_reason_than_was_answered_is_found(self):
        self.log.entries[1]["payload"]["reason"] = "END_BEFORE_START"
        self.assertEqual({"I1"}, set(self.check()))

    def test_unmatched_that_was_answered_as_accepted_is_found(self):
        del self.history[-3]
        self.assertEqual({"I1"}, set(self.check()))

    def test_an_outcome_that_was_not_heard_is_not_judged(self):
        self.history[-3:-1] = []
        self.assertEqual({}, self.check())

    def test_a_resume_below_what_was_acknowledged_is_found(self):
        self.history[-1]["through"] = 2
        self.assertEqual({"I6"}, set(self.check()))

    def test_an_answer_beyond_what_was_sent_is_found(self):
        self.history[-1]["through"] = 4
        self.assertIn("I6", self.check())

    def test_a_gap_in_the_numbers_is_found(self):
        for line in (self.history[6], self.history[7], self.log.entries[2]["payload"]):
            line["n" if "op" in line else "sequence"] = 4
        self.assertIn("I6", self.check())

    def test_a_conflict_that_is_answered_as_accepted_is_found(self):
        self.probe("conflict", "conflict", "ok", outcome="accepted")
        self.assertEqual({"I3"}, set(self.check()))

    def test_a_gap_that_is_taken_is_found(self):
        self.probe("gap", "refused", "ok", outcome="accepted")
        self.assertEqual({"I3"}, set(self.check()))

    def test_a_gap_that_is_refused_for_another_cause_is_found(self):
        self.probe("gap", "refused", "refused", reason="PERMISSION_DENIED")
        self.assertEqual({"I3"}, set(self.check()))

    def test_a_probe_that_met_no_service_says_nothing(self):
        self.probe("conflict", "conflict", "refused", reason="NOT_CONNECTED")
        self.assertEqual({}, self.check())

    def test_a_line_that_a_kill_cut_is_passed_over(self):
        lines = ['{"t":1,"op":"run"}\n', '{"t":2,"op":"ev{"t":3,"op":"run"}\n', '{"t":4,"op":"resu']
        self.assertEqual(2, check_history.read_history(lines).runs)


class Chain(unittest.TestCase):
    """A log of three commits in two segments, made without the services' code."""
    lineage, key = bytes(range(16)), bytes(range(16, 32))

    def setUp(self):
        self.data = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.folder = self.data / "placements" / "52" / "log"
        self.folder.mkdir(parents=True)
        opened = log_pb2.Opened(epoch=1, lineage=self.lineage, instance="test")
        known = entries_pb2.EventKnown(stream=STREAM, sequence=1)
        self.blocks = [self.block(1, 1, opened), self.block(17, 2, known), self.block(17, 2, known)]
        self.firsts, self.hashes = [1, 2, 3], []
        for first, block in zip(self.firsts, self.blocks):
            before = self.hashes[-1] if self.hashes else bytes(32)
            self.hashes.append(hashlib.blake2b(before + numbers(first) + block, digest_size=32).digest())

    def block(self, number, recorded_at_ms, payload):
        return log_pb2.LogBlock(entries=[log_pb2.LogEntry(recorded_at_ms=recorded_at_ms, type=number,
                                                          payload=payload.SerializeToString())]).SerializeToString()

    def record(self, index):
        head = dump.RECORD.pack(dump.RECORD_MARK, len(self.blocks[index]), self.firsts[index], 1, 0, 1,
                                self.hashes[index], 0)[:-8]
        head += dump.siphash(self.key, head).to_bytes(8, "little")
        return head + self.blocks[index] + bytes(-len(self.blocks[index]) % 8)

    def segment(self, *indexes):
        """Writes the records of these commits as one file."""
        first = indexes[0]
        before = self.hashes[first - 1] if first else bytes(32)
        head = dump.HEAD.pack(dump.MARK, first + 1, min(first, 1), self.lineage, self.key, before, 0)[:-8]
        head += dump.siphash(self.key, head).to_bytes(8, "little")
        path = self.folder / f"{first + 1:020}.log"
        path.write_bytes(head + b"".join(self.record(index) for index in indexes))
        return path

    def errors(self):
        self.segment(0, 1)
        self.segment(2)
        return self.found()

    def found(self):
        return list(dump.logs(self.data))[-1]["errors"]

    def test_siphash_is_the_one_of_its_paper(self):
        self.assertEqual(0xa129ca6149be45e5, dump.siphash(bytes(range(16)), bytes(range(15))))

    def test_a_whole_log_has_no_errors(self):
        self.assertEqual([], self.errors())
        _, entry, _, log = dump.logs(self.data)
        self.assertEqual(("EventKnown", STREAM, 2), (entry["type"], entry["payload"]["stream"], entry["position"]))
        self.assertEqual((4, 1), (log["end"], log["epoch"]))

    def test_room_made_ahead_is_no_error(self):
        self.segment(0, 1)
        path = self.segment(2)
        path.write_bytes(path.read_bytes() + bytes(1000))
        self.assertEqual([], self.found())

    def test_a_torn_last_commit_is_passed_over(self):
        self.segment(0, 1)
        path = self.segment(2)
        whole = path.read_bytes()
        for cut in range(dump.HEAD.size, dump.HEAD.size + dump.RECORD.size + len(self.blocks[2])):
            path.write_bytes(whole[:cut] + bytes(100))
            *_, log = dump.logs(self.data)
            self.assertEqual(([], 3), (log["errors"], log["end"]), cut)

    def test_a_damaged_record_with_others_behind_it_is_found(self):
        path = self.segment(0, 1, 2)
        whole, begins = path.read_bytes(), dump.HEAD.size
        for index in (0, 1):
            for at in range(begins, begins + dump.RECORD.size + len(self.blocks[index])):
                path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
                self.assertTrue(self.found(), at)
            begins += len(self.record(index))

    def test_a_sealed_segment_that_ends_in_something_else_is_found(self):
        path = self.segment(0, 1)
        path.write_bytes(path.read_bytes() + bytes(8))
        self.segment(2)
        self.assertEqual(1, len(self.found()))

    def test_an_edited_block_is_found(self):
        self.blocks[1] = self.block(17, 3, entries_pb2.EventKnown())
        self.assertTrue(self.errors())

    def test_an_edited_hash_is_found(self):
        self.hashes[0] = bytes(32)
        self.assertEqual(2, len(self.errors()))

    def test_a_missing_commit_is_found(self):
        self.segment(1)
        self.segment(2)
        self.assertTrue(self.found())

    def test_a_missing_segment_is_found(self):
        self.segment(0)
        self.segment(2)
        self.assertTrue(self.found())

    def test_a_position_left_out_is_found_though_hashes_follow(self):
        self.firsts[1] = 3
        self.hashes[1] = hashlib.blake2b(self.hashes[0] + numbers(3) + self.blocks[1], digest_size=32).digest()
        self.segment(0, 1)
        self.assertEqual(["commit 3: expected position 2"], self.found())

    def test_time_that_goes_back_is_found(self):
        self.blocks[1] = self.block(17, 0, entries_pb2.EventKnown())
        self.assertIn("entry 2: recorded before the one in front of it", self.errors())

    def test_an_unknown_type_is_found(self):
        self.blocks[1] = self.block(99, 2, entries_pb2.EventKnown())
        self.assertIn("entry 2: type 99 is unknown", self.errors())

    def test_another_lineage_is_found(self):
        self.lineage = bytes(16)
        self.assertEqual(2, len(self.errors()))


def numbers(first):
    return first.to_bytes(8, "big") + (1).to_bytes(8, "big")


if __name__ == "__main__":
    unittest.main()
