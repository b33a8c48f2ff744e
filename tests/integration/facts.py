# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Events of placements as an agency's system would pack them: one function for each fact, canonical bytes out.

Right values throughout; a test that wants a wrong one says so: started("M-1", person, host_siret="123").
"""
import datetime
import time
import zoneinfo

from wire import placements

HOST = "35600000000048"
ROME = "N1103"
NEVER_ENROLLED = "R52-008J4CT4ANK7F24S1"         # a right id that nobody has
CTT, CDD = 1, 4
TERM, EARLY_HOST = 1, 2


def now_there():
    """The clock of the structures that the tests know: the civil day is theirs, not UTC's."""
    return datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Paris"))


def today(days=0):
    """YYYY-MM-DD, so many days from now."""
    return (now_there().date() + datetime.timedelta(days=days)).isoformat()


def week(days=0):
    """The ISO week of that day, 2026-W07."""
    year, number, _ = (now_there().date() + datetime.timedelta(days=days)).isocalendar()
    return f"{year}-W{number:02d}"


def now_ms():
    return int(time.time() * 1000)


def packed(event):
    return event.SerializeToString(deterministic=True)


def message(ref, person="", at=None, **fact):
    """The event before it is packed."""
    return placements.PlacementEvent(placement_ref=ref.encode(), young_person=person,
                                     occurred_at_ms=now_ms() if at is None else at, **fact)


def event(ref, person="", at=None, **fact):
    return packed(message(ref, person, at, **fact))


def value(kind, **fields):
    """The value of one fact; what fields leaves out is right."""
    defaults = {
        "proposed": {"host_siret": HOST, "rome": ROME, "planned_start": today(-1), "planned_end": today(20)},
        "refused": {"by": 1, "on": today()},
        "confirmed": {"contract_kind": CTT, "host_siret": HOST, "rome": ROME, "planned_start": today(-1),
                      "planned_end": today(20), "weekly_minutes": 2100},
        "started": {"on": today(-1), "contract_kind": CTT, "host_siret": HOST, "rome": ROME},
        "hours": {"week": week(), "kind": 1, "minutes": 2100},
        "extended": {"number": 1, "new_end": today(30)},
        "ended": {"on": today(), "motive": TERM},
        "cancelled": {"on": today()},
    }
    field = placements.Corrected.DESCRIPTOR.fields_by_name[kind]
    return getattr(placements, field.message_type.name)(**(defaults[kind] | fields))


def fact(kind, ref, person="", at=None, **fields):
    """One packed event: fact("ended", "M-1", motive=EARLY_HOST)."""
    return event(ref, person, at, **{kind: value(kind, **fields)})


def corrected(kind, ref, person="", at=None, **fields):
    """A correction that gives one fact its whole new value."""
    return event(ref, person, at, corrected=placements.Corrected(**{kind: value(kind, **fields)}))


def started(ref, person, **fields):
    return fact("started", ref, person, **fields)
