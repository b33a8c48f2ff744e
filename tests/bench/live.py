# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Where the live counters stand, asked of Redis over one connection, and how far they are behind."""
import bisect
import socket


class Counters:
    """Reads the position of placements' log that region 52's counters stand at."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(5)
        self.socket.connect(str(path))
        self.answers = self.socket.makefile("rb")

    def ask(self, command):
        self.socket.sendall(command.encode() + b"\r\n")
        head = self.answers.readline()
        if not head.startswith(b"$") or head.startswith(b"$-1"):
            return ""
        return self.answers.read(int(head[1:]) + 2)[:-2].decode()

    def position(self):
        name = self.ask("GET live:{52}:pointer")
        return int(self.ask(f"HGET {name} pos:placements/52") or 0) if name else 0

    def close(self):
        self.answers.close()
        self.socket.close()


def lags(samples):
    """How old, in seconds, the newest event was that each sample's counters hold; samples: (time, durable position,
    counted position), a few a second, in order. 0 where nothing was missing."""
    times, durable = [s[0] for s in samples], [s[1] for s in samples]
    found = []
    for at, stood, counted in samples:
        if counted >= stood:
            found.append(0.0)
            continue
        i = bisect.bisect_right(durable, counted)        # the first that was beyond it
        before = max(i - 1, 0)
        grown = durable[i] - durable[before]
        share = (counted - durable[before]) / grown if grown else 0
        found.append(max(0.0, at - (times[before] + max(share, 0) * (times[i] - times[before]))))
    return found
