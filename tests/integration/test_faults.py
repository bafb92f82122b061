"""Faults on demand, through a broker: the figures are those of the truth, on any number of partitions."""

import json
import re
import signal
import subprocess
from collections import Counter

import pytest
from support.harness import Process, run, wait_until
from support.kafka import Kafka

FAULTS = ["--duplicates", "1%", "--disorder", "5s", "--late", "0.1%", "--malformed", "0.1%"]
WINDOWS = ["--window", "1m", "--window", "5m/1m"]
COUNT = 200_000


def produce(kafka, topic, *args):
    result = run(["produce", "-b", kafka.brokers, "-t", topic, "--rate", 0, "--count", COUNT, *FAULTS, *WINDOWS,
                  *args])
    assert result.returncode == 0, result.stderr


def stats(kafka, topic, truth, *args):
    return run(["stats", "-b", kafka.brokers, "-t", topic, "--expect", truth, *WINDOWS, *args])


@pytest.mark.parametrize("partitions", [1, 3, 12])
def test_stats_finds_the_truth(kafka, tmp_path, partitions):
    topic, truth = kafka.unused_name(), tmp_path / "t.json"
    more = ["--gap", "10s"] if partitions == 3 else ["--offline", "1%"] if partitions == 12 else []
    produce(kafka, topic, "--partitions", partitions, "--truth", truth, *more)
    found = stats(kafka, topic, truth, *(more if partitions == 3 else []))
    assert found.returncode == 0, found.stdout + found.stderr
    events = json.loads(truth.read_text())["events"]
    assert events["counted"] == COUNT
    assert sum(kafka.end_offsets(topic).values()) == events["consumed"] > COUNT + 2_000


def test_the_dead_letters_are_the_late_and_the_malformed(kafka, tmp_path):
    topic, truth = kafka.unused_name(), tmp_path / "t.json"
    produce(kafka, topic, "--truth", truth)
    consumed = run(["consume", "--until-end", "-b", kafka.brokers, "-t", topic, "-g", topic, "--metrics-port", "none",
                    "--interval", 0, "-o", "json"])
    assert consumed.returncode == 0, consumed.stderr
    expected = json.loads(truth.read_text())
    found = json.loads(consumed.stdout.splitlines()[-1])
    assert found["events"] == expected["events"]
    headers = subprocess.run(["kcat", "-C", "-e", "-q", "-b", kafka.brokers, "-t", f"{topic}-dead-letter", "-f", "%h\\n"],
                             capture_output=True, check=True, text=True, timeout=60).stdout
    reasons = Counter(re.findall(r"clickstream\.reason=(\w+)", headers))
    assert reasons == {"late": expected["events"]["late"], **expected["malformed_reasons"]}


def test_what_was_held_at_a_stop_is_part_of_the_truth(kafka, tmp_path):
    topic, truth = kafka.unused_name(), tmp_path / "t.json"
    with Process(["produce", "-b", kafka.brokers, "-t", topic, "--rate", 5000, "--truth", truth, *FAULTS, *WINDOWS,
                  "--offline", "1%"]) as process:
        wait_until(lambda: sum(kafka.end_offsets(topic).values()) > 10_000)
        assert process.stop(signal.SIGINT) == 0, process.transcript()
    sent = int(re.search(r"sent (\d+) records in", process.stderr).group(1))
    assert sent == json.loads(truth.read_text())["events"]["consumed"] == sum(kafka.end_offsets(topic).values())
    found = stats(kafka, topic, truth)
    assert found.returncode == 0, found.stdout + found.stderr


def test_what_is_held_at_a_stop_waits_for_a_full_queue(own_broker, proxy, tmp_path):
    """Ten times as much is held as the queue has room for."""
    kafka = Kafka(own_broker.brokers)
    topic, truth = kafka.unused_name(), tmp_path / "t.json"
    with Process(["produce", "-b", f"127.0.0.1:{proxy.port}", "-t", topic, "--rate", 200, "--disorder", "10s",
                  "--truth", truth, *WINDOWS, "-X", "queue.buffering.max.messages=100"]) as process:
        wait_until(lambda: sum(kafka.end_offsets(topic).values()) > 0)
        proxy.freeze()
        process.expect(r"the send queue is full \(100 events\)", "stderr")
        process.send_signal(signal.SIGINT)
        proxy.restore()
        assert process.wait() == 0, process.transcript()
    assert json.loads(truth.read_text())["events"]["consumed"] == sum(kafka.end_offsets(topic).values())
    found = stats(kafka, topic, truth)
    assert found.returncode == 0, found.stdout + found.stderr
