# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""The main job, end to end: declared, enrolled, streamed, counted. Each test has its own agency, and reads its row."""
import datetime
import os
import unittest

import facts
import harness
from cast import PARIS, Cast, wait_enrolled
from counted import Figures, in_redis
from wire import placements, registry, reporting

YEAR = facts.today(-1)[:4]
ONE = {f"missions:{YEAR}": 1, "missions:total": 1, f"young_people:{YEAR}": 1, "young_people:total": 1}


class MainJob(harness.PlatformCase):
    regions = ("52", "11")
    demo = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cast = Cast(cls.platform)
        cls.figures = Figures(cls.platform)
        cls.ett = cls.cast.ett()
        cls.mission_locale = cls.cast.mission_locale()
        cls.asker = cls.cast.agency(cls.ett)     # whose own figures no test reads

    def setUp(self):
        self.agency = self.cast.agency(self.ett)

    def enrolled(self):
        """A young person whom placements knows."""
        person = self.mission_locale.enrol()
        wait_enrolled(self.asker, person)
        return person

    def counted(self):
        """What counts of this test's agency: missions and young people."""
        return {name: value for name, value in self.row().items() if name in ONE}

    def row(self):
        return self.figures.of(f"agency/{self.agency.siret}")

    def assert_states(self, *expected):
        """The states of the placements that the events so far told of, event by event."""
        got = [placements.PlacementState.Name(self.agency.state(n).placement).removeprefix("PLACEMENT_STATE_")
               for n in range(1, len(self.agency.sent) + 1)]
        self.assertEqual(got, list(expected))


class Counting(MainJob):
    def test_a_mission_counts_from_its_start(self):
        person = self.enrolled()
        before = facts.fact("proposed", "M", person), facts.fact("confirmed", "M", person)
        self.assertEqual(self.agency.send(*before), {})
        self.assertEqual(self.counted(), {})
        self.assertEqual(self.agency.send(facts.started("M", person)), {})
        self.assertEqual(self.counted(), ONE)

    def test_a_resend_counts_once_and_is_told_so(self):
        start = facts.started("M", self.enrolled())
        self.agency.send(start)
        for _ in range(3):
            again = self.agency.ingest(1, [start]).body
            self.assertEqual([(e.outcome, e.reason) for e in again.exceptions], [(2, "RESEND")])
            self.assertEqual(again.durable_through, 1)
        self.assertEqual(self.counted(), ONE)

    def test_a_person_with_two_missions_is_one_person(self):
        person = self.enrolled()
        self.agency.send(facts.started("M-1", person), facts.started("M-2", person))
        self.assertEqual(self.counted(), ONE | {f"missions:{YEAR}": 2, "missions:total": 2})

    def test_a_renewal_is_no_new_mission(self):
        person = self.enrolled()
        self.agency.send(facts.started("M", person))
        exceptions = self.agency.send(*(facts.fact("extended", "M", number=n, new_end=facts.today(30 * n))
                                        for n in (1, 2, 3)))
        self.assertEqual([(n, e.outcome, e.reason) for n, e in exceptions.items()], [(4, 1, "RENEWALS_OVER_2")])
        self.assertEqual(self.counted(), ONE)
        self.assertEqual(self.row()["events:total"], 4)

    def test_hours_before_the_start_imply_it(self):
        person = self.enrolled()
        self.agency.send(facts.fact("confirmed", "M", person), facts.fact("hours", "M"))
        self.assertEqual(self.counted().get("missions:total"), 1)
        self.agency.send(facts.started("M", person))
        self.assertEqual(self.counted(), ONE)

    def test_a_fixed_term_contract_is_no_mission(self):
        self.agency.send(facts.started("M", self.enrolled(), contract_kind=facts.CDD))
        self.assertEqual(self.counted(), {})

    def test_a_late_event_counts_and_is_listed_as_late(self):
        self.agency.send(facts.started("M", self.enrolled(), on=facts.today(-10)))
        self.assertEqual(self.row()["late:total"], 1)
        listed = self.agency.caller.call("placements.v1.ListExceptions", region="52", stream=self.agency.siret,
                                         late=True).body.exceptions
        self.assertEqual([(e.state.sequence, e.late_days) for e in listed], [(1, 10)])


class Lowering(MainJob):
    def test_a_cancellation_after_the_start_lowers_missions_and_young_people(self):
        person = self.enrolled()
        self.agency.send(facts.started("M-1", person), facts.started("M-2", person))
        self.agency.send(facts.corrected("cancelled", "M-2"))
        self.assertEqual(self.counted(), ONE)
        self.agency.send(facts.corrected("cancelled", "M-1"))
        self.assertEqual(self.counted(), {})

    def test_a_correction_to_another_kind_of_contract_lowers_them(self):
        self.agency.send(facts.started("M", self.enrolled()))
        self.assertEqual(self.counted(), ONE)
        self.agency.send(facts.corrected("started", "M", contract_kind=facts.CDD))
        self.assertEqual(self.counted(), {})
        self.agency.send(facts.corrected("started", "M"))
        self.assertEqual(self.counted(), ONE)

    def test_a_correction_of_the_start_moves_it_to_its_year(self):
        self.agency.send(facts.started("M", self.enrolled()))
        before = (datetime.date.today() - datetime.timedelta(days=400)).isoformat()
        self.agency.send(facts.corrected("started", "M", on=before))
        self.assertEqual({name: value for name, value in self.row().items() if name.startswith("missions:")},
                         {f"missions:{before[:4]}": 1, "missions:total": 1})

    def test_what_is_called_off_before_the_start_never_counts(self):
        person = self.enrolled()
        self.agency.send(facts.fact("confirmed", "M", person), facts.fact("cancelled", "M"))
        refused = self.agency.send(facts.started("M", person))
        self.assertEqual(refused[3].outcome, 5)
        self.assertEqual(self.counted(), {})
        self.assertEqual(self.row()["rejected:total"], 1)

    def test_the_same_fact_again_changes_nothing_and_another_value_asks_for_a_correction(self):
        person = self.enrolled()
        self.agency.send(facts.started("M", person))
        known = self.agency.send(facts.started("M", person, host_siret=facts.HOST))
        self.assertEqual((known[2].outcome, known[2].reason, known[2].same_as), (2, "KNOWN_FACT", 1))
        other = self.agency.send(facts.started("M", person, on=facts.today(-2)))
        self.assertEqual((other[3].outcome, other[3].reason, other[3].same_as), (5, "USE_CORRECTION", 1))
        self.assertEqual(self.counted(), ONE)
        self.assertEqual((self.row()["duplicates:total"], self.row()["rejected:total"]), (1, 1))


class Lives(MainJob):
    def test_a_life_from_proposal_to_term(self):
        person = self.enrolled()
        self.agency.send(facts.fact("proposed", "M", person), facts.fact("confirmed", "M", person),
                         facts.started("M", person), facts.fact("hours", "M"), facts.fact("extended", "M"),
                         facts.fact("ended", "M"))
        self.assert_states(*["ENDED_AT_TERM"] * 6)
        self.assertEqual(self.counted(), ONE)

    def test_other_ends(self):
        person = self.enrolled()
        self.agency.send(facts.fact("proposed", "M-1", person), facts.fact("refused", "M-1"),
                         facts.fact("confirmed", "M-2", person), facts.fact("cancelled", "M-2"),
                         facts.started("M-3", person), facts.fact("ended", "M-3", motive=facts.EARLY_HOST),
                         facts.started("M-4", person), facts.corrected("cancelled", "M-4"))
        self.assert_states("REFUSED", "REFUSED", "CANCELLED", "CANCELLED", "ENDED_EARLY", "ENDED_EARLY",
                           "CANCELLED", "CANCELLED")
        self.assertEqual(self.counted(), ONE)

    def test_an_agency_sees_its_placements(self):
        person = self.enrolled()
        self.agency.send(facts.started("M", person), facts.fact("hours", "M", minutes=1200))
        rows = self.agency.caller.call("placements.v1.ListPlacements", region="52", stream=self.agency.siret)
        self.assertEqual([(p.young_person, p.started_on, p.minutes) for p in rows.body.placements],
                         [(person, facts.today(-1), 1200)])


class Regions(MainJob):
    def test_a_person_with_missions_in_two_regions_counts_once_in_the_country(self):
        before = self.figures.of("region", "FR").get("young_people:total", 0)
        person = self.enrolled()
        elsewhere = self.cast.agency(self.ett, PARIS)
        self.agency.send(facts.started("M", person))
        wait_enrolled(elsewhere, person)
        elsewhere.send(facts.started("M", person))
        self.assertEqual(self.figures.of("region", "FR")["young_people:total"], before + 1)
        # A mission counts where the Mission Locale is, its events where the agency is.
        self.assertEqual(self.figures.of(f"agency/{elsewhere.siret}", "52").get("missions:total"), 1)
        self.assertIsNone(self.figures.of(f"agency/{elsewhere.siret}", "11").get("missions:total"))
        self.assertGreaterEqual(self.figures.of(f"agency/{elsewhere.siret}", "11").get("events:total"), 2)

    def test_figures_stand_in_redis_as_reporting_answers_them(self):
        self.agency.send(facts.started("M", self.enrolled()))
        self.figures.of()
        for region in ("52", "11", "FR"):
            harness.wait_until(lambda: in_redis(self.platform.redis, region) == self.figures.all(region),
                               f"Redis holds the figures of {region}")

    def test_watch_answers_when_a_figure_moves(self):
        person = self.enrolled()
        self.figures.of()
        watch = {"regions": ["52"], "row": f"agency/{self.agency.siret}"}
        first = self.figures.caller.call("reporting.v1.Watch", **watch).body
        waiting = self.figures.caller.send("reporting.v1.Watch", reporting.WatchRequest(
            token=first.token, wait_ms=9000, **watch))
        self.agency.send(facts.started("M", person))
        moved = self.figures.caller.answer_to(waiting).body
        self.assertIn(("missions:total", 1), [(c.name, c.value) for c in moved.regions[0].counters])


class Unmatched(MainJob):
    def test_a_mission_of_somebody_unknown_counts_once_the_enrolment_arrives(self):
        """Placements cannot hear of the enrolment: it is down while it happens, then registry is."""
        platform = self.platform
        platform.placements.stop()
        person = self.mission_locale.enrol()
        platform.registry.stop()
        platform.placements.start(wait=False)
        exceptions = self.agency.send(facts.started("M", person), facts.fact("hours", "M"))
        self.assertEqual({(e.outcome, e.reason) for e in exceptions.values()}, {(3, "PERSON_UNKNOWN")})
        platform.registry.start()
        platform.placements.wait_ready()
        harness.wait_until(lambda: self.counted() == ONE, "the mission counts")
        self.assertNotIn("unmatched:now", self.row())

    def test_a_person_who_is_never_enrolled_stays_unmatched(self):
        self.agency.send(facts.started("M", facts.NEVER_ENROLLED))
        self.assertEqual(self.counted(), {})
        self.assertEqual(self.row()["unmatched:now"], 1)
        listed = self.agency.caller.call("placements.v1.ListExceptions", region="52", stream=self.agency.siret,
                                         outcomes=[3]).body.exceptions
        self.assertEqual([e.state.sequence for e in listed], [1])


class AgeRule(MainJob):
    def test_a_new_rule_row_changes_the_next_decision_without_a_restart(self):
        fifteen = facts.today(-15 * 366)
        refused = self.enrol(birth_date=fifteen)
        self.assertEqual((refused.code, refused.reason, refused.field),
                         ("FAILED_PRECONDITION", "AGE_OUTSIDE_RULE", "birth_date"))
        before = self.enrol().body.rule_version
        version = self.cast.operator.command("registry.v1.SetRule", rule=registry.ProgrammeRule(
            programme=1, valid_from=facts.today(), age_min=15, age_limit=26, age_limit_rqth=26,
            source="a rule of this test")).version
        self.assertEqual(version, before + 1)
        admitted = self.enrol(birth_date=fifteen)
        self.assertEqual(admitted.body.rule_version, version)
        # Before its first day the old row still decides.
        yesterday = self.enrol(birth_date=fifteen, entry_on=facts.today(-1))
        self.assertEqual(yesterday.reason, "AGE_OUTSIDE_RULE")

    def enrol(self, **fields):
        return self.mission_locale.caller.call("registry.v1.Enrol", self.mission_locale.request(
            **({"programme": 1} | fields)), "52", os.urandom(16))


if __name__ == "__main__":
    unittest.main()
