# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""What an operator relies on: one writer a partition, refusals in clear words, stops that lose nothing, regions that
may be served anywhere, services that go on without registry, and probes that tell."""
import os
import re
import subprocess
import time
import types
import unittest

import facts
import harness
from cast import PARIS, Cast, wait_enrolled
from counted import Figures
from observed import entries
from sender import Sender, check_streams
from wire import Caller, reporting

SAMPLE = re.compile(r'[a-z_:][a-z0-9_:]*(\{[a-z_]+="[^"\\\n]*"(,[a-z_]+="[^"\\\n]*")*\})? -?[0-9.e+-]+')


class Operations(harness.PlatformCase):
    demo = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cast = Cast(cls.platform)
        cls.ett = cls.cast.ett()
        locale = cls.cast.mission_locale()
        cls.persons = [locale.enrol() for _ in range(5)]
        wait_enrolled(cls.cast.agency(cls.ett), cls.persons[-1])

    def another(self, *flags, **more):
        """A second placements, not started; it knows the registry."""
        service = harness.Service("placements", self.platform, "--registry", self.platform.registry_address, *flags,
                                  label=f"placements-{self.id().rsplit('.', 1)[1][-40:]}", **more)
        self.addCleanup(lambda: service.running() and service.kill())
        return service

    def refusal_of(self, service):
        """The last words of a program that cannot start."""
        service.start(wait=False)
        return service.wait_refused()


class Refusals(Operations):
    def test_a_second_writer_of_a_partition_is_refused(self):
        agency = self.cast.agency(self.ett)
        words = self.refusal_of(self.another())
        self.assertIn("LOCKED", words)
        self.assertIn(f"process {self.platform.placements.process.pid}", words, "it says who holds the partition")
        self.assertEqual(agency.send(facts.started("M", self.persons[0])), {})

    def test_a_key_file_that_others_may_read_is_refused(self):
        service = self.another(data=self.platform.folder / "elsewhere")
        loose = self.platform.new_key("loose")
        loose.chmod(0o644)
        service.command[service.command.index("--key-file") + 1] = str(loose)
        self.assertIn(f"chmod 600 {loose}", self.refusal_of(service))

    def test_a_key_file_that_is_none_is_refused(self):
        service = self.another(data=self.platform.folder / "elsewhere")
        service.command[service.command.index("--key-file") + 1] = str(self.platform.keys / "bootstrap")
        os.chmod(self.platform.keys / "bootstrap", 0o600)
        self.assertIn("mj keys new", self.refusal_of(service))

    def test_an_address_in_use_is_refused(self):
        service = self.another(data=self.platform.folder / "elsewhere")
        service.command[service.command.index("--listen") + 1] = f"127.0.0.1:{self.platform.placements.port}"
        self.assertIn("is in use", self.refusal_of(service))

    def test_settings_that_are_none_are_refused_by_name(self):
        for flags, word in ((["--region", "99"], "region"), (["--listen", "nowhere"], "listen"),
                            (["--rows-cache", "much"], "rows-cache"), (["--no-such-setting", "1"], "no-such-setting"),
                            (["--registry", "tcp://127.0.0.1:1"], "registry")):
            service = self.another(data=self.platform.folder / "elsewhere")
            if flags[0] in service.command:
                service.command[service.command.index(flags[0]) + 1] = flags[1]
            else:
                service.command += flags
            self.assertIn(word, self.refusal_of(service).splitlines()[-1])


class Stops(Operations):
    def test_a_service_that_is_stopped_under_load_ends_with_0_and_loses_nothing(self):
        senders = [Sender(self.cast.agency(self.ett), self.persons, seed) for seed in range(3)]
        for sender in senders:
            sender.start()
        for _ in range(3):
            marks = [sender.durable + 30 for sender in senders]
            harness.wait_until(lambda: all(s.failure or s.durable > m for s, m in zip(senders, marks)), "load")
            self.platform.placements.restart()   # SIGTERM; a status other than 0 fails
        for sender in senders:
            sender.finish()
        check_streams(entries(self.platform), senders)
        stopped = [line for line in self.platform.placements.logs("stopped")]
        self.assertEqual(len(stopped), 3)

    def test_all_services_stop_while_callers_wait_for_long_polls(self):
        figures = Figures(self.platform)
        token = figures.caller.call("reporting.v1.Watch").body.token
        figures.caller.send("reporting.v1.Watch", reporting.WatchRequest(token=token, wait_ms=5000))
        since = time.monotonic()
        self.platform.stop()
        self.assertLess(time.monotonic() - since, 10)
        self.platform.start()


class WithoutRegistry(Operations):
    def test_the_others_go_on_and_readyz_says_so(self):
        agency = self.cast.agency(self.ett)
        figures = Figures(self.platform)
        row = f"agency/{agency.siret}"
        self.platform.registry.kill()
        self.assertEqual(agency.send(facts.started("M", self.persons[0])), {})
        harness.wait_until(lambda: any(c.name == "missions:total" and c.value == 1 for c in
                                       figures.now(["52"], row)["52"].counters), "the mission counts")
        for service in (self.platform.placements, self.platform.reporting):
            harness.wait_until(lambda: service.get("/readyz")[0] == 503, f"{service.name} says so", 30)
            self.assertIn("registry", service.get("/readyz")[1])
            self.assertEqual(service.get("/livez")[0], 200)
        # Who is known goes on, a process that starts meanwhile included.
        self.platform.placements.stop()
        self.platform.placements.start(wait=False)
        agency.connect()
        self.assertEqual(agency.send(facts.fact("hours", "M")), {})
        self.platform.registry.start()
        for service in (self.platform.placements, self.platform.reporting):
            service.wait_ready()


class Regions(Operations):
    """Region 52 is served by one process, region 11 by another."""

    def test_a_region_served_elsewhere_is_found_and_the_wrong_instance_says_where(self):
        paris = self.another(regions=("11",), data=self.platform.folder / "paris")
        paris.start()
        siret = self.cast.declare_agency(self.ett, PARIS)
        with Caller(self.platform.placements, self.cast.etts[self.ett]) as caller:
            def moved():
                return caller.call("placements.v1.Resume", region="11", stream=siret)
            harness.wait_until(lambda: moved().reason == "MOVED", "placements hears of the agency")
            answer = harness.wait_until(lambda: moved().error.moved_to and moved(), "the directory knows the other one")
        self.assertEqual((answer.code, answer.reason, answer.error.moved_to), ("UNAVAILABLE", "MOVED", paris.endpoint))
        found = self.served()
        self.assertEqual({i.region: i.endpoint for i in found},
                         {"52": self.platform.placements.endpoint, "11": paris.endpoint})
        row = next(i for i in found if i.region == "11")
        there = types.SimpleNamespace(endpoint=row.endpoint, public_key=row.server_key.hex())
        with Caller(there, self.cast.etts[self.ett]) as caller:
            answer = caller.call("placements.v1.Ingest", region="11", stream=siret, first_sequence=1,
                                 events=[facts.started("M", self.persons[0])])
        self.assertEqual(answer.body.durable_through, 1)
        paris.stop()
        harness.wait_until(lambda: [i.region for i in self.served()] == ["52"], "the directory forgets it", 2)

    def served(self):
        return self.cast.operator.call("directory.v1.Resolve", service="placements").body.instances


class Probes(Operations):
    def test_metrics_are_what_prometheus_reads(self):
        for service in (self.platform.registry, self.platform.placements, self.platform.reporting):
            status, text = service.get("/metrics")
            self.assertEqual(status, 200)
            families, kind = {}, None
            for line in text.splitlines():
                if line.startswith("# HELP "):
                    self.assertNotIn(line.split()[2], families, "a family stands in one place")
                    kind = families.setdefault(line.split()[2], [])
                elif line.startswith("# TYPE "):
                    name, what = line.split()[2:]
                    self.assertIn(what, ("counter", "gauge", "histogram"))
                    self.assertTrue(what != "counter" or name.endswith("_total"), name)
                    families[name].append(what)
                else:
                    self.assertRegex(line, f"^{SAMPLE.pattern}$")
                    name = re.sub("_(bucket|sum|count)$", "", re.split("[{ ]", line)[0])
                    self.assertIs(families[name], kind, f"{line} stands among another family's")
            self.assertTrue(families)
            self.assertTrue(all(what for what in families.values()))

    def test_probes_and_other_paths(self):
        for service in (self.platform.registry, self.platform.placements, self.platform.reporting):
            self.assertEqual(service.get("/livez")[0], 200)
            self.assertEqual(service.get("/readyz")[0], 200)
            self.assertEqual(service.get("/etc/passwd")[0], 404)

    def test_help_names_every_setting_that_it_takes(self):
        for name in harness.SERVICES:
            done = subprocess.run([harness.BIN / f"mj-{name}", "--help"], text=True, capture_output=True, check=True)
            for word in ("--listen", "--http", "--data", "--region", "--registry", "--key-file", "--bootstrap"):
                self.assertIn(word, done.stdout)


if __name__ == "__main__":
    unittest.main()
