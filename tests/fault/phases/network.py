# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""A bad network, and processes that stand still, while agencies stream. Between everybody and registry, and between
everybody and placements, stands a fault proxy: they announce it as their address, so that agencies, reporting and the
services themselves go through it. Afterwards: everything open is acknowledged within 5 s, everything acknowledged is
stored exactly once, every figure equals a recount.

    /usr/bin/python3 -B tests/fault/phases/network.py --seed 1 [--scale 1]
"""
import pathlib
import random
import sys
import time
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import stage                                                                # noqa: E402
import harness                                                              # noqa: E402
from cast import Cast, wait_enrolled                                        # noqa: E402
from observed import assert_recount, entries                                # noqa: E402
from proxy import Door, Proxy                                               # noqa: E402
from sender import Sender, check_streams                                    # noqa: E402

AGENCIES = 4
SECONDS = 22
LIVENESS_S = 5
LONG_PAUSE_S = 10
# Each fault, and for how long it holds (seconds, at least and at most).
NETWORK = {"cut": (0, 0.1), "rst": (0, 0.1), "refuse": (0.1, 0.4), "swallow up": (0.2, 1), "swallow down": (0.2, 1),
           "swallow both": (0.2, 1), "delay": (0.3, 0.8), "split": (0.3, 0.6), "throttle": (0.3, 0.6),
           "duplicate": (0.1, 0.4)}
PAUSE = (0.1, 1.2)                               # in a push; in longer runs up to LONG_PAUSE_S


class Network:
    """A platform behind two proxies."""

    def __init__(self, factory):
        self.ports = {name: harness.free_port() for name in ("registry", "placements")}
        self.platform = factory(demo=True, flags={
            name: ["--advertise", f"tcp://127.0.0.1:{port}"] for name, port in self.ports.items()})
        self.proxies = {name: Proxy(getattr(self.platform, name).port, port) for name, port in self.ports.items()}
        address = f"{self.proxies['registry'].endpoint}/{self.platform.registry.public_key}"
        for service in (self.platform.placements, self.platform.reporting):
            service.command += ["--registry", address]           # the last one given counts

    def agency(self, cast, ett):
        """An agency that knows placements by the proxy only."""
        agency = cast.agency(ett)
        agency.platform = types.SimpleNamespace(placements=Door(self.platform.placements, self.proxies["placements"]))
        agency.connect()
        return agency

    def remove(self):
        for proxy in self.proxies.values():
            proxy.stop()
        self.platform.remove()


class Faults:
    """Draws one fault after the other, and counts them by kind."""

    def __init__(self, network, seed, longest_pause):
        self.network, self.chance, self.counts = network, random.Random(seed), {}
        self.rounds, self.longest_pause = [], longest_pause

    def next_kind(self):
        """Every kind comes once before any comes again."""
        if not self.rounds:
            self.rounds = [*NETWORK, "pause", "pause"]
            self.chance.shuffle(self.rounds)
        return self.rounds.pop()

    def one(self):
        kind = self.next_kind()
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if kind == "pause":
            self.pause()
            return
        proxy = self.network.proxies[self.chance.choice(("placements", "placements", "registry"))]
        words = {"delay": f"delay {self.chance.randint(20, 500)}",
                 "throttle": f"throttle {self.chance.randint(2000, 50000)}"}
        proxy.do(words.get(kind, kind))
        if kind == "duplicate":
            proxy.do("cut")                      # so that connections are made while it holds
        time.sleep(self.chance.uniform(*NETWORK[kind]))
        proxy.do("pass")                         # connections that lost bytes stay dead: heartbeats and patience tell

    def pause(self):
        service = getattr(self.network.platform, self.chance.choice(harness.SERVICES[:2]))
        service.pause()
        time.sleep(self.chance.uniform(PAUSE[0], self.longest_pause))
        service.resume()

    def storm(self, seconds):
        """Faults one after the other, beside one long pause of reporting."""
        reporting, ends = self.network.platform.reporting, time.monotonic() + seconds
        resume_at = time.monotonic() + LONG_PAUSE_S
        reporting.pause()
        self.counts["pause of 10 s"] = 1
        while time.monotonic() < ends:
            self.one()
            if resume_at and time.monotonic() > resume_at:
                reporting.resume()
                resume_at = None
        reporting.resume()
        for proxy in self.network.proxies.values():
            proxy.do("cut")                      # what is half-open now is no fault that ended


def wait_alive(platform, senders):
    """All that was open when the last fault ended is acknowledged, all services are ready. Seconds it took."""
    since = time.monotonic()
    open_now = [(sender, len(sender.events)) for sender in senders]
    harness.wait_until(lambda: all(s.failure or s.durable >= n for s, n in open_now),
                       "every open event is acknowledged", LIVENESS_S)
    for name in harness.SERVICES:
        service = getattr(platform, name)
        harness.wait_until(service.ready, f"{name} is ready; it says {service.get('/readyz')}",
                           max(0.1, since + LIVENESS_S - time.monotonic()))
    return time.monotonic() - since


def under_faults(network, seed, seconds):
    platform, cast = network.platform, Cast(network.platform)
    ett, locale = cast.ett(), cast.mission_locale()
    persons = [locale.enrol() for _ in range(10)]
    wait_enrolled(cast.agency(ett), persons[-1])
    senders = [Sender(network.agency(cast, ett), persons, seed * 100 + n) for n in range(AGENCIES)]
    for sender in senders:
        sender.start()
    faults = Faults(network, seed, PAUSE[1] if seconds <= SECONDS else LONG_PAUSE_S)
    faults.storm(seconds)
    alive_s = wait_alive(platform, senders)
    for sender in senders:
        sender.finish()
    check_streams(entries(platform), senders)
    for sender in senders:
        sender.resend_all()
    assert_recount(platform)
    return {"faults": sum(faults.counts.values()), "by_kind": faults.counts,
            "events": sum(len(s.events) for s in senders), "unknown_answers": sum(s.doubts for s in senders),
            "alive_after_s": round(alive_s, 2)}


def phase(platform_factory, seed, scale):
    network = Network(platform_factory)
    try:
        network.platform.start()
        counts = under_faults(network, seed, SECONDS * scale)
        counts["bytes_swallowed"] = sum(proxy.stats()["swallowed"] for proxy in network.proxies.values())
        network.platform.stop()
        return counts
    finally:
        network.remove()


if __name__ == "__main__":
    stage.run_alone(phase, "network")
