# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""RESULTS.md: what was measured, on what, by which command, and whether it is enough."""
import datetime
import pathlib
import subprocess

import figures
import services


def _said(*words):
    done = subprocess.run(words, capture_output=True, text=True, cwd=services.ROOT)
    return done.stdout.strip() if done.returncode == 0 else ""


def machine(scratch):
    """[(what, how much)]"""
    cpu = dict(line.split(":", 1) for line in _said("lscpu").splitlines() if ":" in line)
    memory = pathlib.Path("/proc/meminfo").read_text().splitlines()[0].split()[1]
    lines = pathlib.Path("/etc/os-release").read_text().splitlines()
    release = dict(line.split("=", 1) for line in lines if "=" in line)
    disk = _said("findmnt", "-n", "-o", "SOURCE,FSTYPE,OPTIONS", "-T", str(scratch))
    load = pathlib.Path("/proc/loadavg").read_text().split()[0]
    return [
        ("processor", f"{cpu.get('Model name', '').strip()}, {cpu.get('CPU(s)', '').strip()} CPUs"),
        ("memory", f"{int(memory) / 1024 / 1024:.1f} GiB"),
        ("system", f"{release.get('PRETTY_NAME', '').strip(chr(34))}, Linux {_said('uname', '-r')}"),
        ("disk", " ".join(disk.split())),
        ("load before the run", load),
        ("services", str(services.harness.BIN)),
        ("commit", commit()),
    ]


def cpu_ticks():
    """(all, stolen by the host for its other guests) since this machine started."""
    ticks = [int(n) for n in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(ticks), ticks[7]


def stolen(before, after):
    """What the host took: from a tenth on, only ratios say something, and those of figures taken closely together."""
    share = (after[1] - before[1]) / max(1, after[0] - before[0])
    return "CPU time stolen by the host meanwhile", f"{100 * share:.0f} %"


def commit():
    changed = _said("git", "status", "--porcelain", "--untracked-files=no")
    return _said("git", "rev-parse", "--short", "HEAD") + (", with changes that are not committed" if changed else "")


def number(value, unit=""):
    if value is None:
        return "not measured"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"
    return text + unit


def _limit(f, limit):
    return f"{limit:g} x" if f.theirs else ("at most " if f.most else "") + number(limit, f.unit)


def _verdict(f, m):
    if f.met(m, f.bar) is None:
        return "not measured"
    return "stretch met" if f.met(m, f.stretch) else "**bar met**" if f.met(m, f.bar) else "**NOT MET**"


def slow_table(m):
    """The figures without any bar."""
    lines = ["| figure | ours | peer | ratio |", "|---|---|---|---|"]
    for f in figures.FIGURES:
        if f.judged(m) is not None:
            lines.append(f"| {f.number}. {f.title} | {number(f.ours(m), f.unit)} | " + (
                f"{number(f.theirs(m), f.unit)} | {f.judged(m):.2f} x |" if f.theirs else "| |"))
    return lines


def figure_table(m):
    lines = ["| figure | ours | peer | ratio | bar | stretch | |", "|---|---|---|---|---|---|---|"]
    for f in figures.FIGURES:
        ratio = f.judged(m) if f.theirs else None
        lines.append("| " + " | ".join((
            f"{f.number}. {f.title}", number(f.ours(m), f.unit), number(f.theirs(m), f.unit) if f.theirs else "",
            f"{ratio:.2f} x" if ratio is not None else "", _limit(f, f.bar), _limit(f, f.stretch),
            _verdict(f, m))) + " |")
    return lines


def limit_table(m):
    lines = ["| raw limit | there | ours | share of it |", "|---|---|---|---|"]
    for title, ours, limit in figures.LIMITS:
        share = figures.quotient(ours(m), limit(m))
        lines.append(f"| {title} | {number(limit(m), '/s')} | {number(ours(m), '/s')} | "
                     f"{'' if share is None else f'{share:.0%}'} |")
    return lines


def beside_table(m):
    lines = ["| beside | |", "|---|---|"]
    return lines + [f"| {title} | {number(value(m), unit)} |" for title, value, unit in figures.BESIDE
                    if value(m) is not None]


def thread_table(m):
    """Where the CPU goes, shape A: alone, and with reporting."""
    found = [{(service, t): c for service, threads in rows[-1]["threads"].items() for t, c in threads.items()}
             if rows else {} for rows in (m.found.get("stream"), m.found.get("sustained"))]
    if not any(found):
        return []
    lines = ["| service | thread | placements alone | sustained, with reporting |", "|---|---|---|---|"]
    for key in sorted(found[0] | found[1], key=lambda k: -max(f.get(k, 0) for f in found)):
        costs = [f"{f[key]:.2f}" if key in f else "" for f in found]
        lines.append(f"| {key[0]} | {key[1]} | {' | '.join(costs)} |")
    return lines


def failures(found):
    return [f"- {name}: {row['error'].splitlines()[0]}" for name, rows in found.items() for row in rows
            if "error" in row]


def _part(title, lines):
    return ["", f"## {title}", ""] + lines if lines else []


def document(command, minutes, sizes, runs, found, slow, ran_on):
    """The whole file's text. found, slow: {measurement: [figures of each run]}; slow {}: not measured; ran_on: what
    machine() said before the first run."""
    m = figures.Medians(found)
    lines = ["<!--", "SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers",
             "SPDX-License-Identifier: Apache-2.0", "-->", "# What the benchmark found", "",
             "Written by `tests/bench/run`; what is measured and how stands in [README.md](README.md).", "",
             f"- {datetime.date.today().isoformat()}",
             f"- command: `{command}` ({minutes:.0f} minutes); medians of {runs} runs taking turns, long ones once",
             "- events: " + ", ".join(f"{name} {n:,}" for name, n in sizes.items())]
    lines += [f"- {what}: {how}" for what, how in ran_on]
    lines += _part("Figures", figure_table(m))
    lines += _part("Against the machine's own limits, same run", limit_table(m))
    lines += _part("Beside", beside_table(m))
    lines += _part("Where the CPU goes (shape A, CPU s per million events, everything caught up)", thread_table(m))
    lines += _part("With 2 ms more for each sync (stated, no bar)", slow_table(figures.Medians(slow)) if slow else [])
    lines += _part("What failed", failures(found) + failures(slow))
    return "\n".join(lines) + "\n"
