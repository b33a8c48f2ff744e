# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Counts every live figure again, from the logs alone, and compares (P5: each figure equals a recount at its position).

    /usr/bin/python3 tests/observer/recount.py DATA [unix:/path|host:port]

asks reporting first (MJ_REGISTRY, and MJ_KEY_FILE of a principal that sees all), then Redis, then reads the logs: so
they hold all that was counted. What it prints: one line for each source and region; exit status 1 where one differs.

The definitions are those of PROTOCOL.md, section 16, written anew: whole placements are taken together and judged at
the end, where reporting folds entry by entry.
"""
import datetime
import os
import pathlib
import sys
from collections import Counter, defaultdict

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[2] / "tools/clients/python")]
import dump                                                                 # noqa: E402

MISSIONS = ("CONTRACT_KIND_CTT", "CONTRACT_KIND_CDII_MISSION", "CONTRACT_KIND_MISSION_FORMATION")
FACTS = ("proposed", "refused", "confirmed", "started", "hours", "extended", "ended", "cancelled")


class Placement:
    """All that was told of one placement: the value that holds of each fact."""

    def __init__(self, stream):
        self.stream, self.person = stream, ""
        self.came_unmatched = self.matched = False
        self.facts, self.weeks = {}, set()

    def accept(self, payload):
        event = payload["event"]
        self.person = self.person or event["young_person"]
        self.came_unmatched |= payload["unmatched"]
        self.matched |= not payload["unmatched"]
        told = event.get("corrected", event)
        for fact in FACTS:
            if fact in told:
                self.facts[fact] = told[fact]
        if "hours" in told:
            self.weeks.add(told["hours"]["week"])

    def waits(self):
        return self.came_unmatched and not self.matched

    def is_mission(self):
        took_place = any(fact in self.facts for fact in ("started", "hours", "extended", "ended"))
        contract = self.facts.get("started") or self.facts.get("confirmed") or {}
        return (took_place and "cancelled" not in self.facts and self.matched
                and contract.get("contract_kind") in MISSIONS)

    def year(self):
        """Of the first day. Where only later facts imply it: the planned day, unless one of them is certain to be of an
        earlier day; then the earliest day that they can mean."""
        if "started" in self.facts:
            return self.facts["started"]["on"][:4]
        earliest, latest = [], []
        if "ended" in self.facts:
            earliest.append(self.facts["ended"]["on"])
            latest.append(self.facts["ended"]["on"])
        if self.weeks:
            week = min(self.weeks)      # 2026-W07 sorts as time does
            earliest.append(day_of(week, 1))
            latest.append(day_of(week, 7))
        planned = (self.facts.get("confirmed") or self.facts.get("proposed") or {}).get("planned_start", "")
        if planned and (not latest or planned <= min(latest)):
            return planned[:4]
        return min(earliest)[:4] if earliest else ""


def day_of(week, weekday):
    year, number = week.split("-W")
    return datetime.date.fromisocalendar(int(year), int(number), weekday).isoformat()


class Town:
    """The logs up to a vector of positions, taken together."""

    def __init__(self):
        self.placements = {}                        # (region of the log, name) -> Placement
        self.enrolled = {}                          # young person -> (Mission Locale, region)
        self.quality = defaultdict(Counter)         # (region of the log, stream) -> figures

    def take(self, entry):
        kind, payload, region = entry["type"], entry["payload"], entry["region"]
        if kind == "PersonEnrolled":
            self.enrolled[payload["young_person"]] = payload["mission_locale"], region
        elif kind in ("EventAccepted", "PlacementMatched"):
            self.take_placement(kind, payload, region)
        if kind in ("EventAccepted", "EventKnown", "EventRejected"):
            figures = self.quality[region, payload["stream"]]
            figures["events:total"] += 1
            figures["known"] += kind == "EventKnown"
            figures["rejected:total"] += kind == "EventRejected"
            figures["late:total"] += payload.get("late_days", 0) > 0
        elif kind == "StreamQuality":
            figures = self.quality[region, payload["stream"]]
            figures["resends"], figures["conflicts:total"] = payload["resends"], payload["conflicts"]

    def take_placement(self, kind, payload, region):
        key = region, payload["placement"]
        placement = self.placements.setdefault(key, Placement(payload["stream"]))
        if kind == "EventAccepted":
            placement.accept(payload)
        else:
            placement.matched = True
            placement.person = placement.person or payload["young_person"]

    def figures(self):
        """{region: {(row, name): value}}, without zeroes."""
        out, people = defaultdict(Counter), defaultdict(set)
        for (region, _), placement in self.placements.items():
            if placement.waits():
                self.quality[region, placement.stream]["unmatched:now"] += 1
            if placement.is_mission() and placement.person in self.enrolled:
                self.add_mission(placement, out, people)
        for (region, row, name), persons in people.items():
            out[region][row, name] = len(persons)
        for (region, stream), figures in self.quality.items():
            figures["duplicates:total"] = figures.pop("known", 0) + figures.pop("resends", 0)
            for name, count in figures.items():
                for where in (region, "FR"):
                    for row in ("", f"agency/{stream}", f"ett/{stream[:9]}"):
                        out[where][row, name] += count
        return {region: {k: v for k, v in cells.items() if v != 0} for region, cells in out.items()}

    def add_mission(self, placement, out, people):
        locale, region = self.enrolled[placement.person]
        year = placement.year()
        for where in (region, "FR"):
            for row in ("", f"ml/{locale}", f"agency/{placement.stream}", f"ett/{placement.stream[:9]}"):
                for period in ("total", *([str(int(year))] if year else [])):
                    out[where][row, f"missions:{period}"] += 1
                    people[where, row, f"young_people:{period}"].add(placement.person)


def figures(entries, positions=None):
    """The figures of all regions as of a vector {"placements/52": position}; a log it does not name is at 0.
    None: of all entries."""
    town = Town()
    for entry in entries:
        log = f"{entry['service']}/{entry['region']}"
        if positions is None or entry["position"] <= positions.get(log, 0):
            town.take(entry)
    return town.figures()


def differences(expected, got):
    """What is not equal, both directions, as texts."""
    return [f"{row or 'region'} {name}: counted {expected.get((row, name), 0)}, found {got.get((row, name), 0)}"
            for row, name in sorted(expected.keys() | got.keys())
            if expected.get((row, name), 0) != got.get((row, name), 0)]


def ends(entries):
    """{"placements/52": its last position}."""
    last = Counter()
    for entry in entries:
        log = f"{entry['service']}/{entry['region']}"
        last[log] = max(last[log], entry["position"])
    return last


def beyond(last, positions):
    """Positions that figures claim, and that no log reaches: figures of entries that do not exist."""
    return [f"claims position {at} of {log}, which ends at {last[log]}" for log, at in positions.items()
            if at > last[log]]


def compare(entries, claims):
    """claims: lines {"source", "region", "positions", "counters": [[row, name, value]]}; "rows": what the caller sees,
    where that is not all. Gives (claim, [what is wrong])."""
    entries, counted = list(entries), {}
    last = ends(entries)
    for claim in claims:
        key = tuple(sorted(claim["positions"].items()))
        if key not in counted:
            counted[key] = figures(entries, claim["positions"])
        expected = counted[key].get(claim["region"], {})
        if "rows" in claim:
            expected = {k: v for k, v in expected.items() if k[0] in claim["rows"]}
        got = {(row, name): value for row, name, value in claim["counters"]}
        twice = ["a counter stands twice"] if len(got) != len(claim["counters"]) else []
        yield claim, beyond(last, claim["positions"]) + twice + differences(expected, got)


def from_answer(answer, **more):
    """Claims of a reporting.v1.CountersResponse, or WatchResponse."""
    for region in answer.regions:
        yield {"source": "reporting", "region": region.region,
               "positions": {f"{at.service}/{at.region}": at.position for at in region.positions},
               "counters": [[c.row, c.name, c.value] for c in region.counters], **more}


def from_redis(address):
    for line in dump.redis(address):
        yield {"source": "redis"} | line


def from_tables(data):
    """Reporting's own tables: one vector, figures of all regions."""
    positions, cells = {}, defaultdict(list)
    for line in dump.tables(data):
        if line["kind"] == "tables" and line["service"] == "reporting" and line["region"] == "model":
            positions = line["positions"]
        elif line["kind"] == "cell":
            cells[line["region"]].append([line["row"], line["name"], line["value"]])
    for region, counters in sorted(cells.items()):
        yield {"source": "tables", "region": region, "positions": positions, "counters": counters}


def ask():
    import missionjeunes_client
    from missionjeunes.reporting.v1 import reporting_pb2
    platform = missionjeunes_client.Platform.from_environment()
    answer = platform.call("reporting.v1.Counters", os.environ.get("MJ_REGION", "FR"), reporting_pb2.CountersRequest())
    return list(from_answer(answer))


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    claims = ask() if "MJ_REGISTRY" in os.environ else []
    claims += from_redis(arguments[1]) if len(arguments) == 2 else []
    claims += from_tables(arguments[0])
    entries = [line for line in dump.logs(arguments[0]) if line["kind"] == "entry"]
    wrong = 0
    for claim, faults in compare(entries, claims):
        print(f"{claim['source']} {claim['region']}: {len(claim['counters'])} counters, "
              f"{'equal' if not faults else 'NOT EQUAL'}")
        print("".join(f"  {fault}\n" for fault in faults[:20]), end="")
        wrong += bool(faults)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
