# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Drives bin/mj-fault-proxy: one bad network in front of one service.

    proxy = Proxy(service_port)          # listens at proxy.port
    proxy.do("delay 200"); proxy.do("cut"); proxy.do("pass")
    proxy.stats()["swallowed"]
"""
import subprocess

import harness


class Proxy:
    """Forwards from its own port to another; ends with this process."""

    def __init__(self, target_port, port=None):
        self.port = port or harness.free_port()
        self.endpoint = f"tcp://127.0.0.1:{self.port}"
        self.process = subprocess.Popen([harness.BIN / "mj-fault-proxy", str(self.port), str(target_port)], text=True,
                                        bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.do("pass")                          # answered once it listens

    def do(self, command):
        """The answer's words behind "ok"."""
        self.process.stdin.write(f"{command}\n")
        answer = self.process.stdout.readline().strip()
        assert answer.startswith("ok"), f"{command}: {answer or 'the proxy has ended'}"
        return answer.split()[1:]

    def stats(self):
        return {name: int(value) for name, value in (word.split("=") for word in self.do("stats"))}

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Door:
    """A service as it is reached through a proxy: what a Caller connects to."""

    def __init__(self, service, proxy):
        self.endpoint, self.public_key = proxy.endpoint, service.public_key
