"""A running `consume` with state, and what it publishes."""

import json
import uuid

from support.chaos_checker import parse
from support.harness import Background, Process, http_get, run, wait_until
from support.kafka import Kafka

RATIOS = {"bounce_rate_percent", "click_through_rate_percent", "session_click_through_rate_percent",
          "average_session_duration_seconds"}


class Consumer(Process):
    """Of `topic`, in the group of the same name unless told otherwise."""

    def __init__(self, kafka, topic, *args, group=None, env=None):
        super().__init__(["consume", "-b", kafka.brokers, "-t", topic, "-g", group or topic, "--metrics-port", 0,
                          "--interval", 0, *args], env=env)
        self._url = None

    @property
    def url(self):
        if self._url is None:
            self._url = self.expect(r"live page at (\S+),", "stderr").group(1)
        return self._url

    def get(self, path):
        return http_get(self.url + path)

    def stats(self):
        return json.loads(self.get("/stats.json").text)

    def consumed(self):
        """What it has published, all fates together."""
        return self.stats()["events"]["consumed"]

    def counters(self):
        """{partition: {series: value}}"""
        return parse(self.get("/metrics").text)[0]

    def ready(self):
        return self.get("/readyz").status == 200

    def await_ready(self, timeout=60):
        wait_until(self.ready, timeout, "readiness")
        return self

    def await_consumed(self, number, timeout=60):
        """Until it has published so many, and no more."""
        self._await(lambda: self.consumed() >= number, f"{number} records", timeout)
        assert self.consumed() == number
        return self

    def _await(self, condition, what, timeout):
        try:
            wait_until(lambda: not self.running() or condition(), timeout, what)
        except OSError:
            if self.running():
                raise
        except AssertionError as error:
            raise AssertionError(f"{error}; the last figures: {self.stats()['events']}\n{self.transcript()}") from None
        assert self.running(), self.transcript()

    def kill(self):
        self._popen.kill()
        self._popen.wait()


def until_end(kafka, topic, *args, group=None):
    """`consume --until-end`: the CompletedProcess."""
    return run(["consume", "--until-end", "-b", kafka.brokers, "-t", topic, "-g", group or topic, "--metrics-port", "none",
                "--interval", 0, "-o", "json", *args])


def figures_until_end(kafka, topic, *args, group=None):
    result = until_end(kafka, topic, *args, group=group)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def comparable(figures):
    """Without what a consumer with state does not know, and what is a matter of the moment."""
    return {name: value for name, value in figures.items() if name not in ("as_of", "users", "windows")}


def open_or_closed(figures):
    """Of a consumer that runs: what is true as well when all sessions are closed."""
    kept = comparable(figures)
    kept["sessions"] = {name: value for name, value in kept["sessions"].items() if name != "open"}
    return kept


def produce(kafka, topic, count, truth=None, *args):
    """So many events of simulated visitors, at once; the truth, if a file for it is named."""
    more = [] if truth is None else ["--truth", truth]
    result = run(["produce", "-b", kafka.brokers, "-t", topic, "--rate", 0, "--count", count, *more, *args])
    assert result.returncode == 0, result.stderr
    return truth and json.loads(truth.read_text())


def event(user, time, session=1, action="page_view", page="/a", duration=0, event_id=None):
    return {"event_id": event_id or str(uuid.uuid4()), "user_id": user, "session_id": session, "page": page,
            "action": action, "duration": duration, "timestamp": time}


class Watch(Background):
    """Scrapes /metrics of whichever consumer it is told of, and remembers every counter that fell. In a with statement."""

    def __init__(self):
        super().__init__()
        self._consumer = None
        self._high = {}
        self.falls = []
        self.scrapes = 0

    def follow(self, consumer):
        consumer.url
        self._consumer = consumer

    def _run(self):
        while not self._stop.wait(0.05):
            consumer = self._consumer
            if consumer is None:
                continue
            try:
                answer = consumer.counters()
            except OSError:
                continue
            if consumer is not self._consumer or not answer:
                continue
            self.scrapes += 1
            for partition, series in answer.items():
                high = self._high.setdefault(partition, {})
                for name, before in high.items():
                    if series.get(name, 0) < before:
                        self.falls.append((partition, name, before, series.get(name)))
                for name, value in series.items():
                    high[name] = max(value, high.get(name, value))
