"""Judges what a reader sees of a group's published figures: does any fall? And at the end: are they the truth?

A published figure is a committed one: whoever shows a partition has read, or written, the offset that it belongs to.
The coordinator takes no commit of a generation that is over, so a new owner starts from at least what any owner before it
has shown. Hence three rules, by partition, about every counter:

own      In one process's answers nothing falls, as long as each shows the partition.
start    A process that starts to show a partition (its answer before did not have it, or there was none) shows at
         least what all answers that were complete before this one was asked for have shown.
maximum  The maximum over the instances that answer in a round is never below that of all rounds before. A partition
         that nobody shows is no fall.

A process that was cut off from its group without knowing it, frozen or while the broker was down, may wake and show what
it once owned, even a partition that it had just been given: others are ahead of it, rightly. It is called a
*suspect* from then until it has had the time to learn better. For it, `start` compares with what was known when it became
one, and `maximum` excuses a round in which suspects alone show the partition.
"""

import math
import re
import threading
from typing import NamedTuple

WATCHED = (
    "clickstream_events_total", "clickstream_malformed_total", "clickstream_page_views_total", "clickstream_clicks_total",
    "clickstream_sessions_opened_total", "clickstream_sessions_merged_total", "clickstream_sessions_closed_total",
    "clickstream_sessions_bounced_total", "clickstream_session_duration_seconds_count",
    "clickstream_session_duration_seconds_sum", "clickstream_session_duration_seconds_bucket")
COUNTED = 'clickstream_events_total{result="counted"}'

_SERIES = re.compile(r"^(%s|clickstream_consumer_lag)\{(.*)\} (\S+)$" % "|".join(WATCHED), re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def parse(text):
    """A /metrics answer: ({partition: {series: value}} of the counters, {partition: lag})."""
    counters = {}
    lags = {}
    for name, labels, value in _SERIES.findall(text):
        labels = dict(_LABEL.findall(labels))
        partition = labels.pop("partition")
        del labels["topic"], labels["group"]
        if name == "clickstream_consumer_lag":
            lags[partition] = float(value)
            continue
        rest = ",".join(f'{label}="{text}"' for label, text in sorted(labels.items()))
        counters.setdefault(partition, {})[f"{name}{{{rest}}}" if rest else name] = float(value)
    return counters, lags


class Fall(NamedTuple):
    rule: str
    instance: str  # or instances
    partition: str
    series: dict  # {series: (before, now)}
    when: float

    def __str__(self):
        shown = [f"{series}: {before:.15g} -> {now:.15g}" for series, (before, now) in list(self.series.items())[:4]]
        more = f" and {len(self.series) - 4} more" if len(self.series) > 4 else ""
        return f"{self.when:.1f} s: {self.instance}, partition {self.partition}, rule {self.rule}: {'; '.join(shown)}{more}"


def _fallen(before, now):
    """A series that is gone has fallen, too."""
    return {series: (value, now.get(series, 0)) for series, value in before.items() if now.get(series, 0) < value}


def _raise(high, figures):
    for series, value in figures.items():
        high[series] = max(value, high.get(series, value))


class Checker:
    """Instances are named by process: a restarted one has another name. One thread judges, any thread suspects."""

    def __init__(self):
        self._lock = threading.Lock()
        self._high = {}  # {partition: {series: the highest value seen}}
        self._last = {}  # {instance: the counters of its last answer}
        self._suspects = {}  # {instance: (what was highest when it became one, when that ends)}
        self._below = set()  # partitions whose maximum is below
        self.falls = []
        self.starts = 0
        self.excused = 0
        self.rounds = 0

    def suspect(self, instance, until=math.inf):
        """To be called before the instance is frozen or cut off, and again, with a moment, once it no longer is."""
        with self._lock:
            known = self._suspects.get(instance)
            high = known[0] if known else {partition: dict(series) for partition, series in self._high.items()}
            self._suspects[instance] = (high, until)

    def judge(self, answers, asked, when=0.0):
        """A round: {instance: its counters}, of those that answered, all asked at `asked` or later, and after the round before
        was complete. `when` is for the reports."""
        with self._lock:
            self.rounds += 1
            self._suspects = {name: one for name, one in self._suspects.items() if one[1] >= asked}
            for instance, counters in answers.items():
                self._judge_instance(instance, counters, when)
            for partition in {partition for counters in answers.values() for partition in counters}:
                self._judge_maximum(partition, answers, when)
            for instance, counters in answers.items():
                self._last[instance] = counters
                for partition, figures in counters.items():
                    _raise(self._high.setdefault(partition, {}), figures)

    def _judge_instance(self, instance, counters, when):
        last = self._last.get(instance, {})
        high = self._suspects[instance][0] if instance in self._suspects else self._high
        for partition, figures in counters.items():
            started = partition not in last
            self.starts += started
            fallen = _fallen((high if started else last).get(partition, {}), figures)
            if fallen:
                self.falls.append(Fall("start" if started else "own", instance, partition, fallen, when))

    def _judge_maximum(self, partition, answers, when):
        showing = [instance for instance, counters in answers.items() if partition in counters]
        top = {}
        for instance in showing:
            _raise(top, answers[instance][partition])
        fallen = _fallen(self._high.get(partition, {}), top)
        if not fallen:
            self._below.discard(partition)
        elif partition not in self._below:  # else it is known already
            if all(instance in self._suspects for instance in showing):
                self.excused += 1
            else:
                self._below.add(partition)
                self.falls.append(Fall("maximum", "+".join(showing), partition, fallen, when))

    def counted(self):
        """The events counted, as published at most."""
        with self._lock:
            return sum(series.get(COUNTED, 0) for series in self._high.values())


IGNORED = ("as_of", "users", "sessions.open")  # what depends on the moment, and what an endless input has not


def _flatten(value, name=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flatten(inner, f"{name}.{key}" if name else key)
    elif name == "pages" or name.endswith(".pages"):
        for page in value:
            yield f"{name}.{page['page']}", page["page_views"]
    elif name == "windows":
        for window in value:
            yield from _flatten(window, f"windows.{window['window']}.{window['start']}")
    else:
        yield name, value


def differing(actual, truth):
    """What differs between two documents of `stats -o json`'s shape: [(figure, actual, truth)].

    Of each kind of windows, from the first to the last that the actual one shows: a live consumer shows the latest final
    ones.
    """
    shown = {}
    for window in actual["windows"]:
        shown.setdefault(window["window"], []).append(window["start"])
    truth = {**truth, "windows": [one for one in truth["windows"] if one["window"] in shown and
                                  min(shown[one["window"]]) <= one["start"] <= max(shown[one["window"]])]}
    documents = [dict(_flatten({name: value for name, value in one.items() if name not in IGNORED}))
                 for one in (actual, truth)]
    names = sorted(set(documents[0]) | set(documents[1]))
    pairs = [(name, documents[0].get(name), documents[1].get(name)) for name in names if name not in IGNORED]
    return [(name, one, other) for name, one, other in pairs if one != other]
