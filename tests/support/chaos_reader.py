"""Scrapes /metrics of all instances all the time, and has a Checker judge each round."""

import concurrent.futures
import http.client
import time

from support.chaos_checker import parse
from support.harness import Background, http_get

TIMEOUT = 1.0  # seconds for an answer
PACE = 0.2     # seconds from one round to the next, if they take no longer


class Reader(Background):
    """In a with statement: a thread that reads. `latest`: of the last round, {instance: (counters, lags)}."""

    def __init__(self, fleet, checker):
        super().__init__()
        self._fleet = fleet
        self._checker = checker
        self._begin = time.monotonic()
        self.latest = {}
        self.error = None

    def _run(self):
        try:
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                while not self._stop.wait(PACE):
                    self._round(pool)
        except Exception as error:  # the run is worth nothing without it, and is told
            self.error = error

    def _round(self, pool):
        asked = time.monotonic()
        instances = [one for one in self._fleet.running() if not one.frozen and one.url()]
        answers = dict(zip(instances, pool.map(self._ask, instances)))
        answers = {one: answer for one, answer in answers.items() if answer}
        self._checker.judge({one.name: answer[0] for one, answer in answers.items()}, asked, asked - self._begin)
        self.latest = answers

    @staticmethod
    def _ask(instance):
        try:
            answer = http_get(instance.url() + "/metrics", timeout=TIMEOUT)
        except (OSError, http.client.HTTPException):
            return None
        # A process that is gone by now may have left its port to another.
        return parse(answer.text) if answer.status == 200 and instance.status() is None else None
