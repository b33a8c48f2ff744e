# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""proto/PROTOCOL.md keeps its word: its examples are what they say, and every reason of the sources is listed.

Run with --write to pack every example's JSON anew, after a message was given another field."""
import importlib
import json
import os
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "proto" / "PROTOCOL.md"
sys.path.insert(0, os.environ.get("MJ_PROTO_PY", str(ROOT / "build" / "release" / "proto" / "python")))

from google.protobuf import json_format  # noqa: E402 (Debian's python3-protobuf)

BLOCK = re.compile(r"^```example\n(.*?)^```$", re.M | re.S)
EXAMPLE = re.compile(r"^hex (\S+) (missionjeunes\.\S+): ([0-9a-f]*)\njson (\S+): (.*)$", re.M)
# A reason is the first text in capitals of one of these calls; a test's own sources are not looked at.
REASON = re.compile(r'\b(?:mj_fail|refuse|warn|except)\s*\([^;]*?"([A-Z][A-Z0-9_]{2,})"')


def message(full_name):
    """An empty message of that name, e.g. missionjeunes.common.v1.Header."""
    package, name = full_name.rsplit(".", 1)
    file = package.rsplit(".", 2)[1]
    module = importlib.import_module(f"{package}.{file}_pb2")
    return getattr(module, name)()


def pack(full_name, text):
    return json_format.Parse(text, message(full_name)).SerializeToString(deterministic=True)


class Examples(unittest.TestCase):
    def setUp(self):
        self.page = PAGE.read_text(encoding="utf-8")
        self.examples = EXAMPLE.findall(self.page)

    def test_every_line_of_an_example_block_is_read(self):
        lines = sum(len(block.splitlines()) for block in BLOCK.findall(self.page))
        self.assertGreater(lines, 20)
        self.assertEqual(lines, 2 * len(self.examples))

    def test_names_are_given_once(self):
        names = [name for name, _, _, _, _ in self.examples]
        self.assertEqual(len(names), len(set(names)))
        for name, _, _, json_name, _ in self.examples:
            self.assertEqual(name, json_name)

    def test_bytes_and_json_say_the_same(self):
        for name, kind, hex_text, _, json_text in self.examples:
            with self.subTest(name):
                m = message(kind)
                m.ParseFromString(bytes.fromhex(hex_text))
                self.assertEqual(json_format.MessageToDict(m, preserving_proto_field_name=True), json.loads(json_text))

    def test_packing_again_gives_the_same_bytes(self):
        for name, kind, hex_text, _, json_text in self.examples:
            with self.subTest(name):
                m = message(kind)
                m.ParseFromString(bytes.fromhex(hex_text))
                self.assertEqual(m.SerializeToString(deterministic=True).hex(), hex_text)
                self.assertEqual(pack(kind, json_text).hex(), hex_text)

    def test_batches_hold_the_events_shown(self):
        shown = {hex_text for name, _, hex_text, _, _ in self.examples if name.startswith("event-")}
        batch = message("missionjeunes.placements.v1.IngestRequest")
        batch.ParseFromString(bytes.fromhex(next(h for n, _, h, _, _ in self.examples if n == "ingest")))
        self.assertTrue(batch.events)
        for event in batch.events:
            self.assertIn(event.hex(), shown)


class Reasons(unittest.TestCase):
    def test_every_reason_of_the_sources_is_listed(self):
        listed = set(re.findall(r"`([A-Z][A-Z0-9_]{2,})`", PAGE.read_text(encoding="utf-8")))
        missing = {}
        for source in sorted((ROOT / "services").rglob("*.c")):
            for reason in REASON.findall(source.read_text(encoding="utf-8")):
                if reason not in listed:
                    missing.setdefault(reason, source.relative_to(ROOT).as_posix())
        self.assertEqual(missing, {}, "list them in proto/PROTOCOL.md, section Reasons")


def write():
    page = PAGE.read_text(encoding="utf-8")
    page = EXAMPLE.sub(lambda m: f"hex {m[1]} {m[2]}: {pack(m[2], m[5]).hex()}\njson {m[4]}: {m[5]}", page)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    if "--write" in sys.argv:
        write()
    else:
        unittest.main()
