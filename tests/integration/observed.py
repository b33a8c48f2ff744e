# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""A platform under test seen by the observer (tests/observer): what its logs hold, and whether its figures are those.

Needs a Platform made with demo=True: reporting is asked as the role that sees every row.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "observer"))

import dump                                                                 # noqa: E402
import recount                                                              # noqa: E402
from harness import wait_until                                              # noqa: E402
from wire import Caller                                                     # noqa: E402


def entries(platform):
    """All entries of all logs, whose chains must hold."""
    lines = list(dump.logs(platform.data))
    errors = [line for line in lines if line["kind"] == "log" and line["errors"]]
    assert not errors, errors
    return [line for line in lines if line["kind"] == "entry"]


def claims(platform):
    """What Redis holds, what reporting answers, and what stands in its tables: each with its own positions."""
    yield from recount.from_redis(f"unix:{platform.redis.socket}")
    with Caller(platform.reporting, platform.key("demo")) as caller:
        answer = caller.call("reporting.v1.Counters")
        assert not answer.code, answer
        yield from recount.from_answer(answer.body)
    yield from recount.from_tables(platform.data)


def assert_recount(platform):
    """Every figure equals a recount at its own positions, now and once all that is stored is counted. The last
    claims."""
    assert_equal(platform, list(claims(platform)))
    ends = recount.ends(entries(platform))

    def caught_up():
        held = recount.from_redis(f"unix:{platform.redis.socket}")
        return all(claim["positions"].get(log, 0) >= end for claim in held for log, end in ends.items()
                   if log != "registry/FR")
    wait_until(caught_up, f"Redis holds the figures at {dict(ends)}")
    last = list(claims(platform))
    assert_equal(platform, last)
    return last


def assert_equal(platform, made):
    wrong = {f"{claim['source']} {claim['region']}": faults
             for claim, faults in recount.compare(entries(platform), made) if faults}
    assert not wrong, wrong
