# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Bad input: each gets its typed error that names the field, and costs nothing else: not the rest of the batch, not
another client, not the process; and nothing of it is counted."""
import os
import unittest

import facts
import harness
from cast import NANTES, Cast, wait_enrolled, with_luhn
from counted import Figures
from observed import assert_recount
from wire import Caller, Key, Silence, common, placements, registry, reporting

REJECTED, CONFLICT, DUPLICATE = 5, 4, 2
BAD_KEY_SIRET = "35600000000049"
HOUR_MS = 3600 * 1000


def field(number, payload):
    """A length-delimited field as it stands on the wire; payload of at most 127 bytes."""
    return bytes([number << 3 | 2, len(payload)]) + payload


def bad_events(person):
    """{what: (packed event, reason, field)}: each one wrong in one thing."""
    start = facts.started("BAD", person)
    ref, rest = start[:5], start[5:]             # field 1: tag, length, "BAD"
    assert ref == field(1, b"BAD")

    def fact(kind, **fields):
        return facts.fact(kind, "BAD", person, **fields)
    return {
        "SIRET checksum": (fact("started", host_siret=BAD_KEY_SIRET), "SIRET_CHECKSUM", "started.host_siret"),
        "SIRET of 13 digits": (fact("started", host_siret=BAD_KEY_SIRET[:13]), "SIRET_FORMAT", "started.host_siret"),
        "SIRET in a correction": (facts.corrected("started", "BAD", host_siret=BAD_KEY_SIRET), "SIRET_CHECKSUM",
                                  "corrected.started.host_siret"),
        "unknown ROME": (fact("started", rome="N9999"), "ROME_UNKNOWN", "started.rome"),
        "malformed ROME": (fact("confirmed", rome="1103N"), "ROME_FORMAT", "confirmed.rome"),
        "planned end before start": (fact("confirmed", planned_end=facts.today(-2)), "END_BEFORE_START",
                                     "confirmed.planned_end"),
        "no such day": (fact("started", on="2026-02-30"), "DATE_RANGE", "started.on"),
        "malformed day": (fact("started", on="17/04/2026"), "DATE_FORMAT", "started.on"),
        "no such week": (fact("hours", week="2026-W54"), "DATE_RANGE", "hours.week"),
        "unknown enum number": (fact("started", contract_kind=99), "UNKNOWN_ENUM", "started.contract_kind"),
        "enum left out": (fact("started", contract_kind=0), "UNKNOWN_ENUM", "started.contract_kind"),
        "too many minutes": (fact("hours", minutes=10081), "MINUTES_RANGE", "hours.minutes"),
        "no minutes": (fact("hours", minutes=0), "MINUTES_RANGE", "hours.minutes"),
        "renewal number 0": (fact("extended", number=0), "NUMBER_RANGE", "extended.number"),
        "clock far ahead": (facts.started("BAD", person, at=facts.now_ms() + 25 * HOUR_MS), "CLOCK_AHEAD",
                            "occurred_at_ms"),
        "no clock": (facts.started("BAD", person, at=0), "OCCURRED_AT_REQUIRED", "occurred_at_ms"),
        "young person's check character": (facts.started("BAD", facts.NEVER_ENROLLED[:-1] + "2"), "PERSON_CHECKSUM",
                                           "young_person"),
        "malformed young person": (facts.started("BAD", "Jeanne"), "PERSON_FORMAT", "young_person"),
        "no young person": (facts.started("BAD", ""), "PERSON_REQUIRED", "young_person"),
        "no reference": (facts.started("", person), "REF_LENGTH", "placement_ref"),
        "reference of 65 bytes": (facts.started("x" * 65, person), "REF_LENGTH", "placement_ref"),
        "no fact": (facts.event("BAD", person), "FACT_REQUIRED", "fact"),
        "empty correction": (facts.event("BAD", person, corrected=placements.Corrected()), "FACT_REQUIRED",
                             "corrected"),
        "correction of nothing": (facts.corrected("ended", "NEVER TOLD"), "FACT_UNKNOWN", "corrected.ended"),
        "NUL": (start.replace(b"N1103", b"N\x00103"), "INVALID_UTF8", "started.rome"),
        "invalid UTF-8": (start.replace(b"N1103", b"N\xff103"), "INVALID_UTF8", "started.rome"),
        "fields in another order": (rest + ref, "NOT_CANONICAL", "young_person"),
        "a field twice": (ref + start, "NOT_CANONICAL", "placement_ref"),
        "a default written out": (ref + bytes([3 << 3, 0]), "NOT_CANONICAL", "occurred_at_ms"),
        "a long varint": (ref + bytes([3 << 3, 0x81, 0x80, 0x00]), "NOT_CANONICAL", "occurred_at_ms"),
        "an unknown field": (start + bytes([40 << 3 & 0x7f | 0x80, 2, 1]), "UNKNOWN_FIELD", ""),
        "two facts": (start + field(14, b""), "NOT_CANONICAL", "started"),
        "cut off": (start[:-3], "MALFORMED", ""),
        "noise": (b"\xff" * 100, "MALFORMED", ""),
        "nothing": (b"", "REF_LENGTH", "placement_ref"),
        "over 16 KiB": (start + b"\0" * 16384, "EVENT_SIZE", ""),
    }


class BadInput(harness.PlatformCase):
    demo = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cast = Cast(cls.platform)
        cls.figures = Figures(cls.platform)
        cls.ett = cls.cast.ett()
        cls.mission_locale = cls.cast.mission_locale()
        cls.person = cls.mission_locale.enrol()
        cls.bystander = cls.cast.agency(cls.ett)
        wait_enrolled(cls.bystander, cls.person)
        cls.processes = [process.process.pid for process in cls.platform.processes]

    def setUp(self):
        self.agency = self.cast.agency(self.ett)
        self.bystander.send(facts.started(f"before {self.id()[-50:]}", self.person))

    def tearDown(self):
        """Whatever came in, others go on, nobody restarted, and figures are what the logs say."""
        self.assertEqual(self.bystander.send(facts.started(f"after {self.id()[-50:]}", self.person)), {})
        self.assertEqual([process.process.pid for process in self.platform.processes], self.processes)
        self.assertTrue(all(process.running() for process in self.platform.processes))

    @classmethod
    def tearDownClass(cls):
        assert_recount(cls.platform)
        super().tearDownClass()

    def missions(self):
        return self.figures.of(f"agency/{self.agency.siret}").get("missions:total", 0)

    def assert_error(self, answer, code, reason, field_path=""):
        self.assertEqual((answer.code, answer.reason, answer.field), (code, reason, field_path), answer)
        self.assertTrue(answer.message, "an error says what to do")

    def assert_nothing_taken(self):
        self.assertEqual(self.agency.resume().body.last_sequence, len(self.agency.sent))


class Events(BadInput):
    def test_a_bad_event_costs_only_itself(self):
        bad = bad_events(self.person)
        expected = {}
        for what, (packed, reason, path) in bad.items():
            with self.subTest(what):
                number = len(self.agency.sent) + 2
                got = self.agency.send(facts.started(f"1 {what}", self.person), packed,
                                       facts.started(f"2 {what}", self.person))
                self.assertEqual({n: (e.outcome, e.reason, e.field) for n, e in got.items()},
                                 {number: (REJECTED, reason, path)})
                self.assertTrue(got[number].message)
                expected[number] = reason
        self.assertEqual(self.missions(), 2 * len(bad))
        self.assertEqual(self.figures.of(f"agency/{self.agency.siret}")["rejected:total"], len(bad))
        listed = self.agency.caller.call("placements.v1.ListExceptions", region="52", stream=self.agency.siret,
                                         outcomes=[REJECTED]).body.exceptions
        self.assertEqual({e.state.sequence: e.state.reason for e in listed}, expected)

    def test_a_rejected_event_is_rejected_again_with_the_same_reason(self):
        packed = facts.started("M", self.person, host_siret=BAD_KEY_SIRET)
        first = self.agency.send(packed)[1]
        again = self.agency.ingest(1, [packed]).body.exceptions
        self.assertEqual([(e.outcome, e.reason, e.field) for e in again], [(first.outcome, first.reason, first.field)])

    def test_an_end_before_the_start_is_rejected(self):
        self.agency.send(facts.started("M", self.person, on=facts.today(-1)))
        got = self.agency.send(facts.fact("ended", "M", on=facts.today(-2)),
                               facts.fact("extended", "M", new_end=facts.today(-2)))
        self.assertEqual({n: (e.outcome, e.reason) for n, e in got.items()}, {
            2: (REJECTED, "END_BEFORE_START"), 3: (REJECTED, "END_BEFORE_START")})

    def test_a_placement_keeps_its_young_person(self):
        self.agency.send(facts.started("M", self.person))
        got = self.agency.send(facts.fact("ended", "M", facts.NEVER_ENROLLED))
        self.assertEqual((got[2].outcome, got[2].reason, got[2].field), (REJECTED, "PERSON_CHANGED", "young_person"))

    def test_other_bytes_under_a_number_are_a_conflict_and_change_nothing(self):
        start = facts.started("M", self.person)
        self.agency.send(start, facts.fact("hours", "M"))
        answer = self.agency.ingest(1, [facts.started("M", self.person, on=facts.today(-3)), self.agency.sent[1],
                                        facts.fact("ended", "M")]).body
        self.assertEqual([(e.sequence, e.outcome, e.reason) for e in answer.exceptions],
                         [(1, CONFLICT, "NUMBER_TAKEN"), (2, DUPLICATE, "RESEND")])
        self.assertEqual(answer.durable_through, 3)
        placed = self.agency.caller.call("placements.v1.ListPlacements", region="52", stream=self.agency.siret)
        self.assertEqual([p.started_on for p in placed.body.placements], [facts.today(-1)])

    def test_a_clock_that_is_some_hours_ahead_is_taken(self):
        self.assertEqual(self.agency.send(facts.started("M", self.person, at=facts.now_ms() + 23 * HOUR_MS)), {})


class Batches(BadInput):
    """What is wrong with a batch as a whole takes no number."""

    def test_a_gap(self):
        self.agency.send(facts.started("M", self.person))
        answer = self.agency.ingest(3, [facts.fact("ended", "M")])
        self.assert_error(answer, "FAILED_PRECONDITION", "GAP", "first_sequence")
        self.assert_nothing_taken()

    def test_number_0(self):
        self.assert_error(self.agency.ingest(0, [facts.started("M", self.person)]), "INVALID_ARGUMENT", "SEQUENCE",
                          "first_sequence")
        self.assert_nothing_taken()

    def test_an_empty_batch(self):
        self.assert_error(self.agency.ingest(1, []), "INVALID_ARGUMENT", "BATCH_EMPTY", "events")

    def test_oversized_batches(self):
        start = facts.started("M", self.person)
        self.assert_error(self.agency.ingest(1, [start] * 1001), "INVALID_ARGUMENT", "BATCH_SIZE", "events")
        heavy = start + b"\0" * 10_000
        self.assert_error(self.agency.ingest(1, [heavy] * 60), "INVALID_ARGUMENT", "BATCH_SIZE", "events")
        self.assert_nothing_taken()

    def test_another_agency_s_stream(self):
        stranger = self.cast.agency()
        with Caller(self.platform.placements, stranger.key) as caller:
            answer = caller.call("placements.v1.Ingest", region="52", stream=self.agency.siret, first_sequence=1,
                                 events=[facts.started("M", self.person)])
        self.assert_error(answer, "PERMISSION_DENIED", "STREAM", "stream")
        self.assert_nothing_taken()

    def test_a_stream_whose_siret_is_wrong_or_not_declared(self):
        def ingest(siret):
            return self.agency.caller.call("placements.v1.Ingest", region="52", stream=siret, first_sequence=1,
                                           events=[facts.started("M", self.person)])
        wrong = self.agency.siret[:-1] + str((int(self.agency.siret[-1]) + 1) % 10)
        self.assert_error(ingest(wrong), "INVALID_ARGUMENT", "SIRET_CHECKSUM", "stream")
        self.assert_error(ingest(""), "INVALID_ARGUMENT", "SIRET_FORMAT", "stream")
        answer = ingest(with_luhn(self.ett + "9999"))
        self.assert_error(answer, "UNAVAILABLE", "AGENCY_NOT_DECLARED", "stream")
        self.assertGreater(answer.error.retry_after_ms, 0)

    def test_more_than_credit_allows_is_refused_and_can_be_sent_again(self):
        """Batches that pile up while placements sleeps are more than a window."""
        start, batches = [facts.started("M", self.person)] + [facts.fact("hours", "M")] * 999, 8
        self.platform.placements.pause()
        asked = [self.agency.caller.send("placements.v1.Ingest", placements.IngestRequest(
            stream=self.agency.siret, first_sequence=1 + 1000 * n, events=start), "52") for n in range(batches)]
        self.platform.placements.resume()
        answers = self.agency.caller.answers_to(asked)
        refused = [answer.reason for answer in answers if answer.code]
        self.assertIn("CREDIT", refused)
        self.assertLessEqual(set(refused), {"CREDIT", "GAP"})
        self.agency.sent = start * (batches - len(refused))
        self.assert_nothing_taken()
        while len(self.agency.sent) < 1000 * batches:
            self.agency.send(*start)
        self.assertEqual(self.missions(), 1)


class Messages(BadInput):
    """What is wrong with a message: frames, header, method, version."""

    def setUp(self):
        super().setUp()
        self.caller = self.agency.caller

    def header(self, **fields):
        return common.Header(**({"version": 1, "method": "placements.v1.Resume", "correlation": 7, "region": "52"}
                                | fields)).SerializeToString(deterministic=True)

    def body(self):
        return placements.ResumeRequest(stream=self.agency.siret).SerializeToString()

    def assert_frames(self, frames, code, reason, field_path="", correlation=7):
        """The answer to raw frames; the connection goes on."""
        self.caller.frames_out(frames)
        answer = self.caller.receive()
        self.assert_error(answer, code, reason, field_path)
        self.assertEqual(answer.correlation, correlation)
        self.assert_nothing_taken()

    def test_a_message_of_other_than_two_frames(self):
        for frames in ([self.header()], [self.header(), self.body(), b""], [self.header()] + [b"x"] * 49):
            self.assert_frames(frames, "INVALID_ARGUMENT", "FRAME_COUNT")

    def test_a_header_that_is_none(self):
        for noise in (b"", b"\xff" * 40, b"GET / HTTP/1.1\r\n", os.urandom(300), b"\0"):
            self.caller.frames_out([noise, self.body()])
            answer = self.caller.receive()
            self.assertIn((answer.code, answer.reason), [
                ("INVALID_ARGUMENT", reason) for reason in ("MALFORMED", "UNKNOWN_FIELD", "INVALID_UTF8")] +
                [("UNIMPLEMENTED", "PROTOCOL_VERSION")])
        self.assert_nothing_taken()

    def test_a_header_of_513_bytes(self):
        header = self.header(traceparent="x" * 600)
        self.assert_frames([header[:513], self.body()], "INVALID_ARGUMENT", "HEADER_SIZE", "header", correlation=0)

    def test_a_header_text_that_is_none(self):
        self.assert_frames([self.header(method="placements.v1.\nResume"), self.body()], "INVALID_ARGUMENT",
                           "HEADER_FIELD", "header.method")
        self.assert_frames([self.header(region="Pays"), self.body()], "INVALID_ARGUMENT", "HEADER_FIELD",
                           "header.region")

    def test_an_unknown_version(self):
        for version in (0, 2, 2**32 - 1):
            self.assert_frames([self.header(version=version), self.body()], "UNIMPLEMENTED", "PROTOCOL_VERSION",
                               "header.version")

    def test_an_unknown_method(self):
        for method in ("placements.v1.Egest", "placements.v2.Ingest", "registry.v1.Enrol", "x", ""):
            self.assert_frames([self.header(method=method), self.body()], "UNIMPLEMENTED", "METHOD_UNKNOWN",
                               "header.method")

    def test_a_body_that_is_none(self):
        for noise, reason in ((b"\xff" * 30, "MALFORMED"), (self.body()[:-1], "MALFORMED"),
                              (self.body() + b"\x70\x01", "UNKNOWN_FIELD"), (field(1, b"\xff"), "INVALID_UTF8"),
                              (field(1, b"\0"), "INVALID_UTF8")):
            self.caller.frames_out([self.header(), noise])
            answer = self.caller.receive()
            self.assertEqual((answer.code, answer.reason), ("INVALID_ARGUMENT", reason))

    def test_a_frame_over_1_mib_cuts_the_connection_and_nobody_else(self):
        self.caller.frames_out([self.header(), b"\0" * (1 << 20) + b"\0"])
        with self.assertRaises(Silence):
            self.caller.receive(seconds=0.5)
        harness.wait_until(lambda: not self.agency.resume().code, "the caller is connected again")
        self.assert_nothing_taken()

    def test_more_requests_than_a_connection_may_have_in_work(self):
        with Caller(self.platform.reporting, self.platform.key("demo")) as caller:
            token = caller.call("reporting.v1.Watch").body.token
            asked = [caller.send("reporting.v1.Watch", reporting.WatchRequest(
                regions=["FR"], row="ett/" + with_luhn("99999999"), token=token, wait_ms=1500)) for _ in range(300)]
            answers = caller.answers_to(asked)
        refused = [answer for answer in answers if answer.code]
        self.assertEqual({answer.reason for answer in refused}, {"REQUESTS_IN_WORK"})
        self.assertEqual(len(refused), 300 - 256)


class Declarations(BadInput):
    def declare(self, method, key=None, **fields):
        return self.cast.operator.call(method, region="FR", key=os.urandom(16) if key is None else key, **fields)

    def organisation(self, **fields):
        return self.declare("registry.v1.DeclareOrganisation", organisation=registry.Organisation(
            **({"kind": 3, "id": with_luhn(with_luhn("12345678") + "0001"), "name": "ML", "commune": NANTES} | fields)))

    def test_organisations(self):
        for fields, reason, path in (({"id": BAD_KEY_SIRET}, "SIRET_CHECKSUM", "organisation.id"),
                                     ({"kind": 1, "id": "732829321", "commune": ""}, "SIREN_CHECKSUM",
                                      "organisation.id"),
                                     ({"commune": "99999"}, "COMMUNE_UNKNOWN", "organisation.commune"),
                                     ({"commune": "44"}, "COMMUNE_FORMAT", "organisation.commune"),
                                     ({"name": ""}, "TEXT_EMPTY", "organisation.name"),
                                     ({"name": "x" * 201}, "TEXT_LENGTH", "organisation.name"),
                                     ({"name": "a\nb"}, "TEXT_CONTROL", "organisation.name"),
                                     ({"name": "a\0b"}, "INVALID_UTF8", "organisation.name"),
                                     ({"kind": 99}, "UNKNOWN_ENUM", "organisation.kind"),
                                     ({"kind": 0}, "KIND_UNKNOWN", "organisation.kind")):
            self.assert_error(self.organisation(**fields), "INVALID_ARGUMENT", reason, path)
        self.assert_error(self.declare("registry.v1.DeclareOrganisation"), "INVALID_ARGUMENT", "MISSING",
                          "organisation")

    def test_an_unknown_region(self):
        answer = self.declare("registry.v1.DeclarePrincipal", principal=registry.Principal(
            id="somebody", role=3, regions=["52", "99"]))
        self.assert_error(answer, "INVALID_ARGUMENT", "REGION_UNKNOWN", "principal.regions[1]")
        answer = self.mission_locale.caller.call("registry.v1.Enrol", self.mission_locale.request(), "99",
                                                 os.urandom(16))
        self.assert_error(answer, "INVALID_ARGUMENT", "REGION_UNKNOWN", "header.region")

    def test_enrolments_never_show_a_birth_date(self):
        for fields, reason, path in (({"birth_date": "1999-13-01"}, "DATE_FORMAT", "birth_date"),
                                     ({"birth_date": facts.today(1)}, "BIRTH_DATE_IMPLAUSIBLE", "birth_date"),
                                     ({"entry_on": facts.today(100)}, "ENTRY_TOO_FAR", "entry_on"),
                                     ({"programme": 0}, "PROGRAMME_UNKNOWN", "programme"),
                                     ({"sex": 9}, "UNKNOWN_ENUM", "sex")):
            answer = self.mission_locale.caller.call("registry.v1.Enrol", self.mission_locale.request(**fields), "52",
                                                     os.urandom(16))
            self.assert_error(answer, "INVALID_ARGUMENT", reason, path)
            self.assertNotIn(fields.get("birth_date", "none"), answer.message)

    def test_idempotency_keys(self):
        one = registry.Principal(id=f"p-{next(self.cast.serial)}", role=3)
        self.assert_error(self.declare("registry.v1.DeclarePrincipal", key=b"", principal=one), "INVALID_ARGUMENT",
                          "KEY_REQUIRED", "header.idempotency_key")
        self.assert_error(self.declare("registry.v1.DeclarePrincipal", key=b"short", principal=one),
                          "INVALID_ARGUMENT", "KEY_LENGTH", "header.idempotency_key")
        key = os.urandom(16)
        first = self.declare("registry.v1.DeclarePrincipal", key=key, principal=one)
        again = self.declare("registry.v1.DeclarePrincipal", key=key, principal=one)
        self.assertEqual(first.body.position, again.body.position)
        other = registry.Principal(id=f"p-{next(self.cast.serial)}", role=3)
        self.assert_error(self.declare("registry.v1.DeclarePrincipal", key=key, principal=other), "ALREADY_EXISTS",
                          "KEY_REUSED", "header.idempotency_key")

    def test_keys(self):
        name, key = self.cast.principal("funder")
        for public, code, reason in ((b"x" * 31, "INVALID_ARGUMENT", "KEY_LENGTH"),
                                     (b"x" * 32, "INVALID_ARGUMENT", "KEY_WEAK"),
                                     (key.public_bytes, "ALREADY_EXISTS", "KEY_USED")):
            self.assert_error(self.declare("registry.v1.AddKey", principal=name, public_key=public), code, reason,
                              "public_key")
        self.cast.key(name)
        self.assert_error(self.declare("registry.v1.AddKey", principal=name, public_key=Key.new().public_bytes),
                          "FAILED_PRECONDITION", "KEY_LIMIT", "principal")
        self.cast.revoke(key)
        self.assert_error(self.declare("registry.v1.AddKey", principal=name, public_key=key.public_bytes),
                          "ALREADY_EXISTS", "KEY_USED", "public_key")

    def test_an_establishment_keeps_its_region(self):
        siret = self.cast.organisation(3, NANTES)
        self.assert_error(self.organisation(id=siret, commune="75056"), "FAILED_PRECONDITION", "REGION_FROZEN",
                          "organisation.commune")


class Questions(BadInput):
    def test_pages_rows_and_events_that_do_not_exist(self):
        self.agency.send(facts.started("M", self.person))
        ask = self.agency.caller.call
        stream = {"region": "52", "stream": self.agency.siret}
        self.assert_error(ask("placements.v1.GetEvent", sequence=2, **stream), "NOT_FOUND", "EVENT", "sequence")
        self.assert_error(ask("placements.v1.ListExceptions", page=common.PageRequest(token=b"no"), **stream),
                          "INVALID_ARGUMENT", "PAGE_TOKEN", "page.token")
        self.assert_error(ask("placements.v1.ListExceptions", outcomes=[1], **stream), "INVALID_ARGUMENT",
                          "UNKNOWN_ENUM", "outcomes")
        demo = self.figures.caller.call
        self.assert_error(demo("reporting.v1.Counters", row="agency/1"), "INVALID_ARGUMENT", "ROW_FORMAT", "row")
        self.assert_error(demo("reporting.v1.Watch", token=b"no"), "INVALID_ARGUMENT", "TOKEN", "token")
        self.assertEqual(demo("reporting.v1.Counters", regions=["99"]).code, "INVALID_ARGUMENT")


if __name__ == "__main__":
    unittest.main()
