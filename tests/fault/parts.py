# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""The parts of a run: what each is called with at which size, and what it says it did.

Each is a program of its own, so that one that dies or hangs takes no other with it. What it said last is read into
counts: {what: number or {what: number}}.
"""
import json
import pathlib
import re
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIZES = ("push", "nightly", "long")
LIMIT_S = {"push": 900, "nightly": 5400, "long": 72 * 3600}      # of one part; a part that takes longer has failed
SIM_SEEDS = {"push": 200, "nightly": 20_000, "long": 1_000_000}
SEED_LINE = re.compile(
    r"^seed \d+: (?P<verdict>well|WRONG), .*?(?P<virtual_s>[\d.]+) virtual s, (?P<events>\d+) events, .*?"
    r"(?P<faults>\d+) faults, (?P<lives>\d+) lives, .*?(?P<readings>\d+) readings .*quiet after (?P<quiet_s>[\d.]+) s$",
    re.MULTILINE)


def phase(name, scales):
    """A file of phases/: its scale by size, a push being 1."""
    def words(size, seed):
        return ["/usr/bin/python3", "-B", f"tests/fault/phases/{name}.py", "--seed", seed, "--scale", scales[size]]
    return words


def simulator(size, seed):
    """Other seeds for each seed of a run, and never two the same."""
    first, count = (seed - 1) * SIM_SEEDS[size] + 1, SIM_SEEDS[size]
    return ["build/release/bin/mj-sim", "--seeds", f"{first}-{first + count - 1}", "--trace", "--jobs", 2]


def fuzz(size, seed):
    return ["tests/fuzz/run", size, "--json", "--no-build", "--seed", seed]


def last_line(text):
    """What a phase prints at its end; without what it was asked for."""
    counts = json.loads(text.splitlines()[-1])
    return {name: value for name, value in counts.items() if name not in ("phase", "seed", "seconds")}


def of_the_simulator(text):
    """Sums of the seeds' lines; of its speed its own last line tells."""
    seeds = [match.groupdict() for match in SEED_LINE.finditer(text)]
    speed = re.findall(r"([\d.]+) times real time; [\d.]+ s of processor: ([\d.]+) times$", text, re.MULTILINE)
    return {"seeds": len(seeds), "wrong": sum(s["verdict"] == "WRONG" for s in seeds),
            "virtual_s": round(sum(float(s["virtual_s"]) for s in seeds)),
            "least_virtual_s": min(float(s["virtual_s"]) for s in seeds),
            **{name: sum(int(s[name]) for s in seeds) for name in ("events", "faults", "lives", "readings")},
            "least_events": min(int(s["events"]) for s in seeds),
            "quiet_worst_s": max(float(s["quiet_s"]) for s in seeds),
            "times_real_time": float(speed[-1][0]), "times_of_processor": float(speed[-1][1])}


def of_the_fuzzers(text):
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    total = lines[-1]["total"]
    return {name: total[name] for name in ("targets", "inputs", "edges", "crashes")} | {
        "by_target": {line["target"]: line["inputs"] for line in lines[:-1]}}


# Each part: the words it is called with, how what it said is read, and the preset that builds it.
PARTS = {
    "kills": (phase("kills", {"push": 1, "nightly": 30, "long": 1000}), last_line, "fault"),
    "network": (phase("network", {"push": 1, "nightly": 20, "long": 2000}), last_line, "fault"),
    "nth": (phase("nth", {"push": 1, "nightly": 6, "long": 500}), last_line, "fault"),
    "images": (phase("images", {"push": 1, "nightly": 34, "long": 1700}), last_line, "fault"),
    "simulator": (simulator, of_the_simulator, "release"),
    "fuzz": (fuzz, of_the_fuzzers, "fuzz"),
}


class Outcome:
    """What came of one part. failure: None, or what it said."""

    def __init__(self, name, command):
        self.name, self.command = name, command
        self.counts, self.failure, self.seconds = {}, None, 0


def run(name, size, seed):
    """Runs one part to its end, or its limit."""
    words, read, _ = PARTS[name]
    command = [str(word) for word in words(size, seed)]
    outcome, since = Outcome(name, " ".join(command)), time.monotonic()
    with tempfile.TemporaryFile("w+", errors="replace") as out, tempfile.TemporaryFile("w+", errors="replace") as err:
        try:
            status = subprocess.run(command, cwd=ROOT, stdout=out, stderr=err, timeout=LIMIT_S[size]).returncode
        except subprocess.TimeoutExpired:
            status = f"not at its end after {LIMIT_S[size]} s"
        outcome.seconds = time.monotonic() - since
        for file in (out, err):
            file.seek(0)
        said = out.read()
        try:
            outcome.counts = read(said)
        except (IndexError, KeyError, TypeError, ValueError):
            status = status or "nothing that can be read"
        if status:
            outcome.failure = f"status {status}\n" + tail(said, err.read())
    return outcome


def tail(said, complained):
    """Of a simulator what is wrong by seed; else the end of what was said."""
    wrong = [line for line in said.splitlines() if re.search(r"WRONG|DIED|ANOTHER RUN|\bI\d+\b", line)]
    return "\n".join([line[:300] for line in wrong[:10]] + complained.splitlines()[-25:])
