# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""The systemd unit is well formed for every service, and as closed as deploy/README.md says."""
import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

import harness

UNIT = pathlib.Path(__file__).parents[2] / "deploy/systemd/mj@.service"
SERVICES = ("registry", "placements", "reporting")


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", "--no-pager", *arguments], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class SystemdUnit(unittest.TestCase):
    def test_every_service_has_a_unit_that_systemd_accepts(self):
        with tempfile.TemporaryDirectory() as folder:
            installed = pathlib.Path(folder, UNIT.name)
            installed.write_text(UNIT.read_text().replace("/usr/bin/", os.environ["MJ_BIN"] + "/"))
            for service in SERVICES:
                with self.subTest(service):
                    checked = analyze("verify", "--man=no", f"{folder}/mj@{service}.service")
                    self.assertEqual((checked.returncode, checked.stdout), (0, ""))

    def test_exposure_stays_at_what_the_operators_page_says(self):
        checked = analyze("security", "--offline=true", "--threshold=11", str(UNIT))
        self.assertEqual(checked.returncode, 0, checked.stdout)

    def test_a_service_tells_systemd_that_it_is_ready_that_it_lives_and_that_it_stops(self):
        platform = harness.Platform(services=("registry",))
        self.addCleanup(platform.remove)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.settimeout(harness.START_S)
            systemd.bind(str(platform.folder / "notify"))
            platform.registry.start(NOTIFY_SOCKET=platform.folder / "notify", WATCHDOG_USEC=600000)
            said = set()
            while not {"READY=1", "WATCHDOG=1"} <= said:
                said.update(systemd.recv(4096).decode().splitlines())
            platform.registry.stop()
            while "STOPPING=1" not in said:
                said.update(systemd.recv(4096).decode().splitlines())


if __name__ == "__main__":
    unittest.main()
