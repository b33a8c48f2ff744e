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
from missionjeunes.placements.v1 import entries_pb2 as placed  # noqa: E402
from missionjeunes.placements.v1 import placements_pb2 as placements  # noqa: E402
from missionjeunes.registry.v1 import entries_pb2 as registered  # noqa: E402
from missionjeunes.registry.v1 import registry_pb2 as registry  # noqa: E402
from missionjeunes.reporting.v1 import reporting_pb2 as reporting  # noqa: E402

AGENCY = "41234567000019"
HOST = "35600000000048"
PERSON = "R52-008J4CT4ANK7F24S1"
NOW = 1795000000000

# In the order of methods.h: log, registry with directory, placements, reporting; each table as its service has it.
METHODS = [
    ("log.v1.Follow", log.FollowRequest, log.FollowResponse),
    ("log.v1.Describe", log.DescribeRequest, log.DescribeResponse),
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
TEXTS = {"stream": AGENCY, "siret": AGENCY, "host_siret": HOST, "siren": AGENCY[:9], "id": AGENCY,
         "young_person": PERSON, "region": "52", "regions": "52", "on": "2026-11-02", "planned_start": "2026-11-02",
         "rome": "N1103",
         "planned_end": "2026-12-02", "week": "2026-W45", "new_end": "2026-12-31", "birth_date": "2005-05-01",
         "entry_on": "2026-11-02", "valid_from": "2026-01-01", "commune": "44109", "principal": "ett-1",
         "service": "placements", "endpoint": "tcp://127.0.0.1:5511"}


def one_value(field, length=None):
    """A value of the field's type, right where its name says what is right; or texts and bytes of another length."""
    if field.type == field.TYPE_MESSAGE:
        return filled(field.message_type._concrete_class(), length)
    if field.type == field.TYPE_STRING:
        return TEXTS.get(field.name, "texte é") if length is None else "a" * length
    if field.type == field.TYPE_BYTES and length is not None:
        return b"b" * length
    if field.type == field.TYPE_BYTES:
        return b"M-2026-1" if field.name in ("placement_ref", "token") else bytes(range(1, 33))
    if field.type == field.TYPE_ENUM:
        return field.enum_type.values[-1].number
    return field.type == field.TYPE_BOOL or 1


def filled(message, length=None):
    """Every field of the message set, and of those inside it; of a choice the first."""
    chosen = set()
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof and field.containing_oneof.name in chosen:
            continue
        if field.containing_oneof:
            chosen.add(field.containing_oneof.name)
        value = one_value(field, length)
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
    """Requests and answers, full; requests with texts and bytes that are too short and too long."""
    for number, (_, request, answer) in enumerate(METHODS):
        yield bytes([2 * number]) + body_of(request).SerializeToString()
        for length in (3, 250):
            yield bytes([2 * number]) + filled(request(), length).SerializeToString()
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


def event():
    """Every kind of fact, and of correction; texts around the length that the reader keeps by itself."""
    for one in events():
        yield one.SerializeToString()
    for length in (23, 24, 25):
        for kind in ("proposed", "confirmed", "started"):
            one = placements.PlacementEvent(placement_ref=b"M-2026-1", occurred_at_ms=NOW, young_person="R" * length)
            getattr(one, kind).CopyFrom(filled(getattr(one, kind).__class__(), length))
            yield one.SerializeToString()
    yield placements.PlacementEvent(placement_ref=b"\xff\x00", occurred_at_ms=2**63).SerializeToString()


def entries():
    """Every entry of placements and registry, by its type."""
    accepted = placed.EventAccepted(stream=AGENCY, sequence=7, payload_hash=bytes(range(16)), key=1, warning="LATE",
                                    placement=bytes(range(16, 32)), registry_position=9, late_days=3, unmatched=True)
    for one in events():
        accepted.event = one.SerializeToString()
        yield 16, accepted
    known = {"stream": AGENCY, "sequence": 8, "payload_hash": bytes(16), "key": 1, "same_as": 3}
    yield 17, placed.EventKnown(**known)
    yield 18, placed.EventRejected(**known, reason="SIRET_CHECKSUM", field="started.host_siret")
    yield 19, placed.PlacementMatched(placement=bytes(range(16)), stream=AGENCY, young_person=PERSON)
    yield 20, placed.StreamQuality(stream=AGENCY, resends=300, conflicts=2)
    kinds = (registered.OrganisationDeclared, registered.PrincipalDeclared, registered.KeyAdded, registered.KeyRevoked,
             registered.RuleSet, registered.PersonEnrolled)
    for number, kind in enumerate(kinds, 16):
        yield number, filled(kind())


def entry():
    """Each entry, before each of its readers."""
    for number, one in entries():
        for reader in range(4):
            yield bytes([number, reader]) + one.SerializeToString()


def block():
    """Blocks of one entry and of several; a command's entry; a wrong count."""
    rows = [log.LogEntry(recorded_at_ms=NOW, type=number, principal="agence-52", payload=one.SerializeToString())
            for number, one in entries()]
    rows[1].command_key, rows[1].command_hash, rows[1].command_answer = bytes(16), bytes(range(16)), b"answer"
    opened = log.Opened(epoch=1, lineage=bytes(16), instance="placements-1").SerializeToString()
    rows[2].type, rows[2].payload = 1, opened
    for some in (rows[:1], rows[1:3], rows[:3], rows[3:8], []):
        yield bytes([len(some)]) + log.LogBlock(entries=some).SerializeToString()
    yield bytes([9]) + log.LogBlock(entries=rows[:2]).SerializeToString()


def segment():
    """Sound segments, each damaged in one way or two; bytes behind a head, and a head."""
    records = bytes([4, 0, 10, 1, 200, 2, 60, 0, 255])
    for damage in (b"", bytes([0, 0, 20, 0]), bytes([1, 1, 0, 90]), bytes([2, 0, 90, 120, 9]), bytes([3, 2, 2, 0]),
                   bytes([4, 0, 0, 50]), bytes([32, 2, 200, 0, 6, 0, 100, 80])):
        yield b"\0" + records + damage
    yield b"\1" + bytes.fromhex("014d4a43") + bytes(80)
    yield b"\2MJLOG\0\1\0" + bytes(100)


def follow():
    """Answers with commits in order; one out of order, errors and rests between."""
    blocks = [log.LogBlock(entries=[log.LogEntry(type=16, recorded_at_ms=NOW, payload=b"x")]).SerializeToString()] * 4
    commits = [log.LogCommit(first=1 + 2 * n, count=2, hash=bytes([n]) * 32, block=b) for n, b in enumerate(blocks)]

    def answer(some):
        body = log.FollowResponse(commits=some, end=20, now_ms=NOW).SerializeToString()
        return b"\0" + len(body).to_bytes(2, "little") + body

    done, later = b"\4", b"\6"
    yield answer(commits[:2]) + done + done + answer(commits[2:]) + done
    yield answer(commits[:1]) + done + b"\1" + later + answer(commits[1:2]) + done + b"\3" + later + answer(commits[:1])
    yield answer(commits[1:2]) + later + answer([]) + later + b"\2" + later + answer(commits[:3]) + b"\5" + done + later
    yield answer(commits) + done


def answer():
    """A call of each method and its answer; errors, MOVED, a loss, an answer too late and one twice."""
    def frames(header, body):
        parts = (header.SerializeToString(), body.SerializeToString())
        return b"\1\2" + b"".join(len(p).to_bytes(2, "little") + p for p in parts)

    def ok(number=1):
        return common.Header(version=1, correlation=number, code=0)

    for number, (_, _, kind) in enumerate(METHODS):
        yield bytes([0, number]) + frames(ok(), filled(kind()))
    refused = common.Header(version=1, correlation=1, code=14)
    moved = common.Error(code=14, reason="MOVED", message="elsewhere", moved_to="tcp://127.0.0.1:5511")
    yield b"\0\1" + frames(refused, moved)
    yield b"\0\1" + frames(refused, filled(common.Error())) + frames(ok(), directory.ResolveResponse())
    yield b"\0\1\0\2\2\3" + frames(ok(2), directory.ResolveResponse()) + b"\4\0\3\4\0\4\xfd" + frames(ok(9), moved)
    yield b"\xff\5" + frames(ok(), filled(log.FollowResponse()))


def row():
    """A placement of two facts, one corrected; a run; a young person with two groups of missions."""
    fact = bytes([4, 1]) + b"\xa0\xc8\x02" + bytes(8) + b"\x02"
    hours = bytes([0x45, 1]) + b"\x0e" + b"\xb4\x10" + bytes(8) + b"\x02"
    corrected = bytes([0xC5, 1]) + b"\x0e" + b"\xb4\x10" + bytes(8) + b"\x02" + bytes(range(8)) + b"\x04"
    person = b"\x01" + b"52" + bytes(10)
    for facts in ([], [fact], [fact, hours], [fact, hours, corrected]):
        yield b"\0\2" + person + bytes([len(facts)]) + b"".join(facts)
    yield b"\0\2\0\0"
    yield b"\1" + b"\x85\x01" + bytes([1] * 40)
    yield b"\1"
    group = AGENCY.encode() + (2026).to_bytes(2, "big") + (3).to_bytes(4, "big")
    yield b"\2" + b"52" + HOST.encode() + group
    yield b"\2" + bytes(16) + group


def json():
    """Requests and events as JSON, and files of them as mj send reads."""
    texts = [json_format.MessageToJson(e, preserving_proto_field_name=True) for e in events()]
    texts = [t.replace("TS0yMDI2LTE=", "M-2026-1") for t in texts]
    event_kind = bytes([2 * len(METHODS)])
    for text in texts:
        yield event_kind + text.encode()
    for number, (_, request, _) in enumerate(METHODS):
        if request is not placements.IngestRequest:
            yield bytes([2 * number]) + json_format.MessageToJson(filled(request()), indent=0).encode()
    yield b"\1" + "\n".join(texts[:3]).encode()
    yield b"\1[" + ",\n".join(texts[3:6]).encode() + b"]\n{nonsense}\n" + texts[0].encode()
    yield event_kind + b'{"placement_ref":{"hex":"FF00"},"youngPerson":null,"hours":{"minutes":"0600","kind":1}}'
    for example in sorted((ROOT / "tools/examples").glob("*.json")):
        yield b"\1" + example.read_bytes()[:2000]


def config():
    """A file, flags and variables."""
    file = b"; a comment\n[placements]\nlisten = [::1]:0\ndata=/var/lib/mj\nregion = 52,75\nrows-cache = 32M\n"
    yield file + b"\0--credit=77\0--demo-data\0MJ_REGISTRY=tcp://127.0.0.1:5510"
    yield b"\0--listen\0127.0.0.1:5511\0--region\0all\0--region\0FR\0--rows-cache=1G"
    yield b"\0--check-config\0MJ_PLACEMENTS_LISTEN=0.0.0.0:80\0MJ_CREDIT=1\0MJ_DEMO_DATA=yes"
    yield b"lisetn = 1\n" + file
    yield b"\0--help\0--version"
    for length in (63, 64):              # what a host may have, and one more
        yield b"\0--listen=" + b"h" * length + b":5511"
    for length in (199, 200):            # a line of the file, likewise
        yield b"data=".ljust(length, b"d") + b"\n"


def bootstrap():
    """A file of principals."""
    key = b"%064x"
    yield b"# made by mj keys\nregistry service " + key % 1 + b" follows=registry,placements\nop operator " + key % 2
    yield b"ett-1 agency " + key % 3 + b" organisation=" + AGENCY.encode() + b" regions=52,75\n"
    locale = b"ml mission_locale %s regions=FR"
    yield locale % (b"41" * 32) + b"\n" + locale % (b"42" * 32) + b" # second\n"


def http():
    """A request in one piece, in many, with what may happen between."""
    whole = b"GET /livez?x=1 HTTP/1.1\r\nHost: a\r\n\r\n"
    pieces = bytes([len(whole)]) + whole
    yield pieces + bytes([0xE1])
    yield b"".join(bytes([1, c]) for c in whole) + bytes([0xE1, 0xA0])
    yield bytes([17]) + b"POST / HTTP/1.0\n\n" + bytes([0xA0, 0xE1])
    yield bytes([5]) + b"GET /" + bytes([0x9F]) + b"a" + pieces
    yield bytes([5]) + b"GET /" + bytes([0x8E]) + b"a" + bytes([0x81]) + b"a" + pieces


def endpoint():
    """Endpoints and hosts, right and wrong."""
    for text in ("tcp://127.0.0.1:5511", "tcp://[::1]:5511", "tcp://registry.example.fr:1", "127.0.0.1", "::1",
                 "0.0.0.0", "tcp://*:5511", "tcp://127.0.0.1;127.0.0.2:80", "ipc:///tmp/x", "tcp://a:65536"):
        yield b"\x15\x8f" + text.encode()
    yield b"\0\1" + b"tcp://127.0.0.1:5510/" + b"0a" * 32 + b", tcp://[::1]:5510/" + b"0B" * 32


def text():
    """Texts of every kind that is checked."""
    for one in ("2026-02-28", "2028-02-29", "2026-W53", "2020-W53", PERSON, AGENCY, AGENCY[:9], HOST, "N1103", "52",
                "2A", "00ff" * 5, "é€😀 \u2028 <&> \" \\", "a plain text that is longer than eight bytes", "FR"):
        yield one.encode()
    for one in (b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf0\x8f\xbf\xbf", b"12345678\xe2\x82"):
        yield one


TARGETS = (frame, header, message, event, entry, block, segment, follow, answer, row, json, config, bootstrap, http,
           endpoint, text)


def main():
    """Writes them all."""
    for seeds in TARGETS:
        folder = HERE / "corpus" / seeds.__name__
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("seed-*"):
            old.unlink()
        count = 0
        for count, seed in enumerate(dict.fromkeys(seeds()), 1):
            (folder / f"seed-{count:02}").write_bytes(seed)
        print(f"{seeds.__name__}: {count} seeds")


if __name__ == "__main__":
    main()
