# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Every binary that is shipped was linked hardened, and holds no fail point."""
import subprocess
import unittest

import harness

BINARIES = ("mj-registry", "mj-placements", "mj-reporting", "mj", "mj-load")


def readelf(binary):
    return subprocess.run(["readelf", "--wide", "-h", "-l", "-d", "--dyn-syms", harness.BIN / binary], check=True,
                          text=True, capture_output=True).stdout


class Hardening(unittest.TestCase):
    def test_binaries_are_position_independent_and_bound_at_start_and_have_no_executable_stack(self):
        for binary in BINARIES:
            with self.subTest(binary):
                text = readelf(binary)
                self.assertRegex(text, r"Type: +DYN")
                self.assertRegex(text, r"Flags: .*\bNOW\b")
                self.assertRegex(text, r"GNU_RELRO")
                self.assertRegex(text, r"GNU_STACK .* RW ")
                self.assertNotRegex(text, r"LOAD .* RWE ")

    def test_binaries_check_their_stacks_and_their_copies(self):
        for binary in BINARIES:
            with self.subTest(binary):
                text = readelf(binary)
                self.assertIn("__stack_chk_fail", text)
                self.assertRegex(text, r"__(snprintf|memcpy|vsnprintf)_chk")

    def test_binaries_hold_no_fail_points(self):
        for binary in BINARIES:
            with self.subTest(binary):
                self.assertNotIn(b"MJ_FAILPOINTS", (harness.BIN / binary).read_bytes())


if __name__ == "__main__":
    unittest.main()
