# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Clients that work through failures, each in a thread of its own, keeping their own history for a checker.

    senders = [Sender(agency, persons, seed=n) for n, agency in enumerate(agencies)]
    ... start(), kill services, finish() ...
    check_streams(entries, senders)

A Sender does what PROTOCOL.md, section 7, asks of an agency: numbers once, the same bytes in every resend, Resume
after any doubt. An Enroller does what section 10 asks of a Mission Locale: the same key until the outcome is known.
"""
import os
import random
import threading

import facts
from wire import Silence

PATIENCE_S = 1.5                                 # then an answer is taken for lost
GIVE_UP_S = 60
BATCH = 10
PAUSE_S = 0.05                                   # between batches: a load to fail under, not a benchmark
REJECTED_TOO = ("EventAccepted", "EventKnown", "EventRejected")


class Worker(threading.Thread):
    """Takes steps until it is told to stop; what goes wrong in a step fails the test that calls finish()."""

    def __init__(self):
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.stopping.is_set():
                self.step()
            self.settle()
        except BaseException as failure:         # pylint: disable=broad-except
            self.failure = failure

    def settle(self):
        """Waits for what is under way."""

    def finish(self):
        self.stopping.set()
        self.join(GIVE_UP_S)
        assert not self.is_alive(), f"{self.name} did not come to an end"
        if self.failure:
            raise self.failure


class Sender(Worker):
    """Streams made-up lives of placements for one agency."""

    def __init__(self, agency, persons, seed):
        super().__init__()
        self.agency, self.persons, self.random = agency, persons, random.Random(seed)
        self.events = []                         # events[i] has the number i + 1
        self.durable = 0                         # the last number that was acknowledged
        self.outcomes = {}                       # number -> (outcome, reason) told in an acknowledgement
        self.doubts = 0                          # how often the outcome was unknown
        self.lives = []

    def next_event(self):
        """The next fact of a placement's life; some are wrong, some of people unknown."""
        if not self.lives:
            ref = f"{self.agency.siret}-{len(self.events)}"
            person = self.random.choice(self.persons) if self.random.random() < 0.95 else facts.NEVER_ENROLLED
            self.lives = [facts.fact("ended", ref), facts.fact("hours", ref), facts.started(ref, person)]
            if self.random.random() < 0.2:
                self.lives.insert(0, facts.corrected("cancelled", ref))
            if self.random.random() < 0.05:
                self.lives.insert(1, facts.fact("hours", ref, minutes=99999))
        return self.lives.pop()

    def step(self):
        while len(self.events) < self.durable + BATCH:
            self.events.append(self.next_event())
        first = self.durable + 1
        if first > BATCH and self.random.random() < 0.1:
            first -= BATCH // 2                  # a resend of some that are known to be durable
        self.send(first)
        self.stopping.wait(PAUSE_S)

    def settle(self):
        while self.durable < len(self.events):
            self.send(self.durable + 1)

    def send(self, first):
        try:
            answer = self.agency.ingest(first, self.events[first - 1:self.durable + BATCH], PATIENCE_S)
        except Silence:
            self.doubts += 1
            self.agency.connect()
            self.resume()
            return
        if not answer.code:
            self.take(first, answer.body)
        elif answer.code in ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "UNKNOWN"):
            self.stopping.wait(0.05)
            self.resume()
        else:
            raise AssertionError(f"{self.agency.siret} from {first} on: {answer}")

    def take(self, first, body):
        assert body.durable_through >= self.durable, "what was durable is no more"
        told = {e.sequence: (e.outcome, e.reason) for e in body.exceptions}
        for number in range(first, body.durable_through + 1):
            outcome = told.get(number, (0, ""))
            if outcome[1] != "RESEND":
                was = self.outcomes.setdefault(number, outcome)
                assert was == outcome, f"number {number} was {was}, is now {outcome}"
        self.durable = body.durable_through

    def resume(self):
        """Asks until it knows where the stream stands: never before what was acknowledged."""
        while True:
            try:
                answer = self.agency.caller.call("placements.v1.Resume", region=self.agency.region,
                                                 stream=self.agency.siret, seconds=PATIENCE_S)
            except Silence:
                self.agency.connect()
                continue
            if not answer.code:
                break
            assert answer.code in ("UNAVAILABLE", "RESOURCE_EXHAUSTED"), answer
            self.stopping.wait(0.05)
        last = answer.body.last_sequence
        assert self.durable <= last <= len(self.events), f"durable {self.durable}, resumed at {last}"
        self.durable = last

    def resend_all(self):
        """Every event again, with the same bytes: known, or rejected as before. Gives the reasons seen."""
        seen = set()
        for first in range(1, len(self.events) + 1, 500):
            answer = self.agency.ingest(first, self.events[first - 1:first + 499])
            assert not answer.code and answer.body.durable_through == len(self.events), answer
            assert len(answer.body.exceptions) == len(self.events[first - 1:first + 499])
            for e in answer.body.exceptions:
                assert e.reason == "RESEND" or self.outcomes.get(e.sequence, (5, e.reason)) == (5, e.reason), e
                seen.add(e.reason)
        return seen


class Enroller(Worker):
    """Enrols one young person after the other."""

    def __init__(self, mission_locale, connect):
        super().__init__()
        self.locale, self.connect = mission_locale, connect
        self.persons = []

    def step(self):
        key = os.urandom(16)
        while True:
            try:
                answer = self.locale.caller.call("registry.v1.Enrol", self.locale.request(), self.locale.region, key,
                                                 PATIENCE_S)
            except Silence:
                self.locale.caller = self.connect()
                continue
            if not answer.code:
                self.take(answer.body)
                break
            assert answer.code in ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "UNKNOWN"), answer
            self.stopping.wait(0.05)
        self.stopping.wait(PAUSE_S)

    def take(self, body):
        self.persons.append(body.young_person)


def check_streams(entries, senders):
    """Each sender's own history against the log: every number once, without gap, as it was told."""
    for sender in senders:
        kinds = {}
        for entry in entries:
            if entry["type"] in REJECTED_TOO and entry["payload"]["stream"] == sender.agency.siret:
                number = entry["payload"]["sequence"]
                assert number not in kinds, f"number {number} of {sender.agency.siret} is stored twice"
                kinds[number] = entry
        assert sorted(kinds) == list(range(1, len(kinds) + 1)), "numbers with a gap"
        assert len(kinds) >= sender.durable, f"{sender.durable} acknowledged, {len(kinds)} stored"
        for number, (outcome, reason) in sender.outcomes.items():
            payload = kinds[number]["payload"]
            accepted = 3 if payload.get("unmatched") else 0
            stored = {"EventRejected": 5, "EventKnown": 2}.get(kinds[number]["type"], accepted)
            assert stored == outcome, f"number {number}: told {outcome} {reason}, stored {kinds[number]}"


def check_enrolments(entries, enroller):
    """Every acknowledged enrolment is stored, and one person for each command, whatever was sent again."""
    stored = [entry["payload"]["young_person"] for entry in entries if entry["type"] == "PersonEnrolled"
              and entry["payload"]["mission_locale"] == enroller.locale.siret]
    assert len(set(enroller.persons)) == len(enroller.persons), "two commands, one person"
    assert sorted(stored) == sorted(enroller.persons), (len(stored), len(enroller.persons))
