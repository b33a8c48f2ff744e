# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Holds what senders were told against what the logs hold.

    /usr/bin/python3 tests/observer/check_history.py DATA HISTORY...       DATA: a folder, or a file that dump.py wrote

Histories are those of mj-load (tools/mj-load/HISTORY.md), of every sender: a stored event that stands in none is a
violation. One line for each invariant, with counts; exit status 1 where one is violated.

  I1  every acknowledged event is stored exactly once, as it was answered, with the bytes that were sent
  I2  every stored event was attempted, with these bytes; no number twice; one payload hash for each content
  I3  what was rejected stands as a rejection and nothing else, what was not is none; probes changed nothing
  I6  numbers of a stream have no gap; what Resume and answers said is neither below what was acknowledged before nor
      above what is stored
Linear in the history; no search.
"""
import hashlib
import json
import pathlib
import sys
from collections import defaultdict, namedtuple

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import dump                                                                 # noqa: E402

NUMBERED = ("EventAccepted", "EventKnown", "EventRejected")
TRY_AGAIN = ("NOT_CONNECTED", "NO_INSTANCE", "CALLS_OUTSTANDING", "CLOSED", "MOVED", "STARTING", "STOPPING",
             "REQUESTS_IN_WORK", "BUSY", "CREDIT", "NO_CREDIT", "DISK_FULL", "MEMORY", "STORE_BUSY")
SHOWN = 20
Finding = namedtuple("Finding", "invariant text faults")


class History:
    """What the senders noted, in the order in which they did."""

    def __init__(self):
        self.attempts = defaultdict(list)       # (stream, n) -> event lines; more than one after a sender was killed
        self.heard = {}                         # (stream, n) -> first result line
        self.durable = defaultdict(int)         # stream -> highest number an answer called durable
        self.resumed = defaultdict(int)         # stream -> highest number a Resume answered
        self.unheard = set()                    # (stream, n) of which only a Resume said that it is taken
        self.highest = defaultdict(int)         # stream -> highest number attempted
        self.probes = {}                        # (stream, id, line's run) -> probe line
        self.probed = []                        # (probe line, its end)
        self.resumes, self.runs, self.faults = 0, 0, []

    def take(self, line):
        op, stream = line["op"], line.get("stream")
        if op == "run":
            self.runs += 1
        elif op == "event":
            self.attempts[stream, line["n"]].append(line)
            self.highest[stream] = max(self.highest[stream], line["n"])
        elif op == "result":
            self.heard.setdefault((stream, line["n"]), line)
        elif op == "durable":
            self.durable[stream] = max(self.durable[stream], line["through"])
            self.told_too_much(op, stream, line["through"])
        elif op == "resumed":
            self.take_resumed(stream, line["through"])
        elif op == "probe":
            self.probes[stream, line["id"], self.runs] = line
        elif op == "probed":
            self.probed.append((self.probes.get((stream, line["id"], self.runs)), line))

    def take_resumed(self, stream, through):
        self.resumes += 1
        if through < self.durable[stream]:
            self.faults.append(f"{stream}: Resume said {through}, {self.durable[stream]} was acknowledged before")
        self.told_too_much("resumed", stream, through)
        known = max(self.durable[stream], self.resumed[stream])
        self.unheard.update((stream, n) for n in range(known + 1, through + 1))
        self.resumed[stream] = max(self.resumed[stream], through)

    def told_too_much(self, op, stream, through):
        if through > self.highest[stream]:
            self.faults.append(f"{stream}: {op} {through}, nothing beyond {self.highest[stream]} was sent")

    def acknowledged(self):
        """(stream, n, whether its outcome was heard) of every ok event."""
        for stream, highest in self.highest.items():
            for n in range(1, max(self.durable[stream], self.resumed[stream]) + 1):
                if n <= highest:
                    yield stream, n, (stream, n) in self.heard or (stream, n) not in self.unheard


def read_history(lines):
    """A line that a kill cut is no end of any call: it is passed over, and what a later run wrote behind it is read."""
    history = History()
    for line in lines:
        start = line.rfind('{"t":')
        try:
            history.take(json.loads(line[start:]))
        except (ValueError, KeyError):
            if line.endswith("\n") and start == 0:
                raise
    return history


def packed(ref, rest):
    """The bytes a sender sent: field 1, the reference that the service cut out, and the rest."""
    name = ref.encode()
    return b"\x0a" + bytes([len(name)]) + name + rest


def content(entry, ref):
    return hashlib.blake2b(packed(ref, bytes.fromhex(entry["payload"]["event_bytes"])), digest_size=32).hexdigest()


class Stored:
    """The numbered entries of all logs."""

    def __init__(self, entries):
        self.at = {}                            # (stream, n) -> entry
        self.last = defaultdict(int)            # stream -> highest number, in the order of the log
        self.twice, self.gaps = [], []
        for entry in entries:
            if entry["type"] in NUMBERED:
                self.add(entry, entry["payload"]["stream"], entry["payload"]["sequence"])

    def add(self, entry, stream, n):
        if (stream, n) in self.at:
            self.twice.append(f"{name_of(stream, n)} is stored twice")
        elif n != self.last[stream] + 1:
            self.gaps.append(f"{name_of(stream, n)} follows {self.last[stream]} in the log")
        self.at[stream, n] = entry
        self.last[stream] = max(self.last[stream], n)


def name_of(stream, n):
    return f"{stream}/{n}"


def answered_wrongly(entry, result):
    """"" where what is stored is what was answered."""
    outcome, reason = (result["outcome"], result.get("reason", "")) if result else ("accepted", "")
    kind, payload = entry["type"], entry["payload"]
    right = {"accepted": kind == "EventAccepted" and not payload.get("unmatched"),
             "unmatched": kind == "EventAccepted" and payload.get("unmatched"),
             "duplicate": kind == "EventKnown" if reason == "KNOWN_FACT" else kind in ("EventAccepted", "EventKnown"),
             "rejected": kind == "EventRejected" and payload.get("reason") == reason}
    return "" if right.get(outcome) else f"answered {outcome} {reason}, stored as {kind} {payload.get('reason', '')}"


def check_acknowledged(history, stored):
    faults, count, unheard = [], 0, 0
    for stream, n, heard in history.acknowledged():
        count += 1
        unheard += not heard
        entry = stored.at.get((stream, n))
        if entry is None:
            faults.append(f"{name_of(stream, n)} was acknowledged and is not stored")
        elif heard and (wrong := answered_wrongly(entry, history.heard.get((stream, n)))):
            faults.append(f"{name_of(stream, n)}: {wrong}")
    return Finding("I1", f"{count} events acknowledged, of {unheard} of them the outcome was not heard",
                   faults + stored.twice)


def check_attempted(history, stored):
    faults, hashes, unknown = [], {}, 0
    for (stream, n), entry in stored.at.items():
        attempts = history.attempts.get((stream, n))
        if not attempts:
            faults.append(f"{name_of(stream, n)} is stored and was never sent")
            continue
        unknown += n > max(history.durable[stream], history.resumed[stream])
        sent = {line["blake2b"] for line in attempts}
        if entry["type"] == "EventAccepted":
            sent &= {content(entry, line["ref"]) for line in attempts}
            if not sent:
                faults.append(f"{name_of(stream, n)} is stored with other bytes than were sent")
        if len(sent) == 1:
            faults += two_hashes(hashes, (entry["region"], entry["payload"]["key"], entry["payload"]["payload_hash"]),
                                 sent.pop(), name_of(stream, n))
    return Finding("I2", f"{len(stored.at)} events stored, {unknown} of them never acknowledged", faults + stored.twice)


def two_hashes(hashes, tag, blake2b, name):
    """One keyed hash, one content; and the other way round, under one key."""
    faults = []
    for key, held in ((tag, blake2b), (tag[:2] + (blake2b,), tag[2])):
        if hashes.setdefault(key, held) != held:
            faults.append(f"{name}: its payload hash and its content do not belong together")
    return faults


def check_refused(history, stored):
    faults, rejected = [], 0
    for (stream, n), entry in stored.at.items():
        rejected += entry["type"] == "EventRejected"
        expected = {line["expect"] for line in history.attempts.get((stream, n), [])}
        if expected and (entry["type"] == "EventRejected") != (expected == {"rejected"}) and len(expected) == 1:
            faults.append(f"{name_of(stream, n)} was to be {expected.pop()}, is stored as {entry['type']} "
                          f"{entry['payload'].get('reason', '')}")
    faults += [fault for probe, end in history.probed if (fault := probe_fault(probe, end))]
    return Finding("I3", f"{rejected} events rejected, {len(history.probed)} probes answered", faults)


def probe_fault(probe, end):
    """"" where a probe ended as it must, or in a way that says nothing about the event it sent."""
    got = end.get("outcome") if end["end"] == "ok" else end["end"]
    reason = end.get("reason", "")
    if probe is None:
        return f"probe {end['id']} of {end['stream']} ended, and never began"
    if got == "unknown" or (got == "refused" and reason in TRY_AGAIN):
        return ""
    if got == probe["expect"] and (probe["what"] != "gap" or reason == "GAP"):
        return ""
    return f"probe {end['id']} of {end['stream']}: {got} {reason}, expected {probe['expect']}"


def check_numbers(history, stored):
    faults = list(history.faults)
    for stream in history.highest.keys() | stored.last.keys():
        told = max(history.durable[stream], history.resumed[stream])
        if told > stored.last[stream]:
            faults.append(f"{stream}: {told} was said to be taken, the log ends at {stored.last[stream]}")
    return Finding("I6", f"{len(stored.last)} streams, {history.resumes} times resumed", faults + stored.gaps)


def check(history, entries):
    """A Finding for each invariant; it holds where faults is empty."""
    stored = Stored(entries)
    return [one(history, stored) for one in (check_acknowledged, check_attempted, check_refused, check_numbers)]


def lines_of(paths):
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as file:
            yield from file


def read_entries(data):
    """Entries of a data folder, or of a file of lines that dump.py wrote; and what is wrong with the logs."""
    if pathlib.Path(data).is_dir():
        lines = list(dump.logs(data))
    else:
        lines = [json.loads(line) for line in lines_of([data])]
    broken = [f"{line['service']}/{line['region']}: {error}" for line in lines if line["kind"] == "log"
              for error in line["errors"]]
    return [line for line in lines if line["kind"] == "entry"], broken


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    entries, broken = read_entries(arguments[0])
    findings = check(read_history(lines_of(arguments[1:])), entries)
    findings.append(Finding("I7", f"{len(entries)} entries in their chains", broken))
    for finding in findings:
        print(f"{finding.invariant} {'VIOLATED' if finding.faults else 'holds'}: {finding.text}"
              f"{f', {len(finding.faults)} violations' if finding.faults else ''}")
        print("".join(f"  {fault}\n" for fault in finding.faults[:SHOWN]), end="")
    return 1 if any(finding.faults for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
