# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""What stands on disk and in Redis, as JSON lines, for checkers and for people. It only reads, and shares no code with
the services: logs as services/common/store/log_segment.h describes their bytes, SQLite files, the generated protobuf
code, Redis' own protocol.

    /usr/bin/python3 tests/observer/dump.py DATA [unix:/path|host:port]    DATA: a service's --data; then Redis

Lines, by "kind":
  log     service, region, lineage, epoch, epochs, commits, entries, end, head, errors: what is wrong with the log
  entry   service, region, position, recorded_at_ms, type, principal, payload; bytes are hex; of an accepted
          event payload.event is decoded, payload.event_bytes its packed bytes, placement_ref cut out
  tables  service, region, positions: {log: position that the tables hold}
  cell    of reporting's tables: region, row, name, value
  redis   region, key, epoch, positions, counters: [[row, name, value], ...]
Exit status 1 where a log has errors: a hash, a position, an epoch, a time that does not follow, bytes that are no
record. MJ_PROTO_PY names the folder of the generated Python code.
"""
import contextlib
import hashlib
import importlib
import json
import os
import pathlib
import socket
import sqlite3
import struct
import sys

from google.protobuf.message import DecodeError

sys.path.insert(0, os.environ.get("MJ_PROTO_PY", "build/release/proto/python"))
from missionjeunes.log.v1 import log_pb2                                    # noqa: E402
from missionjeunes.placements.v1 import placements_pb2                      # noqa: E402

OPENED = 1
FIGURES = {1: "missions", 2: "young_people", 3: "events", 4: "duplicates", 5: "conflicts", 6: "rejected", 7: "late",
           8: "unmatched"}


# ---- messages ----

def plain(message):
    """A message as dictionaries and lists: enumerations by name, bytes in hex, messages only where they are set."""
    return {field.name: value(message, field) for field in message.DESCRIPTOR.fields
            if field.type != field.TYPE_MESSAGE or field.label == field.LABEL_REPEATED or message.HasField(field.name)}


def value(message, field):
    held = getattr(message, field.name)
    if field.label == field.LABEL_REPEATED:
        return [one(field, v) for v in held]
    return one(field, held)


def one(field, held):
    if field.type == field.TYPE_MESSAGE:
        return plain(held)
    if field.type == field.TYPE_ENUM:
        known = field.enum_type.values_by_number.get(held)
        return known.name if known else held
    return held.hex() if field.type == field.TYPE_BYTES else held


def entry_types(service):
    """{16: ("EventAccepted", its class), ...} as the service's entries.proto says."""
    types = {OPENED: ("Opened", log_pb2.Opened)}
    module = importlib.import_module(f"missionjeunes.{service}.v1.entries_pb2")
    for name, number in module.EntryType.items():
        words = name.removeprefix("ENTRY_TYPE_").split("_")
        if number > 0:
            title = "".join(word.capitalize() for word in words)
            types[number] = (title, getattr(module, title))
    return types


# ---- SQLite ----

def connect(path):
    """Read only. A file without a write-ahead log has no writer now: then SQLite need not make one beside it."""
    live = pathlib.Path(f"{path}-wal").exists()
    db = sqlite3.connect(f"file:{path}?mode=ro{'' if live else '&immutable=1'}", uri=True, timeout=10)
    db.execute("PRAGMA query_only=ON")
    return db


# ---- segments ----

HEAD, RECORD = struct.Struct("<8sQQ16s16s32sQ"), struct.Struct("<IIQIIQ32sQ")
MARK, RECORD_MARK = b"MJLOG\0\1\0", 0x434a4d01
WORD = (1 << 64) - 1


def siphash(key, data):
    """SipHash-2-4 (Aumasson, Bernstein 2012) of 64 bits, as a number."""
    k0, k1 = struct.unpack("<QQ", key)
    v0, v1 = k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d
    v2, v3 = k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573

    def rounds(count):
        nonlocal v0, v1, v2, v3
        for _ in range(count):
            v0 = (v0 + v1) & WORD
            v1 = (v1 << 13 & WORD | v1 >> 51) ^ v0
            v0 = v0 << 32 & WORD | v0 >> 32
            v2 = (v2 + v3) & WORD
            v3 = (v3 << 16 & WORD | v3 >> 48) ^ v2
            v0 = (v0 + v3) & WORD
            v3 = (v3 << 21 & WORD | v3 >> 43) ^ v0
            v2 = (v2 + v1) & WORD
            v1 = (v1 << 17 & WORD | v1 >> 47) ^ v2
            v2 = v2 << 32 & WORD | v2 >> 32

    rest = len(data) % 8
    last = data[len(data) - rest:] + bytes(7 - rest) + bytes([len(data) & 255])
    for (word,) in struct.iter_unpack("<Q", data[:len(data) - rest] + last):
        v3 ^= word
        rounds(2)
        v0 ^= word
    v2 ^= 255
    rounds(4)
    return v0 ^ v1 ^ v2 ^ v3


class Segment:
    """One file of a log: its head, and the records it holds."""

    def __init__(self, path):
        self.path, self.data, self.errors = path, path.read_bytes(), []
        head = self.data[:HEAD.size].ljust(HEAD.size, b"\0")
        mark, self.first, self.epoch, self.lineage, self.key, self.before, check = HEAD.unpack(head)
        if mark != MARK or check != siphash(self.key, head[:-8]) or path.name != f"{self.first:020}.log":
            self.errors.append(f"segment {path.name}: its head is damaged")

    def record(self, at):
        """(first, count, epoch, hash, block), or None where no record stands there."""
        head = self.data[at:at + RECORD.size]
        if len(head) < RECORD.size:
            return None
        mark, length, first, count, zero, epoch, stored, check = RECORD.unpack(head)
        block = self.data[at + RECORD.size:at + RECORD.size + length]
        sound = mark == RECORD_MARK and zero == 0 and count > 0 and check == siphash(self.key, head[:-8])
        return (first, count, epoch, stored, block) if sound and len(block) == length else None

    def records_behind(self, at):
        mark = RECORD_MARK.to_bytes(4, "little")
        return any(self.data[step:step + 4] == mark and self.record(step)
                   for step in range(at + 8, len(self.data), 8))

    def records(self, newest):
        """Each record. Behind the last one of the newest segment there may be zeros, or what an append left."""
        at = HEAD.size
        while True:
            while (record := self.record(at)) is not None:
                yield record
                at += RECORD.size + (len(record[-1]) + 7) // 8 * 8
            if not self.data[at:].strip(b"\0") or not self.records_behind(at):
                break
            self.data = self.path.read_bytes()           # a writer at work may have been quicker than we
            if self.record(at) is None:
                self.errors.append(f"segment {self.first}: damaged at {at}, records stand behind")
                break
        if not newest and self.data[at:]:
            self.errors.append(f"segment {self.first}: more bytes than records")


# ---- logs ----

class Chain:
    """Follows a log commit by commit; errors tell what does not."""

    def __init__(self):
        self.hash, self.end, self.time = bytes(32), 1, 0
        self.commits = self.entries = self.epochs = self.epoch = 0
        self.lineage, self.errors = None, []

    def fits(self, first, count, stored, block):
        numbers = first.to_bytes(8, "big") + count.to_bytes(8, "big")
        return stored == hashlib.blake2b(self.hash + numbers + block, digest_size=32).digest()

    def commit(self, first, count, stored, block):
        if first != self.end:
            self.errors.append(f"commit {first}: expected position {self.end}")
        if not self.fits(first, count, stored, block):
            self.errors.append(f"commit {first}: its hash does not follow from what stands before it")
        self.hash, self.end, self.commits = stored, first + count, self.commits + 1

    def entry(self, position, entry, opened):
        self.entries += 1
        if entry.recorded_at_ms < self.time:
            self.errors.append(f"entry {position}: recorded before the one in front of it")
        self.time = entry.recorded_at_ms
        if opened is None:
            if self.epoch == 0:
                self.errors.append(f"entry {position}: written before any writer opened the log")
            return
        if opened.epoch != self.epoch + 1 or (self.lineage or opened.lineage) != opened.lineage:
            self.errors.append(f"entry {position}: epoch {opened.epoch} of {opened.lineage.hex()} after {self.epoch}")
        self.epoch, self.lineage, self.epochs = opened.epoch, opened.lineage, self.epochs + 1


def decode(chain, types, position, entry):
    """One entry's own fields."""
    name, kind = types.get(entry.type, (None, None))
    line = {"position": position, "recorded_at_ms": entry.recorded_at_ms, "type": name or entry.type,
            "principal": entry.principal, "command_key": entry.command_key.hex()}
    try:
        message, wrong = (kind.FromString(entry.payload), "") if kind else (None, f"type {entry.type} is unknown")
    except DecodeError:
        message, wrong = None, "its payload does not decode"
    chain.entry(position, entry, message if name == "Opened" else None)
    if message is None:
        chain.errors.append(f"entry {position}: {wrong}")
        return line | {"payload": entry.payload.hex()}
    line["payload"] = plain(message)
    if name == "EventAccepted":
        line["payload"]["event_bytes"] = message.event.hex()
        line["payload"]["event"] = plain(placements_pb2.PlacementEvent.FromString(message.event))
    return line


def commits(chain, folder):
    """(first, epoch, entries) of each commit of a log, in order; what does not fit goes to the chain's errors. A last
    commit whose hash does not fit is one that nobody was answered for: torn, or under way."""
    paths, lineages = sorted(folder.glob("*.log")), {}
    held = (1, 0, 0, bytes(32), b"")
    for path in paths:
        segment = Segment(path)
        lineages[path.name] = segment.lineage
        if (segment.first, segment.epoch, segment.before) != (held[0] + held[1], held[2], held[3]):
            chain.errors.append(f"segment {path.name}: does not follow the one before it")
        for record in segment.records(path is paths[-1]):
            if held[1]:
                yield accept(chain, *held)
            held = record
        chain.errors += segment.errors
    if held[1] and chain.fits(held[0], held[1], held[3], held[4]):
        yield accept(chain, *held)
    chain.errors += [f"segment {name}: of another lineage than the entries" for name, lineage in lineages.items()
                     if lineage != chain.lineage]


def accept(chain, first, count, epoch, stored, block):
    chain.commit(first, count, stored, block)
    try:
        entries = log_pb2.LogBlock.FromString(block).entries
    except DecodeError:
        entries = []
    if len(entries) != count:
        chain.errors.append(f"commit {first}: {len(entries)} entries, expected {count}")
    return first, epoch, entries


def log(folder, service, region):
    """Entries in order, then the log's own line."""
    chain, types = Chain(), entry_types(service)
    for first, epoch, entries in commits(chain, folder):
        for index, entry in enumerate(entries):
            yield {"kind": "entry", "service": service, "region": region} | decode(chain, types, first + index, entry)
        if epoch != chain.epoch:
            chain.errors.append(f"commit {first}: written in epoch {epoch}, expected {chain.epoch}")
    yield {"kind": "log", "service": service, "region": region, "lineage": (chain.lineage or b"").hex(),
           "epoch": chain.epoch, "epochs": chain.epochs, "commits": chain.commits, "entries": chain.entries,
           "end": chain.end, "head": chain.hash.hex(), "errors": chain.errors}


def logs(data):
    """All logs below a data folder: DATA/<service>/<region>/log."""
    for folder in sorted(path for path in pathlib.Path(data).glob("*/*/log") if path.is_dir()):
        yield from log(folder, folder.parts[-3], folder.parts[-2])


# ---- tables ----

def counter_name(number):
    figure, year = FIGURES.get(number >> 16, "unknown"), number & 0xffff
    return f"{figure}:{year or ('now' if figure == 'unmatched' else 'total')}"


def tables(data):
    """Positions of all tables, and reporting's figures as its tables hold them."""
    for path in sorted(pathlib.Path(data).glob("*/*/tables.db")):
        service, region = path.parts[-3], path.parts[-2]
        db = connect(path)
        db.execute("BEGIN")
        yield {"kind": "tables", "service": service, "region": region,
               "positions": dict(db.execute("SELECT source, position FROM mj_positions ORDER BY source"))}
        if (service, region) == ("reporting", "model"):
            for where, row, name, count in db.execute("SELECT region, line, name, value FROM cell"):
                yield {"kind": "cell", "region": where, "row": row, "name": counter_name(name), "value": count}
        db.close()


# ---- Redis ----

class Redis:
    """Just enough of RESP2 to ask."""

    def __init__(self, address):
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(address.removeprefix("unix:"))
        else:
            host, port = address.rsplit(":", 1)
            self.socket = socket.create_connection((host, int(port)))
        self.socket.settimeout(10)
        self.file = self.socket.makefile("rb")

    def ask(self, *words):
        parts = [str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        return self.read()

    def read(self):
        head = self.file.readline().rstrip(b"\r\n").decode()
        kind, rest = head[:1], head[1:]
        if kind == "-":
            raise RuntimeError(f"Redis: {rest}")
        if kind == "$":
            return None if rest == "-1" else self.file.read(int(rest) + 2)[:-2].decode()
        if kind == "*":
            return [self.read() for _ in range(int(rest))]
        return int(rest) if kind == ":" else rest

    def close(self):
        self.file.close()
        self.socket.close()


def redis(address):
    """Each region's counters, whole: one HGETALL is one state."""
    server = Redis(address)
    with contextlib.closing(server):
        yield from regions(server)


def regions(server):
    for pointer in sorted(server.ask("KEYS", "live:{*}:pointer")):
        key = server.ask("GET", pointer)
        fields = server.ask("HGETALL", key)
        held = dict(zip(fields[::2], fields[1::2]))
        counters = sorted([*(name.rsplit("|", 1) if "|" in name else ["", name]), int(count)]
                          for name, count in held.items() if name != "epoch" and not name.startswith("pos:"))
        yield {"kind": "redis", "region": pointer[len("live:{"):-len("}:pointer")], "key": key,
               "epoch": held.get("epoch", ""), "counters": counters,
               "positions": {name[4:]: int(at) for name, at in held.items() if name.startswith("pos:")}}


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    broken = False
    lines = [logs(arguments[0]), tables(arguments[0]), *([redis(arguments[1])] if len(arguments) == 2 else [])]
    for line in (line for source in lines for line in source):
        broken = broken or bool(line.get("errors"))
        print(json.dumps(line, ensure_ascii=False))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
