# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Every method of every service, tried by every role: what comes out is exactly the table below, which is that of
PROTOCOL.md, section 15, spelt out. Then what a table cannot say: whose rows, which keys, how soon a revocation acts."""
import os
import re
import time
import unittest

import zmq
from zmq.utils.monitor import recv_monitor_message

import facts
import harness
from cast import ETT, NANTES, PARIS, Cast, with_luhn
from wire import Caller, Key, Silence, all_methods, directory, message, registry

# yes: answered. ".": refused by its role (PERMISSION_DENIED, ROLE). Else the reason of the refusal (REASONS).
# own: the ETT of the stream asked about; sibling: a key of that ETT's other agency alone; other: another ETT.
# ml: the Mission Locale of region 52; ml11: one of region 11.
# reg, pla, rep: the own keys of registry, placements, reporting. log.v1 stands once for each service that is asked.
EXPECTED = """
method                          own sibling other ml  ml11 funder fastt committee operator reg pla rep demo
registry.v1.DeclareOrganisation .   .       .     .   .    .      .     .         yes      .   .   .   .
registry.v1.DeclareAgency       yes ETT     ETT   .   .    .      .     .         .        .   .   .   .
registry.v1.DeclarePrincipal    .   .       .     .   .    .      .     .         yes      .   .   .   .
registry.v1.AddKey              .   .       .     .   .    .      .     .         yes      .   .   .   .
registry.v1.RevokeKey           .   .       .     .   .    .      .     .         yes      .   .   .   .
registry.v1.SetRule             .   .       .     .   .    .      .     .         yes      .   .   .   .
registry.v1.Enrol               .   .       .     yes REG  .      .     .         .        .   .   .   .
registry.v1.GetOrganisation     yes yes     yes   yes yes  yes    yes   yes       yes      yes yes yes yes
registry.v1.ListOrganisations   yes yes     yes   yes yes  yes    yes   yes       yes      yes yes yes yes
registry.v1.ListEnrolments      .   .       .     yes yes  .      .     .         .        .   .   .   .
directory.v1.Announce           .   .       .     .   .    .      .     .         .        yes yes yes .
directory.v1.Resolve            yes yes     yes   yes yes  yes    yes   yes       yes      yes yes yes yes
placements.v1.Ingest            yes STR     STR   .   .    .      .     .         .        .   .   .   .
placements.v1.Resume            yes STR     STR   .   .    .      .     .         .        .   .   .   .
placements.v1.GetEvent          yes STR     STR   .   .    .      .     .         .        .   .   .   yes
placements.v1.ListExceptions    yes STR     STR   .   .    .      .     .         .        .   .   .   yes
placements.v1.ListPlacements    yes STR     STR   .   .    .      .     .         .        .   .   .   yes
reporting.v1.Counters           yes yes     yes   yes yes  .      .     PRO       yes      .   .   .   yes
reporting.v1.Watch              yes yes     yes   yes yes  .      .     PRO       yes      .   .   .   yes
log.v1.Follow@registry          .   .       .     .   .    .      .     .         .        yes yes yes .
log.v1.Follow@placements        .   .       .     .   .    .      .     .         .        FOL FOL yes .
log.v1.Follow@reporting         .   .       .     .   .    .      .     .         .        LOG LOG LOG .
log.v1.Describe@registry        .   .       .     .   .    .      .     .         yes      yes yes yes yes
log.v1.Describe@placements      .   .       .     .   .    .      .     .         yes      yes yes yes yes
log.v1.Describe@reporting       .   .       .     .   .    .      .     .         yes      yes yes yes yes
"""
REASONS = {"FOLLOW": "FOL", "NO_LOG": "LOG", "NOT_YOUR_ETT": "ETT", "NOT_YOUR_REGION": "REG",
           "PROTECTED_SURFACE": "PRO", "STREAM": "STR"}
SERVICES = ("registry", "placements", "reporting")
REVOCATIONS = 30


def aligned(rows):
    """Rows of words as text, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(" ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip() for row in rows)


class Access(harness.PlatformCase):
    regions = ("52", "11")
    demo = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cast = cast = Cast(cls.platform)
        cls.ett, other = cast.ett(), cast.ett()
        cls.agency = cast.agency(cls.ett)
        cls.sibling = cast.agency(cls.ett)
        cls.stranger = cast.agency(other)
        cls.ml, cls.ml11 = cast.mission_locale(NANTES), cast.mission_locale(PARIS)
        cls.agency.send(facts.started("M", cls.ml.enrol()))
        cls.keys = {"own": cls.agency.key, "sibling": cast.principal("agency", cls.sibling.siret)[1],
                    "other": cast.etts[other], "ml": cls.ml.caller.key, "ml11": cls.ml11.caller.key}
        cls.keys |= {role: cast.principal(role)[1] for role in ("funder", "fastt", "committee", "operator")}
        cls.keys |= {name[:3]: Key.read(cls.platform.key(name)) for name in SERVICES}
        cls.keys["demo"] = Key.read(cls.platform.key("demo"))
        cls.wait_known(cls.keys["operator"])     # the last one declared

    @classmethod
    def wait_known(cls, key):
        for name in SERVICES:
            with Caller(getattr(cls.platform, name), key) as caller:
                harness.wait_until(lambda: cls.answers(caller), f"{name} knows a key")

    @staticmethod
    def answers(caller):
        try:
            return not caller.call("log.v1.Describe", seconds=1).code
        except Silence:
            return False


class Matrix(Access):
    def request(self, method, role):
        """A request that whoever has the right would get an answer to."""
        fresh = {
            "registry.v1.DeclareOrganisation": lambda: {"organisation": registry.Organisation(
                kind=ETT, id=with_luhn(str(next(self.cast.serial))), name="an ETT")},
            "registry.v1.DeclareAgency": lambda: {
                "siret": with_luhn(self.ett + f"{next(self.cast.serial) % 10_000:04d}"), "commune": NANTES},
            "registry.v1.DeclarePrincipal": lambda: {"principal": registry.Principal(
                id=f"p-{next(self.cast.serial)}", role=3)},
            "registry.v1.AddKey": lambda: {"principal": self.cast.principal("funder")[0],
                                           "public_key": Key.new().public_bytes},
            "registry.v1.RevokeKey": lambda: {"public_key": self.cast.principal("funder")[1].public_bytes},
            "registry.v1.SetRule": lambda: {"rule": registry.ProgrammeRule(
                programme=1, valid_from="2017-01-01", age_min=16, age_limit=26, age_limit_rqth=26, source="a test")},
            "registry.v1.Enrol": lambda: {"birth_date": "2005-04-17", "sex": 1, "programme": 2,
                                          "entry_on": facts.today()},
            "registry.v1.GetOrganisation": lambda: {"id": self.ett},
            "directory.v1.Announce": lambda: {"instances": self.announced(role)},
            "placements.v1.Ingest": lambda: {"stream": self.agency.siret, "first_sequence": 1,
                                             "events": self.agency.sent},
            "placements.v1.GetEvent": lambda: {"stream": self.agency.siret, "sequence": 1},
            "log.v1.Follow": lambda: {"region": "52", "from": 1},
        }
        streams = ("placements.v1.Resume", "placements.v1.ListExceptions", "placements.v1.ListPlacements")
        fields = fresh.get(method, lambda: {"stream": self.agency.siret} if method in streams else {})()
        return message(method, "Request")(**fields)

    def announced(self, role):
        """What the service announces by itself, so that saying it again changes nothing."""
        service = next((name for name in SERVICES if name.startswith(role)), "placements")
        rows = self.cast.operator.call("directory.v1.Resolve", service=service).body.instances
        return [directory.Instance.FromString(row.SerializeToString()) for row in rows]

    def cell(self, method, service, role):
        national = method.startswith("registry") and not re.search("Enrol", method)
        with Caller(getattr(self.platform, service), self.keys[role]) as caller:
            answer = caller.call(method, self.request(method, role), "FR" if national else "52", os.urandom(16))
        if not answer.code:
            return "yes"
        if (answer.code, answer.reason) == ("PERMISSION_DENIED", "ROLE"):
            return "."
        return REASONS.get(answer.reason, answer.reason)

    def test_every_role_may_exactly_what_the_table_says(self):
        expected = [line.split() for line in EXPECTED.strip().splitlines()]
        roles = expected[0][1:]
        got = [expected[0]]
        for method in (row[0] for row in expected[1:]):
            name, _, service = method.partition("@")
            service = service or name.split(".")[0].replace("directory", "registry")
            got.append([method, *(self.cell(name, service, role) for role in roles)])
        print(f"\n{aligned(got)}")
        self.assertEqual(aligned(got), aligned(expected))

    def test_the_table_holds_every_method(self):
        rows = {line.split()[0].partition("@")[0] for line in EXPECTED.strip().splitlines()[1:]}
        self.assertEqual(rows, set(all_methods()))


class Rows(Access):
    def counters(self, role, **fields):
        with Caller(self.platform.reporting, self.keys[role]) as caller:
            return caller.call("reporting.v1.Counters", **fields)

    def seen(self, role):
        return {c.row for region in self.counters(role).body.regions for c in region.counters}

    def test_everybody_sees_their_own_rows_alone(self):
        self.stranger.send(facts.started("M", self.ml.enrol()))
        own, sibling, stranger = (f"agency/{a.siret}" for a in (self.agency, self.sibling, self.stranger))
        self.sibling.send(facts.started("M", self.ml.enrol()))
        locale = f"ml/{self.ml.siret}"
        harness.wait_until(lambda: {own, sibling, stranger, locale} <= self.seen("demo"), "all of them are counted")
        self.assertEqual(self.seen("own"), {f"ett/{self.ett}", own, sibling})
        self.assertEqual(self.seen("sibling"), {sibling})
        self.assertEqual(self.seen("ml"), {locale})
        self.assertEqual(self.seen("ml11"), set())
        self.assertEqual(self.seen("operator"), set())

    def test_a_row_of_somebody_else_is_refused(self):
        for role, row in (("own", f"agency/{self.stranger.siret}"), ("sibling", f"agency/{self.agency.siret}"),
                          ("ml", f"agency/{self.agency.siret}"), ("ml11", f"ml/{self.ml.siret}"), ("own", "region")):
            answer = self.counters(role, row=row)
            self.assertEqual((answer.code, answer.reason, answer.field), ("PERMISSION_DENIED", "ROW_NOT_YOURS", "row"),
                             f"{role} asks for {row}")

    def test_an_operator_gets_positions_and_no_counter(self):
        for region in self.counters("operator", regions=["52"]).body.regions:
            self.assertTrue(region.positions)
            self.assertFalse(region.counters)

    def test_a_principal_limited_to_a_region_acts_in_no_other(self):
        key = self.cast.principal("operator", regions=["11"])[1]
        self.wait_known(key)
        for service in SERVICES:
            with Caller(getattr(self.platform, service), key) as caller:
                self.assertEqual(caller.call("log.v1.Describe", region="11").code, "")
                answer = caller.call("log.v1.Describe", region="52")
                self.assertEqual((answer.code, answer.reason, answer.field),
                                 ("PERMISSION_DENIED", "REGION", "header.region"))

    def test_a_service_announces_itself_alone(self):
        with Caller(self.platform.registry, self.keys["pla"]) as caller:
            answer = caller.call("directory.v1.Announce", instances=[directory.Instance(
                service="reporting", region="52", endpoint="tcp://127.0.0.1:1", server_key=bytes(range(32)))])
        self.assertEqual((answer.code, answer.reason), ("PERMISSION_DENIED", "NOT_YOUR_SERVICE"))

    def test_a_mission_locale_lists_its_own_enrolments(self):
        mine = self.ml.enrol()
        listed = self.ml.caller.call("registry.v1.ListEnrolments", region="52").body.enrolments
        self.assertIn(mine, [e.young_person for e in listed])
        elsewhere = self.ml11.enrol()
        listed = self.ml11.caller.call("registry.v1.ListEnrolments", region="11").body.enrolments
        self.assertEqual([e.young_person for e in listed], [elsewhere])
        self.assertFalse(self.ml11.caller.call("registry.v1.ListEnrolments", region="52").body.enrolments)


class Doors(Access):
    """Who never gets in, and who is put out."""

    def assert_no_way_in(self, service, caller):
        """The handshake fails, and nothing is ever answered."""
        monitor = caller.socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_SUCCEEDED |
                                                   zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                                   zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_DISCONNECTED)
        caller.socket.connect(service.endpoint)
        self.assertTrue(monitor.poll(5000), "nothing happened")
        event = recv_monitor_message(monitor)["event"]
        self.assertNotEqual(event, zmq.EVENT_HANDSHAKE_SUCCEEDED)
        caller.socket.disable_monitor()
        monitor.close()
        self.assertFalse(caller.socket.poll(100))
        caller.close()

    def refused(self, service):
        return service.metrics()["mj_connections_refused_total"]

    def test_a_key_that_nobody_has_is_refused_in_the_handshake(self):
        for name in SERVICES:
            service = getattr(self.platform, name)
            before = self.refused(service)
            self.assert_no_way_in(service, Caller(service, Key.new(), connect=False))
            self.assertGreater(self.refused(service), before)

    def test_no_other_mechanism_is_spoken(self):
        for name in SERVICES:
            service = getattr(self.platform, name)
            self.assert_no_way_in(service, Caller(service, None, curve=False, connect=False))
            plain = Caller(service, None, curve=False, connect=False, PLAIN_USERNAME=b"operator", PLAIN_PASSWORD=b"x")
            self.assert_no_way_in(service, plain)

    def test_a_caller_that_expects_another_server_does_not_get_through(self):
        class Impostor:
            endpoint, public_key = self.platform.placements.endpoint, self.platform.registry.public_key
        with Caller(Impostor, self.keys["own"]) as caller, self.assertRaises(Silence):
            caller.call("directory.v1.Resolve", seconds=0.5)

    def test_a_revoked_key_is_refused_by_every_method_and_then_at_the_door(self):
        name, key = self.cast.principal("operator")
        self.wait_known(key)
        open_ones = {service: Caller(getattr(self.platform, service), key) for service in SERVICES}
        for caller in open_ones.values():
            self.assertEqual(caller.call("log.v1.Describe").code, "")
        self.cast.revoke(key)
        for service, caller in open_ones.items():
            harness.wait_until(lambda: caller.call("log.v1.Describe").code, f"{service} hears of it")
            for method in all_methods():
                answer = caller.call(method, b"", "52", os.urandom(16))
                self.assertEqual((answer.code, answer.reason), ("UNAUTHENTICATED", "KEY_REVOKED"), method)
            self.assert_no_way_in(getattr(self.platform, service),
                                  Caller(getattr(self.platform, service), key, connect=False))

    def test_a_revocation_acts_on_open_connections_within_a_second(self):
        name = self.cast.principal("operator")[0]
        seconds = []
        for _ in range(REVOCATIONS):
            key = self.cast.key(name)
            with Caller(self.platform.placements, key) as caller:
                harness.wait_until(lambda: self.answers(caller), "placements knows the key")
                self.cast.revoke(key)
                since = time.monotonic()
                while not caller.call("log.v1.Describe").code:
                    pass
                seconds.append(time.monotonic() - since)
        worst = sorted(seconds)[-1]
        print(f"\nrevocation acts after {sorted(seconds)[len(seconds) // 2] * 1000:.1f} ms (median), "
              f"{worst * 1000:.1f} ms (worst of {REVOCATIONS})")
        self.assertLess(worst, 1)


if __name__ == "__main__":
    unittest.main()
