# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""The Python client, written from proto/ and PROTOCOL.md alone, against the real services: what PROTOCOL.md promises a
sender in section 7 holds for somebody who knows nothing else, through a kill -9; then everything is counted again."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

import cast
import facts
import harness
import observed
from wire import Caller

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENT = ROOT / "tools/clients/python"
sys.path.insert(0, str(CLIENT))

from missionjeunes.placements.v1 import placements_pb2                      # noqa: E402
from missionjeunes_client import Keys, Platform, Refused                    # noqa: E402
from missionjeunes_stream import NumberedStream, event                      # noqa: E402

UNKNOWN_PERSON = "R52-008J4CT4ANK7F24S1"


def started(ref, person, on="2026-03-02", kind="CONTRACT_KIND_CTT"):
    return event(ref, person, started={"on": on, "contract_kind": kind, "host_siret": facts.HOST, "rome": "N1103"})


def ended(ref, on="2026-03-13"):
    return event(ref, ended={"on": on, "motive": "END_MOTIVE_TERM"})


class InteropPython(harness.PlatformCase):
    demo = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cast = cast.Cast(cls.platform)
        cls.locale = cls.cast.mission_locale()
        cls.siren, cls.sender = cls.new_ett()
        cls.agencies = 0

    @classmethod
    def new_ett(cls, siren=None):
        """An ETT with a key file of its own; (its SIREN, its client)."""
        siren = cls.cast.organisation(cast.ETT, siren=siren)
        name, _ = cls.cast.principal("agency", siren)
        keys = Keys.read(cls.platform.new_key(siren))
        cls.cast.operator.command("registry.v1.AddKey", principal=name, public_key=keys.public)
        client = Platform(cls.platform.registry_address, keys)
        cls.addClassCleanup(client.close)
        return siren, client

    def setUp(self):
        """A stream of its own for each test."""
        type(self).agencies += 1
        self.siret = cast.with_luhn(f"{self.siren}{self.agencies:04}")
        self.seen, self.troubles = [], []
        self.stream = self.open_stream(f"{self.siret}.spool")

    def open_stream(self, spool):
        stream = NumberedStream(self.sender, self.siret, str(self.platform.folder / spool), commune=cast.NANTES,
                                result=self.seen.append, trouble=self.troubles.append)
        self.addCleanup(stream.close)
        return stream

    def tell(self, *events):
        """Sends events and waits; {number: Result} of what was not simply accepted."""
        del self.seen[:]
        self.stream.send(*events)
        self.stream.flush()
        return {result.number: result for result in self.seen}

    def ingest(self, first, *events):
        """A batch by hand, with numbers of the test's choice."""
        return self.sender.call("placements.v1.Ingest", "52", placements_pb2.IngestRequest(
            stream=self.siret, first_sequence=first, events=events))

    def known_person(self):
        """Enrolled, and placements has heard of it."""
        person = self.locale.enrol()
        end = observed.recount.ends(observed.entries(self.platform))["registry/52"]
        with Caller(self.platform.placements, self.platform.key("operator")) as caller:
            harness.wait_until(lambda: any(log.position >= end for log in caller.call("log.v1.Describe").body.followed
                                           if (log.service, log.region) == ("registry", "52")),
                               "placements follows the enrolment")
        return person

    def figures(self, row):
        """One row of region 52 as it stands in Redis, once all figures were found equal to a recount."""
        return {name: value for claim in observed.assert_recount(self.platform)
                if (claim["source"], claim["region"]) == ("redis", "52")
                for where, name, value in claim["counters"] if where == row}

    def test_events_are_accepted_and_counted(self):
        person, other = self.known_person(), self.known_person()
        self.assertEqual({}, self.tell(started("A", person), ended("A"), started("B", person),
                                       started("C", other, kind="CONTRACT_KIND_CDI"),
                                       started("D", other, "2025-12-30")))
        figures = self.figures(f"agency/{self.siret}")
        self.assertEqual([3, 2, 2, 1, 5], [figures[name] for name in (
            "missions:total", "missions:2026", "young_people:total", "young_people:2025", "events:total")])

    def test_a_correction_lowers_the_count(self):
        self.tell(started("A", self.known_person()))
        self.tell(event("A", corrected={"cancelled": {"on": "2026-03-03"}}))
        figures = self.figures(f"agency/{self.siret}")
        self.assertEqual([0, 0, 2], [figures.get(name, 0) for name in (
            "missions:total", "young_people:total", "events:total")])

    def test_a_resend_is_a_duplicate(self):
        first = started("A", self.known_person())
        self.tell(first)
        answer = self.ingest(1, first)
        self.assertEqual([(1, "RESEND", placements_pb2.OUTCOME_DUPLICATE)],
                         [(e.sequence, e.reason, e.outcome) for e in answer.exceptions])

    def test_a_known_fact_under_a_new_number_is_a_duplicate(self):
        first = started("A", self.known_person())
        result = self.tell(first, first)[2]
        self.assertEqual(("DUPLICATE", "KNOWN_FACT", 1, 0),
                         (result.outcome, result.reason, result.same_as, result.level))

    def test_a_rejection_names_reason_and_field(self):
        result = self.tell(started("A", self.known_person()), ended("A", "2026-02-27"))[2]
        self.assertEqual(("REJECTED", "END_BEFORE_START", "ended.on", 3),
                         (result.outcome, result.reason, result.field, result.level))

    def test_a_rejected_event_sent_again_is_rejected_again(self):
        bad = ended("A", "2026-02-30")
        self.assertEqual("DATE_RANGE", self.tell(bad)[1].reason)
        answer = self.ingest(1, bad)
        self.assertEqual(["DATE_RANGE"], [e.reason for e in answer.exceptions])

    def test_other_bytes_under_a_taken_number_are_a_conflict(self):
        person = self.known_person()
        self.tell(started("A", person))
        answer = self.ingest(1, started("A", person, "2026-03-03"))
        self.assertEqual([("NUMBER_TAKEN", placements_pb2.OUTCOME_CONFLICT)],
                         [(e.reason, e.outcome) for e in answer.exceptions])

    def test_a_gap_takes_no_number(self):
        self.tell(ended("A"))
        with self.assertRaises(Refused) as refused:
            self.ingest(3, ended("B"))
        self.assertEqual(("FAILED_PRECONDITION", "GAP"), (refused.exception.code, refused.exception.reason))
        self.tell(ended("C"))
        self.assertEqual(2, self.stream.spool.durable())

    def test_an_unknown_young_person_is_unmatched(self):
        result = self.tell(started("A", UNKNOWN_PERSON))[1]
        self.assertEqual(("UNMATCHED", "PERSON_UNKNOWN", "young_person", 1),
                         (result.outcome, result.reason, result.field, result.level))

    def test_another_ett_s_stream_is_refused(self):
        _, stranger = self.new_ett()
        self.tell(ended("A"))
        with self.assertRaises(Refused) as refused:
            stranger.call("placements.v1.Resume", "52", placements_pb2.ResumeRequest(stream=self.siret))
        self.assertEqual("PERMISSION_DENIED", refused.exception.code)

    def test_a_lost_spool_goes_on_behind_the_last_number(self):
        self.tell(ended("A"), ended("B"))
        self.stream = self.open_stream("second.spool")
        self.tell(ended("C"))
        self.assertEqual(3, self.stream.spool.durable())

    def test_a_stream_resumes_after_its_service_was_killed(self):
        person = self.known_person()
        self.stream.send(*(started(f"M-{n}", person) for n in range(1000)))
        self.stream.pump()
        self.platform.placements.kill()
        self.stream.send(*(started(f"N-{n}", person) for n in range(1000)))
        self.stream.pump()
        self.platform.placements.start()
        self.stream.flush()
        self.assertTrue(self.troubles)
        # A placements that was killed may have forgotten an enrolment it followed last: it follows it again, and matches.
        self.assertLessEqual({result.reason for result in self.seen}, {"RESEND", "PERSON_UNKNOWN"})
        accepted = [entry["payload"]["sequence"] for entry in observed.entries(self.platform)
                    if entry["type"] == "EventAccepted" and entry["payload"]["stream"] == self.siret]
        self.assertEqual(list(range(1, 2001)), accepted)
        harness.wait_until(lambda: self.figures(f"agency/{self.siret}")["missions:total"] == 2000, "2000 missions count")

    def test_the_quick_start_works_as_printed(self):
        siren, _ = self.new_ett("732829320")
        code = re.search(r"```python\n(.*?)```", (CLIENT / "README.md").read_text(), re.S).group(1)
        self.assertEqual(5, len(code.splitlines()))
        environment = harness.clean_environment(
            MJ_REGISTRY=self.platform.registry_address, MJ_KEY_FILE=self.platform.key(siren),
            PYTHONPATH=f"{pathlib.Path(os.environ['MJ_PROTO_PY']).resolve()}:{CLIENT}")
        done = subprocess.run([sys.executable, "-B", "-c", code], cwd=self.platform.folder, env=environment, timeout=30,
                              capture_output=True, text=True)
        self.assertIn("outcome='UNMATCHED'", done.stdout, done.stderr)


if __name__ == "__main__":
    unittest.main()
