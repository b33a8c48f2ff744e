# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""An agency's numbered stream (proto/PROTOCOL.md, section 7): events are spooled on this machine's disk, numbered, sent
within credit, resent after any doubt, and acknowledged once they are on the service's disk.

    stream = NumberedStream(platform, "73282932000074", "spool.db", commune="44109", result=print)
    stream.send(event("M-1", "R52-...", started={"on": "2026-11-23", ...}))
    stream.flush()

Nothing here starts a thread: a stream works while pump() or flush() runs, and calls back from there.
"""
import sqlite3
import time
from collections import namedtuple

from missionjeunes.placements.v1 import placements_pb2
from missionjeunes.registry.v1 import registry_pb2
from missionjeunes_client import TIMEOUT_S, TRY_AGAIN, Backoff, Connection, Refused, Unknown, new_key

BATCH_EVENTS, BATCH_BYTES, EVENT_BYTES = 1000, 512 * 1024, 16 * 1024
KEPT_S = 35 * 24 * 3600             # acknowledged events, so that a restored service can be filled again


class Spool:
    """The sender's own disk: every event under its number before it is sent, and for 35 days after it is durable."""

    def __init__(self, path, stream):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("CREATE TABLE IF NOT EXISTS stream(siret TEXT PRIMARY KEY, region TEXT, last INTEGER)")
        self.db.execute("CREATE TABLE IF NOT EXISTS event(number INTEGER PRIMARY KEY, bytes BLOB, acknowledged REAL)")
        self.db.execute("CREATE INDEX IF NOT EXISTS waiting ON event(number) WHERE acknowledged IS NULL")
        self.db.execute("INSERT INTO stream SELECT ?, '', 0 WHERE NOT EXISTS (SELECT 1 FROM stream)", (stream,))
        siret, self.region, self.last = self.db.execute("SELECT siret, region, last FROM stream").fetchone()
        if siret != stream:
            raise Refused("FAILED_PRECONDITION", "OTHER_STREAM", message=f"{path} is the spool of {siret}")
        self.db.execute("DELETE FROM event WHERE acknowledged < ?", (time.time() - KEPT_S,))

    def set_region(self, region):
        self.region = region
        self.db.execute("UPDATE stream SET region = ?", (region,))

    def set_last(self, last):
        self.last = last
        self.db.execute("UPDATE stream SET last = ?", (last,))

    def add(self, events):
        with self.db:
            self.db.execute("BEGIN")
            self.db.executemany("INSERT INTO event VALUES(?, ?, NULL)", enumerate(events, self.last + 1))
            self.db.execute("UPDATE stream SET last = ?", (self.last + len(events),))
        self.last += len(events)

    def read(self, first, events, size):
        """Packed events from a number on, at most so many and so many bytes."""
        taken = []
        for number, packed in self.db.execute(
                "SELECT number, bytes FROM event WHERE number >= ? ORDER BY number LIMIT ?", (first, events)):
            size -= len(packed)
            if number != first + len(taken) or size < 0:
                break
            taken.append(packed)
        return taken

    def acknowledge(self, first, count):
        self.db.execute("UPDATE event SET acknowledged = ? WHERE number BETWEEN ? AND ? AND acknowledged IS NULL",
                        (time.time(), first, first + count - 1))

    def durable(self):
        """Every number up to this one is acknowledged."""
        first = self.db.execute("SELECT min(number) FROM event WHERE acknowledged IS NULL").fetchone()[0]
        return self.last if first is None else first - 1


Result = namedtuple("Result", "number outcome reason field message same_as level")
Batch = namedtuple("Batch", "first count bytes sent")


def level(outcome, reason):
    """The four levels for people; 2, "try again", is no event's: it is Unknown, or Refused with a code of TRY_AGAIN."""
    if outcome in ("CONFLICT", "REJECTED"):
        return 3
    return 1 if outcome == "UNMATCHED" or (outcome == "ACCEPTED" and reason) else 0


def event(ref, young_person="", occurred_at_ms=None, **fact):
    """A packed event: event("M-1", "R52-...", started={"on": "2026-11-23", ...}). A resend sends the same bytes."""
    message = placements_pb2.PlacementEvent(placement_ref=ref.encode(), young_person=young_person,
                                            occurred_at_ms=occurred_at_ms or int(time.time() * 1000), **fact)
    return message.SerializeToString(deterministic=True)


class NumberedStream:
    """One agency's stream. Callbacks, all optional, all called by pump():
    result(Result) for each event that was not simply accepted; durable(through); trouble(Refused or Unknown)."""

    def __init__(self, platform, siret, spool, commune="", result=None, durable=None, trouble=None):
        self.platform, self.siret, self.commune = platform, siret, commune
        self.spool = Spool(spool, siret)
        self.on_result, self.on_durable, self.on_trouble = result, durable, trouble
        self.backoff, self.wait_until = Backoff(), 0.0
        self.connection, self.outstanding = None, {}
        self.next = self.credit_events = self.credit_bytes = 0
        self.declare_key = new_key()

    def open(self, timeout=30.0):
        """Waits until the stream may be written to. An empty spool learns its place here, before its first event."""
        self._run_until(lambda: self.connection is not None, timeout)

    def send(self, *events):
        """Numbers packed events and puts them on disk; the number of the last. pump() or flush() sends them."""
        if any(len(one) > EVENT_BYTES for one in events):
            raise ValueError(f"an event has more than {EVENT_BYTES} bytes")
        if not self.spool.region:
            self.open()
        self.spool.add(events)
        return self.spool.last

    def flush(self, timeout=30.0):
        """Pumps until everything is durable. Unknown: some is not yet; it stays in the spool, and goes on later."""
        self._run_until(lambda: self.connection is not None and not self.outstanding and self.next > self.spool.last,
                        timeout)

    def pump(self, timeout=0.0):
        """One step: sends what credit allows, takes one answer. What can be tried again is, after a pause; other
        refusals (PERMISSION_DENIED, INVALID_ARGUMENT ...) are raised."""
        try:
            pause = self.wait_until - time.monotonic()
            if pause > 0:
                time.sleep(min(pause, timeout))
                return
            if self.connection is None:
                self._resume()
            self._send_batches()
            self._receive(timeout)
        except Unknown as unknown:
            self._pause(unknown)
        except Refused as refused:
            self._pause(refused)
            if refused.code not in TRY_AGAIN and refused.reason != "GAP":
                raise

    def close(self):
        self._disconnect()
        self.spool.db.close()

    def _run_until(self, done, timeout):
        deadline = time.monotonic() + timeout
        while not done():
            if time.monotonic() > deadline:
                raise Unknown(f"stream {self.siret}: not done in {timeout:g} s; it is safe in the spool, go on later")
            self.pump(0.2)

    def _pause(self, error):
        """After any doubt: a new connection, a look into the directory, Resume."""
        self._disconnect()
        self.wait_until = time.monotonic() + self.backoff.next(error.retry_after_s)
        if self.on_trouble:
            self.on_trouble(error)

    def _disconnect(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None
        self.outstanding.clear()

    def _declare(self):
        answer = self.platform.call("registry.v1.DeclareAgency", "FR", registry_pb2.DeclareAgencyRequest(
            siret=self.siret, commune=self.commune), self.declare_key)
        self.spool.set_region(answer.region)

    def _resume(self):
        if not self.spool.region:
            self._declare()
        where = self.platform.resolve("placements", self.spool.region)
        connection = Connection(self.platform.context, *where, self.platform.keys)
        try:
            answer = connection.call("placements.v1.Resume", self.spool.region,
                                     placements_pb2.ResumeRequest(stream=self.siret))
        except (Refused, Unknown):
            connection.close()
            raise
        self.connection = connection
        self._take_credit(answer.credit)
        if self.spool.last < answer.last_sequence:
            self.spool.set_last(answer.last_sequence)       # we lost our place: go on behind what the service has
        # What the service has and we have no answer for is sent again too: it is how its outcome is learnt.
        self.next = min(self.spool.durable(), answer.last_sequence) + 1

    def _take_credit(self, credit):
        self.credit_events, self.credit_bytes = credit.events, credit.bytes

    def _send_batches(self):
        while self.next <= self.spool.last:
            events = self.credit_events - sum(b.count for b in self.outstanding.values())
            size = self.credit_bytes - sum(b.bytes for b in self.outstanding.values())
            batch = self.spool.read(self.next, min(max(events, 0), BATCH_EVENTS), min(size, BATCH_BYTES))
            if not batch:
                break
            message = placements_pb2.IngestRequest(stream=self.siret, first_sequence=self.next, events=batch)
            sent = self.connection.send("placements.v1.Ingest", self.spool.region, message.SerializeToString())
            self.outstanding[sent] = Batch(self.next, len(batch), sum(map(len, batch)), time.monotonic())
            self.next += len(batch)
        if not self.outstanding and self.next <= self.spool.last:
            if not self.spool.read(self.next, 1, BATCH_BYTES):
                raise Refused("DATA_LOSS", "SPOOL_HOLE", message=f"number {self.next} is asked for, and kept no more")
            raise Refused("RESOURCE_EXHAUSTED", "NO_CREDIT", message="the service gives no credit now")

    def _receive(self, timeout):
        answer = self.connection.receive(timeout)
        if answer is None:
            if any(time.monotonic() - b.sent > TIMEOUT_S for b in self.outstanding.values()):
                raise Unknown(f"no answer in {TIMEOUT_S:g} s")
            return
        correlation, body, error = answer
        batch = self.outstanding.pop(correlation, None)
        if error is not None:
            raise error
        if batch is not None:
            self._taken(batch, placements_pb2.IngestResponse.FromString(body))

    def _taken(self, batch, answer):
        self.backoff.reset()
        self._take_credit(answer.credit)
        for e in answer.exceptions if self.on_result else ():
            outcome = placements_pb2.Outcome.Name(e.outcome)[len("OUTCOME_"):]
            self.on_result(Result(e.sequence, outcome, e.reason, e.field, e.message, e.same_as,
                                  level(outcome, e.reason)))
        self.spool.acknowledge(batch.first, batch.count)    # after the callbacks: a crash tells them twice, not never
        if self.on_durable:
            self.on_durable(self.spool.durable())
