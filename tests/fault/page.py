# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""REPORT.md: what was done to the platform, what was asked, what was seen."""
import datetime
import pathlib
import sys

import asked
from parts import PARTS, ROOT

sys.path.insert(0, str(ROOT / "tests/bench"))
import results                                                              # noqa: E402

ELSEWHERE = """\
Run by `tools/test`, not here, and not counted above: kills while the disk fails (`test_kill_disk.py`), a full disk
(`test_disk_full.py`), Redis lost, flushed and put back (`test_redis_lost.py`), who may read what
(`test_access_matrix.py`), hostile messages (`test_bad_input.py`).
By hand: `tests/fault/planted/run`, `tests/fuzz/planted`."""


def machine():
    """[(what, how much)], as the benchmark says it; the binaries' folders are the parts' own."""
    return [(what, how) for what, how in results.machine(pathlib.Path("/tmp")) if what not in ("services", "disk")]


def plain(value, unit=""):
    """A number as it is read."""
    return f"{value:,}{unit}" if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".") + unit


def described(counts):
    """name count, with what is counted by kind behind it."""
    words = []
    for name, value in counts.items():
        name = name.replace("_", " ")
        if isinstance(value, dict):
            words.append(f"{name}: " + ", ".join(f"{kind} {plain(n)}" for kind, n in sorted(value.items())))
        else:
            words.append(f"{name} {plain(value)}")
    return "; ".join(words)


def fault_table(outcomes):
    lines = ["| part | | seconds | counts |", "|---|---|---|---|"]
    for o in outcomes:
        held = "**FAILED**" if o.failure else "held"
        lines.append(f"| {o.name} | {held} | {o.seconds:.0f} | {described(o.counts)} |")
    return lines + [f"| {name} | not run | | |" for name in PARTS if name not in [o.name for o in outcomes]]


def none_lines(outcomes):
    """What must be none: as far as the parts that look for it ran and held."""
    failed, ran = {o.name for o in outcomes if o.failure}, {o.name for o in outcomes}
    for title, looking in asked.NONE:
        red, looked = [n for n in looking if n in failed], [n for n in looking if n in ran]
        seen = f"see {', '.join(red)} below" if red else f"0 ({', '.join(looked)})" if looked else ""
        yield f"| {title} | 0 | {seen} | {'**NOT MET**' if red else 'met' if looked else 'not run'} |"


def figure_table(outcomes, size, seconds):
    counts = counted(outcomes)
    lines = ["| figure | asked | seen | |", "|---|---|---|---|", *none_lines(outcomes)]
    for figure in asked.FIGURES:
        seen, bar = figure.seen(counts), asked.bar(figure, size)
        lines.append(f"| {figure.title} | {'at most ' if figure.most else ''}{plain(bar, figure.unit)} | "
                     f"{'' if seen is None else plain(seen, figure.unit)} | {asked.verdict(figure, size, counts)} |")
    limit = whole_run_limit(outcomes, size)
    if limit:
        lines.append(f"| the whole run | at most {limit} s | {seconds:.0f} s | "
                     f"{'met' if seconds <= limit else '**NOT MET**'} |")
    return lines


def whole_run_limit(outcomes, size):
    """Seconds; None where nothing is asked, or not all parts ran."""
    return asked.SECONDS.get(size) if len(outcomes) == len(PARTS) else None


def counted(outcomes):
    return {o.name: o.counts for o in outcomes if o.counts}


def invariant_lines(outcomes):
    """A part that failed has checked nothing: it may have ended before it came to this."""
    counts = counted([o for o in outcomes if not o.failure])
    failed = [o.name for o in outcomes if o.failure]
    for name, (says, checks) in asked.INVARIANTS.items():
        done = [f"{part} ({plain(take(counts))} {what})" for part, take, what in checks if take(counts) is not None]
        done += [f"**{part} FAILED**" for part, _, _ in checks if part in failed]
        yield f"- **{name}** {says}: {', '.join(done) or ('not run' if checks else 'not yet checked here')}"


def failures(outcomes):
    for o in outcomes:
        if o.failure:
            yield from ["", f"`{o.command}`", "", "```", *o.failure.splitlines(), "```"]


def missed(outcomes, size, seconds):
    """Titles of the figures that were asked and not reached."""
    counts, limit = counted(outcomes), whole_run_limit(outcomes, size)
    late = ["the whole run's time"] if limit and seconds > limit else []
    return [f.title for f in asked.FIGURES if "NOT MET" in asked.verdict(f, size, counts)] + late


def document(command, size, seed, outcomes, ran_on, seconds):
    """The whole page. ran_on: what machine() said before the run."""
    lines = ["<!--", "SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers",
             "SPDX-License-Identifier: Apache-2.0", "-->", "# What the fault programme found", "",
             "Written by `tests/fault/run`; what is done and how stands in [README.md](README.md).", "",
             f"- {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}", f"- command: `{command}`", f"- seed: {seed}"]
    lines += [f"- {what}: {how}" for what, how in ran_on]
    lines += ["", "## Figures", "", *figure_table(outcomes, size, seconds)]
    lines += ["", "## Faults", "", *fault_table(outcomes), "", ELSEWHERE]
    lines += ["", "## Invariants: checked by", "", *invariant_lines(outcomes)]
    bad = list(failures(outcomes))
    return "\n".join(lines + (["", "## What failed", *bad] if bad else [])) + "\n"
