# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a run is asked for: how many of each fault, how quick, and which invariant is checked by which part.

Everything here reads {part: its counts}; a part that did not run, or failed before it counted, has none.
"""
import collections

# push, nightly: what is asked at that size; seen(counts), None where no part tells; most: a limit from above.
Figure = collections.namedtuple("Figure", "title push nightly seen unit most", defaults=("", False))


def of(part, *names):
    """Takes a count by its path; None where it is not there."""
    def take(counts):
        value = counts.get(part)
        for name in names:
            value = value.get(name) if value is not None else None
        return value
    return take


def once(part):
    """One, where the part got to its end."""
    return lambda counts: 1 if part in counts else None


def ordered(counts):
    """Acknowledgements whose commit stands in the trace; those older than it were held against nothing."""
    told = counts.get("images", {}).get("I12")
    return told["acks"] - told["older_than_the_trace"] if told else None


def nothing(_counts):
    """No part does it yet."""


FIGURES = [
    Figure("kills under load", 100, 3000, of("kills", "kills")),
    Figure("power cuts, disks opened in process", 3000, 100_000, of("images", "images")),
    Figure("power cuts, real starts among them", 100, 100, of("images", "starts")),
    Figure("n-th calls that fail", 60, 60, of("nth", "injections")),
    Figure("pauses and network faults", 40, 40, of("network", "faults")),
    Figure("Redis faults", 10, 10, nothing),
    Figure("simulator: seeds", 200, 20_000, of("simulator", "seeds")),
    Figure("simulator: virtual time of a seed, at least", 200, 200, of("simulator", "least_virtual_s"), " s"),
    Figure("simulator: events of a seed, at least", 2000, 2000, of("simulator", "least_events")),
    Figure("simulator: times real time", 1000, 1000, of("simulator", "times_real_time")),
    Figure("new fuzz inputs", 3_000_000, 100_000_000, of("fuzz", "inputs")),
    Figure("ready after a kill with 1,000,000 events stored, p99", 1, 1, nothing, " s", True),
    Figure("ready after a kill, p99 (as many events stored as the run made)", 1, 1, of("kills", "ready_p99_s"), " s",
           True),
    Figure("open events acknowledged after the last kill", 5, 5, of("kills", "alive_after_s"), " s", True),
    Figure("open events acknowledged after the last fault (real services, bad network)", 5, 5,
           of("network", "alive_after_s"), " s", True),
    Figure("everything acknowledged, ready and counted after the last fault (simulated)", 15, 15,
           of("simulator", "quiet_worst_s"), " s", True),
    Figure("real start on a disk after a power cut, worst (small store)", 1, 1, of("images", "ready_worst_s"), " s",
           True),
]


def verdict(figure, size, counts):
    """met, NOT MET, not yet built, or not run."""
    if figure.seen is nothing:
        return "not yet built"
    seen, limit = figure.seen(counts), bar(figure, size)
    if seen is None:
        return "not run"
    return "met" if (seen <= limit if figure.most else seen >= limit) else "**NOT MET**"


def bar(figure, size):
    return figure.push if size == "push" else figure.nightly


# The whole run, at most.
SECONDS = {"push": 300, "nightly": 5400}

# What must be none: title, the parts that would have failed.
NONE = [
    ("acknowledged events lost", ("kills", "network", "nth", "images", "simulator")),
    ("events counted twice", ("kills", "network", "nth", "simulator")),
    ("acknowledgements before their sync", ("images", "simulator")),
    ("fuzz inputs that broke something", ("fuzz",)),
]

# Each invariant: what it says, and [(part, the count of what was checked, what that is)].
INVARIANTS = {
    "I1": ("each acknowledged event is stored exactly once, as it was sent", [
        ("kills", of("kills", "events"), "events, all sent again"),
        ("network", of("network", "events"), "events, all sent again"),
        ("nth", of("nth", "events"), "events, all sent again"), ("images", of("images", "images"), "disks"),
        ("simulator", of("simulator", "events"), "events")]),
    "I2": ("nothing is stored that was not sent, nothing twice", [
        ("kills", of("kills", "events"), "events"),
        ("network", of("network", "events"), "events"), ("nth", of("nth", "events"), "events"),
        ("images", of("images", "images"), "disks"), ("simulator", of("simulator", "events"), "events")]),
    "I3": ("what was refused appears as a rejection only", [
        ("simulator", of("simulator", "events"), "events, malformed ones among them")]),
    "I4": ("no envelope is overdrawn", []),
    "I5": ("each figure equals a recount at its positions", [
        ("kills", once("kills"), "recount of all figures at the end"),
        ("network", once("network"), "recount of all figures at the end"),
        ("nth", once("nth"), "recount of all figures at the end"),
        ("simulator", of("simulator", "readings"), "readings")]),
    "I6": ("numbers without a gap; Resume says no less than was acknowledged", [
        ("kills", of("kills", "events"), "events"),
        ("network", of("network", "events"), "events"), ("nth", of("nth", "events"), "events"),
        ("images", of("images", "starts"), "real starts"), ("simulator", of("simulator", "seeds"), "seeds")]),
    "I7": ("the chain of each log holds", [
        ("kills", of("kills", "events"), "events, by the observer"),
        ("images", of("images", "images"), "disks"), ("network", of("network", "events"), "events, by the observer"),
        ("nth", of("nth", "events"), "events, by the observer"),
        ("simulator", of("simulator", "events"), "events, commit by commit")]),
    "I8": ("nobody reads beyond their role, region and organisation", []),
    "I9": ("no personal data in logs, Redis, metrics or errors", []),
    "I10": ("after the last fault everything is acknowledged and ready", [
        ("kills", of("kills", "kills"), "kills, one end"),
        ("network", of("network", "faults"), "faults, one end"), ("nth", of("nth", "injections"), "faults, one end"),
        ("simulator", of("simulator", "seeds"), "seeds")]),
    "I11": ("memory, files and queues stay within their limits", []),
    "I12": ("no acknowledgement before the sync that covers it", [
        ("images", ordered, "acknowledgements"),
        ("simulator", of("simulator", "events"), "events acknowledged")]),
    "I13": ("a process ends by the fault, an orderly stop, or a deliberate abort", [
        ("nth", of("nth", "injections"), "faults")]),
    "I14": ("the tables are sound after a start", [
        ("images", of("images", "starts"), "real starts, by integrity_check")]),
}
