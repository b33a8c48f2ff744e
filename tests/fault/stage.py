# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""What every phase stands on: where the binaries and the tests' helpers are, and how a phase is run alone.

A phase is a function phase(platform_factory, seed, scale) -> {what: count}: it makes its platforms by the factory (the
arguments of harness.Platform), draws every choice from the seed, takes scale times its time of a push, and fails by
AssertionError. Import this before anything of tests/integration.
"""
import argparse
import json
import os
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
os.environ.setdefault("MJ_BIN", str(ROOT / "build/fault/bin"))
os.environ.setdefault("MJ_PROTO_PY", str(ROOT / "build/fault/proto/python"))
for folder in (HERE, HERE.parent / "integration", HERE.parent / "observer"):
    sys.path.insert(0, str(folder))


def run_alone(phase, name, **options):
    """The main program of a phase: --seed N --scale X, and options of its own: {name: type}; prints its counts as one
    JSON line."""
    import harness                               # pylint: disable=import-outside-toplevel
    parser = argparse.ArgumentParser(description=name)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    for option, kind in options.items():
        parser.add_argument(f"--{option}", type=kind)
    given = parser.parse_args()
    since = time.monotonic()
    counts = phase(harness.Platform, given.seed, given.scale, **{option: getattr(given, option) for option in options})
    print(json.dumps({"phase": name, "seed": given.seed, "seconds": round(time.monotonic() - since, 1)} | counts))
