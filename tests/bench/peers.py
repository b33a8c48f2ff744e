# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""The peers and the machine's own limits, measured by the programs in peers/. Each starts a server of its own in an
empty folder and prints one JSON object."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile


class Peers:
    """programs: the folder of bench-peer-NAME and bench-raw; scratch: where servers keep their data."""

    def __init__(self, programs, scratch, preload=None):
        self.programs, self.scratch = pathlib.Path(programs), scratch
        self.environment = os.environ | ({"LD_PRELOAD": str(preload)} if preload else {})

    def run(self, name, events_file, *flags):
        """One run of bench-peer-NAME."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"mj-peer-{name}-", dir=self.scratch))
        folder.chmod(0o755)                      # servers that refuse to run as root change their user
        try:
            return self._json([f"bench-peer-{name}", "--events", events_file, "--start", folder / "data", *flags])
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def raw(self, events_file):
        """The machine's limits."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="mj-raw-", dir=self.scratch))
        try:
            return self._json(["bench-raw", "--events", events_file, "--dir", folder / "data", "wire", "unpack",
                               "sync"])
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def has(self, program):
        return (self.programs / program).exists()

    def _json(self, words):
        words = [self.programs / words[0], *words[1:]]
        done = subprocess.run([str(w) for w in words], env=self.environment, text=True, capture_output=True,
                              timeout=1800)
        if done.returncode != 0:
            raise AssertionError(f"{words[0].name}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout.splitlines()[-1])
