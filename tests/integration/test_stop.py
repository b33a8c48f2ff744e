# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""A stop ends cleanly whatever is in work, and a second signal only makes it quicker."""
import unittest

import facts
import harness
from cast import Cast
from wire import Caller, message

CALLERS = 20
QUESTIONS = 20                                   # of each caller
LISTED = 1000                                    # rows of an answer: questions take long enough to be in work
ROUNDS = 10                                      # each meets another moment of the stop


class Stop(harness.PlatformCase):
    services = ("registry", "placements")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agency = Cast(cls.platform).agency()
        cls.agency.send(*[facts.started(f"M-{i}", "") for i in range(LISTED)])

    def callers_with_questions(self):
        """Connections that each have sent many questions and wait; the first answer is there."""
        siret, region = self.agency.siret, self.agency.region
        question = message("placements.v1.ListExceptions", "Request")(
            stream=siret, page={"size": LISTED})
        callers = [Caller(self.platform.placements, self.agency.key) for _ in range(CALLERS)]
        for caller in callers:
            caller.call("placements.v1.Resume", region=region, stream=siret)
        for _ in range(QUESTIONS):
            for caller in callers:
                caller.send("placements.v1.ListExceptions", question, region)
        callers[0].receive()
        return callers

    def test_two_signals_while_queries_are_in_work_end_the_process_cleanly(self):
        placements = self.platform.placements
        for _ in range(ROUNDS):
            callers = self.callers_with_questions()
            placements.process.terminate()
            while not placements.logs("stopping") and placements.running():
                pass                         # no pause: the stop itself is short
            placements.stop()                # the second one; asks for status 0
            for caller in callers:
                caller.close()
            placements.log_path.write_text("")
            placements.start()
            self.agency.connect()
            self.agency.opened()


if __name__ == "__main__":
    unittest.main()
