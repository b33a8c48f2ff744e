# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Who is on stage in a test: organisations, principals with their keys, young people, agencies that stream.

    cast = Cast(platform)
    agency = cast.agency()
    person = cast.mission_locale().enrol()
    agency.send(facts.started("M-1", person))
"""
import itertools
import os

import facts
from harness import wait_until
from wire import Caller, Key, registry

NANTES, PARIS = "44109", "75056"                 # communes of the regions 52 and 11
REGION_OF = {NANTES: "52", PARIS: "11"}
ETT, AGENCY, MISSION_LOCALE, PARTNER = 1, 2, 3, 4
ROLES = ("agency", "mission_locale", "funder", "fastt", "committee", "operator")
ROLE_NUMBERS = {name: number for number, name in enumerate(ROLES, 1)}
ADULT = facts.today(-20 * 366)                   # birth date of somebody who is 20


def with_luhn(digits):
    """The digits and the one that makes their Luhn key right."""
    def total(text):
        doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(text)))
        return sum(d - 9 if d > 9 else d for d in doubled)
    return digits + str(-total(digits + "0") % 10)


class MissionLocale:
    """Enrols young people in its own region."""

    def __init__(self, caller, siret, region):
        self.caller, self.siret, self.region = caller, siret, region

    def request(self, **fields):
        right = {"birth_date": ADULT, "sex": 1, "programme": 2, "entry_on": facts.today()}
        return registry.EnrolRequest(**(right | fields))

    def enrol(self, **fields):
        """A new young person's id."""
        return self.caller.command("registry.v1.Enrol", self.request(**fields), self.region).young_person


class Agency:
    """An agency's system: numbers its events and sends them. It keeps all it sent, for resends and recounts."""

    def __init__(self, platform, key, siret, region):
        self.platform, self.key, self.siret, self.region = platform, key, siret, region
        self.caller = None
        self.sent = []                           # packed events; sent[i] has the number i + 1
        self.connect()

    def connect(self, service=None):
        """A new connection; the old one is given up."""
        if self.caller:
            self.caller.close()
        self.caller = Caller(service or self.platform.placements, self.key)

    def opened(self):
        """Waits until placements knows the agency; itself."""
        wait_until(lambda: not self.resume().code, f"the stream of {self.siret} opens")
        return self

    def resume(self):
        return self.caller.call("placements.v1.Resume", region=self.region, stream=self.siret)

    def ingest(self, first, events, seconds=10):
        """Sends a batch under the numbers it is told to; the answer."""
        return self.caller.call("placements.v1.Ingest", region=self.region, stream=self.siret, first_sequence=first,
                                events=events, seconds=seconds)

    def send(self, *events):
        """Sends new events under the next numbers; {number: exception} of those not simply accepted."""
        first = len(self.sent) + 1
        answer = self.ingest(first, events)
        assert not answer.code, answer
        self.sent += events
        assert answer.body.durable_through == len(self.sent), answer
        return {e.sequence: e for e in answer.body.exceptions}

    def state(self, number):
        """What became of one event."""
        return self.caller.call("placements.v1.GetEvent", region=self.region, stream=self.siret, sequence=number).body


class Cast:
    """Declares them all, as the platform's operator."""

    def __init__(self, platform, seed=0):
        self.platform = platform
        self.operator = Caller(platform.registry, platform.key("operator"))
        self.serial = itertools.count(10_000_000 + seed * 100_000 + 1)
        self.etts = {}

    def organisation(self, kind, commune="", siren=None):
        """Declares one; its SIREN, or its SIRET where it has one."""
        siren = siren or with_luhn(str(next(self.serial)))
        number = siren if kind in (ETT, PARTNER) else with_luhn(siren + f"{next(self.serial) % 10_000:04d}")
        self.operator.command("registry.v1.DeclareOrganisation", organisation=registry.Organisation(
            kind=kind, id=number, name=f"Organisation {number}", commune=commune))
        return number

    def principal(self, role, organisation="", name=None, regions=()):
        """Declares a principal of a role and gives it a key; (its id, its key)."""
        name = name or f"{role.replace('_', '-')}-{next(self.serial)}"
        self.operator.command("registry.v1.DeclarePrincipal", principal=registry.Principal(
            id=name, organisation=organisation, role=ROLE_NUMBERS[role], regions=regions))
        return name, self.key(name)

    def key(self, principal):
        """One more key of a principal."""
        key = Key.new()
        self.operator.command("registry.v1.AddKey", principal=principal, public_key=key.public_bytes)
        return key

    def revoke(self, key):
        self.operator.command("registry.v1.RevokeKey", public_key=key.public_bytes)

    def ett(self):
        """A new ETT; (its SIREN, the key of its system)."""
        siren = self.organisation(ETT)
        self.etts[siren] = self.principal("agency", siren)[1]
        return siren

    def declare_agency(self, siren, commune=NANTES):
        """What an ETT's system does by itself: the SIRET of a new agency of it."""
        siret = with_luhn(siren + f"{next(self.serial) % 10_000:04d}")
        with Caller(self.platform.registry, self.etts[siren]) as caller:
            caller.command("registry.v1.DeclareAgency", siret=siret, commune=commune)
        return siret

    def agency(self, siren=None, commune=NANTES):
        """An agency with the key of its ETT; its stream is open."""
        siren = siren or self.ett()
        siret = self.declare_agency(siren, commune)
        return Agency(self.platform, self.etts[siren], siret, REGION_OF[commune]).opened()

    def mission_locale(self, commune=NANTES):
        siret = self.organisation(MISSION_LOCALE, commune)
        key = self.principal("mission_locale", siret)[1]
        caller = Caller(self.platform.registry, key)
        wait_until(lambda: not caller.call("directory.v1.Resolve").code, "the Mission Locale's key is known")
        return MissionLocale(caller, siret, REGION_OF[commune])


def wait_enrolled(agency, person):
    """Waits until placements knows a young person: a proposal of theirs is no longer unmatched."""
    names = itertools.count()
    wait_until(lambda: not agency.send(facts.fact("proposed", f"wait-{next(names)}-{os.getpid()}", person)),
               "placements hears of the enrolment")
