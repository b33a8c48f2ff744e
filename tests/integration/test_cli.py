# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command line, as people use it: only mj, its files and its exit codes. Examples are those of tools/examples."""
import json
import pathlib
import re
import subprocess
import unittest

import harness

EXAMPLES = pathlib.Path(__file__).parents[2] / "tools" / "examples"
ETT, AGENCY, MISSION_LOCALE = "900000019", "90000001900019", "12345678200010"
PERSON = "R52-04HMASW9NF6YY4HMQ"                 # of the examples; nobody is enrolled under it
OK, WARNED, AGAIN, REFUSED, USAGE = 0, 1, 2, 3, 64


class CommandLine(harness.PlatformCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        mj = cls.platform.mj
        mj("organisation", "add", "--kind", "ett", "--id", ETT, "--name", "ETT d'essai")
        mj("organisation", "add", "--kind", "mission-locale", "--id", MISSION_LOCALE, "--name", "ML d'essai",
           "--commune", "44109")
        for name, role, organisation in (("ett", "agency", ETT), ("ml", "mission-locale", MISSION_LOCALE)):
            mj("principal", "add", name, "--role", role, "--organisation", organisation)
            mj("keys", "add", name, cls.platform.new_key(name))
        cls.profile = pathlib.Path(cls.platform.folder, "mj.profile")
        cls.profile.write_text(f"registry = {cls.platform.registry_address}\nkey-file = keys/ett.key\n"
                               f"siret = {AGENCY}\ncommune = 44109\n")
        cls.person = mj("enrol", "--birth-date", "2007-03-14", "--sex", "f", "--programme", "cej", "--on", "2026-01-05",
                        "--region", "52", key="ml").stdout.strip()

    def mj(self, *words, status=OK, **more):
        """As the agency, by its profile; what was printed."""
        environment = harness.clean_environment(MJ_PROFILE=self.profile, MJ_DATA=self.platform.folder)
        done = subprocess.run([harness.BIN / "mj", *map(str, words)], env=environment, text=True, timeout=60,
                              capture_output=True, **more)
        self.assertEqual(done.returncode, status, f"{words}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def lines(self, *words, **more):
        return [json.loads(line) for line in self.mj(*words, "--json", **more).splitlines()]

    def example(self, reference, name="mission.json"):
        """The example as somebody else's: another placement, and a young person who is enrolled."""
        text = (EXAMPLES / name).read_text().replace(PERSON, self.person)
        return re.sub(r"EXEMPLE-2026-000\d", reference, text)

    def test_the_example_is_taken_and_sent_again_is_known(self):
        text = self.example("CLI-1")
        receipts = self.lines("send", "-", input=text)
        self.assertEqual({r["outcome"] for r in receipts}, {"accepted"})
        self.assertEqual([r["line"] for r in receipts], list(range(1, 11)))
        again = self.lines("send", "-", input=text)
        self.assertEqual([r["same_as"] for r in again], [r["event"] for r in receipts])
        trace, = self.lines("trace", receipts[0]["event"])
        self.assertEqual(trace["placement"], "PLACEMENT_STATE_ENDED_AT_TERM")
        listed = [p for p in self.lines("placements") if p["minutes"] == "10440"]
        self.assertEqual(listed[0]["ended_on"], "2026-02-13")

    def test_a_bad_date_is_refused_alike_offline_and_by_the_service(self):
        file = EXAMPLES / "mauvaise-date.json"
        checked, = self.lines("check", file, status=REFUSED)
        held_back, = self.lines("send", file, status=REFUSED)
        answered, = self.lines("send", file, "--no-check", status=REFUSED)
        for receipt in (checked, held_back, answered):
            self.assertEqual((receipt["level"], receipt["reason"], receipt["field"]),
                             (3, "END_BEFORE_START", "confirmed.planned_end"))
        self.assertEqual(checked["message"], answered["message"])
        self.assertNotIn("event", held_back)
        self.lines("trace", answered["event"], status=REFUSED)
        self.assertIn(answered["event"], self.mj("exceptions", "--outcome", "rejected"))

    def test_an_unknown_young_person_is_a_warning(self):
        receipts = self.lines("send", "-", input=self.example("CLI-7").replace(self.person, PERSON), status=WARNED)
        self.assertEqual(receipts[0]["outcome"], "unmatched")
        self.assertEqual(receipts[0]["level"], 1)

    def test_a_bad_event_costs_itself_alone(self):
        text = self.example("CLI-2", "erreurs.json")
        receipts = self.lines("send", "-", input=text, status=REFUSED)
        self.assertEqual([r["line"] for r in receipts], list(range(1, 9)))
        self.assertEqual([r["level"] for r in receipts], [3, 3, 3, 3, 0, 1, 3, 3])
        self.assertEqual([r.get("reason") for r in receipts],
                         ["DATE_RANGE", "SIRET_CHECKSUM", "PERSON_CHECKSUM", "UNKNOWN_ENUM", None, "HOURS_OVER_48",
                          "END_BEFORE_START", "JSON_SYNTAX"])

    def test_what_waits_in_the_spool_goes_out_with_the_next_send(self):
        self.lines("send", "-", input=self.example("CLI-3"))
        self.platform.placements.pause()
        try:
            self.mj("send", "-", "--timeout", "1", input=self.example("CLI-4"), status=AGAIN)
        finally:
            self.platform.placements.resume()
        self.assertEqual({r["level"] for r in self.lines("send", "-", input=self.example("CLI-4"))}, {0})

    def test_figures_name_what_they_stand_on(self):
        last = self.lines("send", "-", input=self.example("CLI-5"))[-1]["event"]
        position = int(self.lines("trace", last)[0]["position"])
        rows = self.lines("counters", "--row", f"agency/{AGENCY}", "--at-least", f"placements/52={position}")
        missions, = (r for r in rows if (r["region"], r["name"]) == ("52", "missions:total"))
        self.assertGreaterEqual(missions["value"], 1)
        self.assertGreaterEqual(missions["source"]["placements/52"], position)
        self.assertEqual(missions["definition_version"], 1)
        shown = {r["region"] for r in self.lines("watch", "--once", "--region", "52,FR")}
        self.assertEqual(shown, {"52", "FR"})

    def test_status_shows_every_process(self):
        shown = self.platform.mj("status", "--json").stdout.splitlines()
        self.assertEqual({json.loads(line)["service"] for line in shown}, set(harness.SERVICES))
        self.assertTrue(all(json.loads(line)["ready"] for line in shown))

    def test_logs_verify_and_tables_are_folded_again(self):
        receipts = self.lines("send", "-", input=self.example("CLI-6"))
        data = self.platform.data
        self.mj("refold", data / "placements" / "52", status=REFUSED)
        self.platform.placements.stop()
        self.mj("refold", data / "placements" / "52")
        self.assertFalse((data / "placements" / "52" / "tables.db").exists())
        self.assertEqual({line["log"].rsplit("/", 3)[1] for line in self.lines("log", "verify", data)},
                         {"placements", "registry"})
        self.platform.placements.start()
        self.lines("trace", receipts[0]["event"])
        first = self.lines("log", "dump", data / "placements" / "52" / "log")[0]
        self.assertEqual((first["position"], first["type"]), (1, 1))

    def test_a_key_that_was_revoked_opens_nothing(self):
        platform = self.platform
        key = platform.new_key("second")
        platform.mj("keys", "add", "ett", key)
        self.mj("organisation", "list", "--key-file", key)
        platform.mj("keys", "revoke", key)
        self.mj("organisation", "list", "--key-file", key, "--timeout", "1", status=AGAIN)

    def test_a_wrong_command_line_is_met_with_the_right_one(self):
        self.assertIn("did you mean send?", self.mj("sned", status=USAGE))
        self.assertIn("did you mean --region?", self.mj("counters", "--regoin", "52", status=USAGE))
        self.assertIn("mj keys init", self.mj("keys", status=USAGE))
        self.assertIn("mission-locale", self.mj("organisation", "add", "--kind", "x", "--id", "1", "--name", "n",
                                                status=USAGE))
        self.assertIn("Examples:", self.mj("send", "--help"))
        for command in re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", self.mj("help"), re.MULTILINE):
            self.assertIn("Examples:", self.mj("help", *command.split()))


if __name__ == "__main__":
    unittest.main()
