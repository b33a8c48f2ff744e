#!/usr/bin/python3 -B
# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of the fuzz targets: right inputs, from which the fuzzer begins to change bytes. They are made with
the messages' own Python code, which the fuzz preset builds.

    tests/fuzz/seeds.py            fills tests/fuzz/corpus/TARGET with files seed-NN; leaves all others alone
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "build/fuzz/proto/python"))

# pylint: disable=wrong-import-position,import-error
from google.protobuf import json_format  # noqa: E402
from missionjeunes.common.v1 import common_pb2 as common  # noqa: E402
from missionjeunes.directory.v1 import directory_pb2 as directory  # noqa: E402
from missionjeunes.log.v1 import log_pb2 as log  # noqa: E402
from missionjeunes.placements.v1 import placements_pb2 as placements  # noqa: E402
from missionjeunes.registry.v1 import registry_pb2 as registry  # noqa: E402
from missionjeunes.reporting.v1 import reporting_pb2 as reporting  # noqa: E402

AGENCY = "41234567800017"
HOST = "55210055400013"
PERSON = "R52-041061050R3GG28A0"
NOW = 1795000000000

# In the order of methods.h: log, registry with directory, placements, reporting; each table as its service has it.
METHODS = [
    ("log.v1.Follow", log.FollowRequest, log.FollowResponse),
    ("registry.v1.DeclareOrganisation", registry.DeclareOrganisationRequest, registry.DeclareOrganisationResponse),
    ("registry.v1.DeclareAgency", registry.DeclareAgencyRequest, registry.DeclareAgencyResponse),
    ("registry.v1.DeclarePrincipal", registry.DeclarePrincipalRequest, registry.DeclarePrincipalResponse),
    ("registry.v1.AddKey", registry.AddKeyRequest, registry.AddKeyResponse),
    ("registry.v1.RevokeKey", registry.RevokeKeyRequest, registry.RevokeKeyResponse),
    ("registry.v1.SetRule", registry.SetRuleRequest, registry.SetRuleResponse),
    ("registry.v1.Enrol", registry.EnrolRequest, registry.EnrolResponse),
    ("registry.v1.GetOrganisation", registry.GetOrganisationRequest, registry.GetOrganisationResponse),
    ("registry.v1.ListOrganisations", registry.ListOrganisationsRequest, registry.ListOrganisationsResponse),
    ("registry.v1.ListEnrolments", registry.ListEnrolmentsRequest, registry.ListEnrolmentsResponse),
    ("directory.v1.Announce", directory.AnnounceRequest, directory.AnnounceResponse),
    ("directory.v1.Resolve", directory.ResolveRequest, directory.ResolveResponse),
    ("placements.v1.Ingest", placements.IngestRequest, placements.IngestResponse),
    ("placements.v1.Resume", placements.ResumeRequest, placements.ResumeResponse),
    ("placements.v1.GetEvent", placements.GetEventRequest, placements.GetEventResponse),
    ("placements.v1.ListExceptions", placements.ListExceptionsRequest, placements.ListExceptionsResponse),
    ("placements.v1.ListPlacements", placements.ListPlacementsRequest, placements.ListPlacementsResponse),
    ("reporting.v1.Counters", reporting.CountersRequest, reporting.CountersResponse),
    ("reporting.v1.Watch", reporting.WatchRequest, reporting.WatchResponse),
]
TEXTS = {"stream": AGENCY, "siret": AGENCY, "host_siret": HOST, "siren": AGENCY[:9], "young_person": PERSON, "id": AGENCY,
         "region": "52", "regions": "52", "on": "2026-11-02", "planned_start": "2026-11-02", "rome": "N1103",
         "planned_end": "2026-12-02", "week": "2026-W45", "new_end": "2026-12-31", "birth_date": "2005-05-01",
         "entry_on": "2026-11-02", "valid_from": "2026-01-01", "commune": "44109", "principal": "ett-1",
         "service": "placements", "endpoint": "tcp://127.0.0.1:5511"}


def one_value(field):
    """A value of the field's type, right where its name says what is right."""
    if field.type == field.TYPE_MESSAGE:
        return filled(field.message_type._concrete_class())
    if field.type == field.TYPE_STRING:
        return TEXTS.get(field.name, "texte é")
    if field.type == field.TYPE_BYTES:
        return b"M-2026-1" if field.name in ("placement_ref", "token") else bytes(range(1, 33))
    if field.type == field.TYPE_ENUM:
        return field.enum_type.values[-1].number
    return field.type == field.TYPE_BOOL or 1


def filled(message):
    """Every field of the message set, and of those inside it; of a choice the first."""
    chosen = set()
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof and field.containing_oneof.name in chosen:
            continue
        if field.containing_oneof:
            chosen.add(field.containing_oneof.name)
        value = one_value(field)
        if field.label == field.LABEL_REPEATED:
            if field.type == field.TYPE_MESSAGE:
                getattr(message, field.name).extend([value, value])
            else:
                getattr(message, field.name).append(value)
        elif field.type == field.TYPE_MESSAGE:
            getattr(message, field.name).CopyFrom(value)
        else:
            setattr(message, field.name, value)
    return message


def events():
    """One event of each kind, then each as a correction."""
    kinds = [f for f in placements.PlacementEvent.DESCRIPTOR.fields if f.containing_oneof]
    for field in kinds:
        event = placements.PlacementEvent(placement_ref=b"M-2026-1", occurred_at_ms=NOW, young_person=PERSON)
        getattr(event, field.name).CopyFrom(one_value(field))
        yield event
    for field in placements.Corrected.DESCRIPTOR.fields:
        event = placements.PlacementEvent(placement_ref=b"M-2026-1", occurred_at_ms=NOW)
        getattr(event.corrected, field.name).CopyFrom(one_value(field))
        yield event


def ingest():
    """A batch of all events."""
    return placements.IngestRequest(stream=AGENCY, first_sequence=1, events=[e.SerializeToString() for e in events()])


def body_of(request):
    """A request in full; a batch holds events."""
    return ingest() if request is placements.IngestRequest else filled(request())


# ---- one function a target: gives its seeds ----

def header():
    """Headers of a request and an answer, and the body of an error."""
    for name, _, _ in METHODS[:4]:
        yield common.Header(version=1, method=name, correlation=7, idempotency_key=bytes(16), timeout_ms=500,
                            traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01", region="52").SerializeToString()
    yield common.Header(version=1, method="placements.v1.Ingest", correlation=2**60, code=3).SerializeToString()
    yield common.Header(version=2, correlation=9).SerializeToString()
    yield filled(common.Error()).SerializeToString()


def message():
    """Requests and answers, full and empty."""
    for number, (_, request, answer) in enumerate(METHODS):
        yield bytes([2 * number]) + body_of(request).SerializeToString()
        yield bytes([2 * number + 1]) + filled(answer()).SerializeToString()


def framed(caller, connection, doing, frames):
    """One message of the target frame."""
    out = bytes([caller, connection, doing, len(frames)])
    return out + b"".join(len(f).to_bytes(2, "little") + f for f in frames)


def frame():
    """Every method by a caller of every role; wrong counts of frames; several messages."""
    for number, (name, request, _) in enumerate(METHODS):
        head = common.Header(version=1, method=name, correlation=number + 1, idempotency_key=b"k" * 16, region="52")
        body = body_of(request).SerializeToString()[:600]
        yield b"".join(framed(caller, caller, number, [head.SerializeToString(), body])
                       for caller in (1, 2, 6, 7) if len(body) < 200 or caller == 1)
    head = common.Header(version=1, method="directory.v1.Resolve", correlation=1).SerializeToString()
    for frames in ([], [head], [head, b""], [head, b"", b""], [head, b""] * 3):
        yield framed(6, 1, 0, frames) + framed(0, 1, 0, frames) + framed(15, 1, 3, frames)


TARGETS = {"frame": frame, "header": header, "message": message}


def main():
    """Writes them all."""
    for name, seeds in TARGETS.items():
        folder = HERE / "corpus" / name
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("seed-*"):
            old.unlink()
        count = 0
        for count, seed in enumerate(dict.fromkeys(seeds()), 1):
            (folder / f"seed-{count:02}").write_bytes(seed)
        print(f"{name}: {count} seeds")


if __name__ == "__main__":
    main()
