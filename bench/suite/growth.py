"""What consuming costs as work grows: partitions, pages, instances. (Open sessions: suite/micro.py.)"""

import os
import pathlib
import re
import statistics
import time

from suite.inputs import consume_until_end, new_group, topic_of, with_pages
from suite.measure import LONGEST, say, timed
from support.consumer import Consumer
from support.harness import binary, wait_until

TICKS = os.sysconf("SC_CLK_TCK")


def of_runs(events, runs):
    """Rates are medians; memory is the most."""
    return {"rate": events / statistics.median(run.seconds for run in runs),
            "processor": statistics.median(run.processor for run in runs) / events,
            "memory": max(run.memory for run in runs)}


def partitions(kafka, path, events, counts, rounds):
    """{partitions: figures} of `consume --until-end`."""
    topics = {count: topic_of(kafka, path, events, count) for count in counts}
    runs = {count: [] for count in counts}
    for _ in range(rounds):
        for count, topic in topics.items():
            say(f"{count} partitions")
            runs[count].append(timed(consume_until_end(kafka, topic)))
    return {count: of_runs(events, runs[count]) for count in counts}


def pages(path, events, counts, rounds):
    """{pages: figures} of `stats FILE`."""
    files = {count: with_pages(path, path.with_suffix(f".{count}"), count) for count in counts}
    runs = {count: [] for count in counts}
    for _ in range(rounds):
        for count, file in files.items():
            say(f"{count} pages")
            runs[count].append(timed([binary(), "stats", file, "-o", "json"]))
    for file in files.values():
        file.unlink()
    return {count: of_runs(events, runs[count]) for count in counts}


def series(consumer, name):
    """The sum of a series at /metrics."""
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", consumer.get("/metrics").text, re.MULTILINE))


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def instances(kafka, broker, path, events, counts, rounds):
    """{instances: figures} of a group that finds a topic of 12 partitions full; `broker` is the folder that it is in."""
    topic = topic_of(kafka, path, events, 12)
    pid = int(pathlib.Path(broker, "pid").read_text())
    runs = {count: [] for count in counts}
    for _ in range(rounds):
        for count in counts:
            say(f"{count} instances")
            runs[count].append(one_group(kafka, pid, topic, events, count))
    return {count: {name: statistics.median(run[name] for run in runs[count]) for name in runs[count][0]} for count in counts}


def one_group(kafka, broker, topic, events, count):
    group = new_group()
    before = processor_seconds(broker)
    begin = time.monotonic()
    consumers = [Consumer(kafka, topic, group=group) for _ in range(count)]
    try:
        wait_until(lambda: sum(one.consumed() for one in consumers) >= events, LONGEST, "all events")
        seconds = time.monotonic() - begin
        return {"rate": events / seconds,
                "processor": sum(processor_seconds(one.pid) for one in consumers) / events,
                "broker": (processor_seconds(broker) - before) / events,
                "memory": sum(series(one, "process_resident_memory_bytes") for one in consumers)}
    finally:
        for one in consumers:
            one.stop()
            one.__exit__()
