# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""placements' disk runs full under load: senders are told at once, questions are answered, nothing acknowledged is
lost, and intake opens by itself when there is room again. Needs to mount a small tmpfs: skipped where that is not allowed;
the same by fail points is in test_kill_disk.py."""
import subprocess
import time
import unittest

import facts
import harness
from cast import Cast
from observed import assert_recount, entries
from sender import Sender, check_streams
from wire import Silence

SIZE_MB = 8
AGENCIES = 3


def mount(folder):
    """A disk of SIZE_MB at folder; False where we may not."""
    folder.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", folder], capture_output=True)
    return done.returncode == 0


class DiskFull(unittest.TestCase):
    def setUp(self):
        self.platform = harness.Platform(demo=True)
        self.addCleanup(self.platform.remove)
        self.disk = self.platform.data / "placements"
        if not mount(self.disk):
            self.skipTest("mounting a tmpfs is not allowed here")
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.disk], check=True)
        self.platform.start()
        cast = Cast(self.platform)
        ett, locale = cast.ett(), cast.mission_locale()
        self.persons = [locale.enrol() for _ in range(10)]
        self.senders = [Sender(cast.agency(ett), self.persons, seed) for seed in range(AGENCIES)]
        self.probe = cast.agency(ett)

    def fill(self):
        """Takes all the room that is left, to the last page."""
        ballast = self.disk / "ballast"
        with ballast.open("wb", buffering=0) as file:
            for size in (65536, 4096):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue
        return ballast

    def test_a_full_disk_refuses_loses_nothing_and_opens_again(self):
        for sender in self.senders:
            sender.start()
        harness.wait_until(lambda: all(s.durable > 100 for s in self.senders), "load")
        self.probe.send(facts.started("M", self.persons[0]))
        pid = self.platform.placements.process.pid
        ballast = self.fill()
        refused, slowest = self.wait_refused()
        self.assertEqual(refused.code, "RESOURCE_EXHAUSTED")
        self.assertIn(refused.reason, ("DISK_FULL", "CREDIT"))   # the batch that met it; those that come afterwards
        self.assertGreater(refused.error.retry_after_ms, 0)
        # Questions are answered from what is there. Resume, which is decided where events are, says the same as Ingest.
        listed = self.probe.caller.call("placements.v1.ListPlacements", region="52", stream=self.probe.siret).body
        self.assertGreater(listed.page.at_position, 0)
        asked = self.probe.caller.call("placements.v1.GetEvent", region="52", stream=self.probe.siret, sequence=1)
        self.assertIn(asked.reason, ("", "BEHIND"), "what is acknowledged is never told as missing")
        self.assertEqual(self.probe.resume().reason, "DISK_FULL")
        self.assertEqual(self.platform.placements.get("/readyz")[0], 503)
        self.assertIn("full", self.platform.placements.get("/readyz")[1])
        self.assertEqual(self.platform.placements.get("/livez")[0], 200)
        ballast.unlink()
        since = time.monotonic()
        harness.wait_until(lambda: not self.probe.ingest(2, [facts.fact("hours", "M")]).code, "intake opens", 10)
        opened = time.monotonic() - since
        print(f"\nrefused after {slowest * 1000:.0f} ms at most; open again after {opened:.2f} s")
        self.assertLess(opened, 2)
        marks = [s.durable + 50 for s in self.senders]
        harness.wait_until(lambda: all(s.failure or s.durable > m for s, m in zip(self.senders, marks)),
                           "clients go on")
        for sender in self.senders:
            sender.finish()
        self.assertEqual(self.platform.placements.process.pid, pid)
        self.assertTrue(self.platform.placements.running())
        check_streams(entries(self.platform), self.senders)
        for sender in self.senders:
            sender.resend_all()
        assert_recount(self.platform)
        self.platform.stop()

    def wait_refused(self):
        """Asks until it is refused for the disk; the answer, and the longest it waited for any. What it asks is a gap,
        so that nothing is taken where there is a little room yet."""
        slowest, deadline = 0, time.monotonic() + 20
        while time.monotonic() < deadline:
            since = time.monotonic()
            try:
                answer = self.probe.ingest(10 ** 6, [facts.fact("ended", "M")])
            except Silence:
                self.fail("no answer while the disk is full")
            slowest = max(slowest, time.monotonic() - since)
            if answer.reason != "GAP":
                return answer, slowest
            time.sleep(0.01)
        self.fail(f"never refused; the last answer: {answer}")


if __name__ == "__main__":
    unittest.main()
