# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""The figures of a platform: as reporting answers them, and as they stand in Redis."""
from harness import wait_until
from wire import Caller, Silence, reporting


def ends(platform):
    """Where the logs end that figures are folded from: {(service, region): last position on disk}."""
    found = {}
    for service in (platform.registry, platform.placements):
        with Caller(service, platform.key("operator")) as caller:
            for part in caller.call("log.v1.Describe").body.partitions:
                if part.region != "FR":
                    found[service.name, part.region] = part.durable
    return found


class Figures:
    """Asks reporting, as the role that sees all: of a Platform made with demo=True."""

    def __init__(self, platform):
        self.platform = platform
        self.caller = Caller(platform.reporting, platform.key("demo"))

    def now(self, regions=(), row="", at_least=()):
        """{region: RegionCounters}, or the error's Answer fails the test."""
        answer = self.caller.call("reporting.v1.Counters", reporting.CountersRequest(
            regions=regions, row=row, at_least=at_least))
        assert not answer.code, answer
        return {counters.region: counters for counters in answer.body.regions}

    def of(self, row="region", region="52"):
        """{name: value} of one row, of all that is on disk at this moment; what is 0 is left out."""
        wanted = ends(self.platform)
        positions = [reporting.LogPosition(service=s, region=r, position=p) for (s, r), p in wanted.items()]

        def answer():
            found = self.now((region,), row, positions)[region]
            at = {(p.service, p.region): p.position for p in found.positions}
            late = [key for key, end in wanted.items() if at.get(key, 0) < end]
            return None if late else (found,)
        found = wait_until(answer, f"reporting folds up to {wanted}")[0]
        own = "" if row == "region" else row
        return {c.name: c.value for c in found.counters if c.row == own and c.value}

    def all(self, region):
        """{(row, name): value} of one region, what is 0 left out."""
        return {(c.row, c.name): c.value for c in self.now((region,))[region].counters if c.value}

    def fresh(self):
        """Are the figures of every region right in Redis, as reporting says? False too where it cannot say."""
        try:
            return not any(counters.stale for counters in self.now().values())
        except (Silence, AssertionError):
            return False


def in_redis(redis, region):
    """{(row, name): value} as it stands in Redis, what is 0 left out; {} where there is nothing."""
    pointer = redis.cli("get", f"live:{{{region}}}:pointer")
    words = redis.cli("hgetall", pointer).splitlines() if pointer else []
    cells = {field: value for field, value in zip(words[::2], words[1::2])
             if field != "epoch" and not field.startswith("pos:")}
    return {(row, name): int(value) for (row, _, name), value in
            ((field.rpartition("|"), value) for field, value in cells.items()) if int(value)}
