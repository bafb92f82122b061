"""Recorded events -> Kafka: keys, order, pace by the broker's clock, and going on after a stop."""

import json
import random
import re
import signal
import time

import pytest
from support.access_log import counted, made_up
from support.harness import Process, free_port, run, wait_until
from support.kafka import Kafka


def recorded(path, count, rate=100):
    """A file of simulated events: its lines."""
    made = run(["produce", "--output", path, "--rate", rate, "--speed", "max", "--count", count, "--seed", 1,
                "--start", "2024-01-01"])
    assert made.returncode == 0
    return path.read_text().splitlines()


def replay(kafka, *args):
    result = run(["replay", "-b", kafka.brokers, *args])
    assert result.returncode == 0, result.stderr
    return result


def by_partition(records):
    parts = {}
    for record in records:
        parts.setdefault(record["partition"], []).append(record["payload"])
    return parts


def check_order(kafka, topic, lines):
    """Every line is there once, as it was, keyed by its user, and those of a partition stand in their order."""
    records = kafka.records(topic)
    assert sorted(record["payload"] for record in records) == sorted(lines)
    for record in records:
        assert record["key"] == str(json.loads(record["payload"])["user_id"])
    place = {line: n for n, line in enumerate(lines)}
    for payloads in by_partition(records).values():
        places = [place[payload] for payload in payloads]
        assert places == sorted(places)
    return records


def test_keyed_in_order_and_byte_for_byte(kafka, tmp_path):
    lines = recorded(tmp_path / "events", 3000)
    topic = kafka.unused_name()
    result = replay(kafka, "--to-topic", topic, tmp_path / "events", "--speed", "max")
    assert "read 3,000 lines: 3,000 events sent" in result.stderr
    assert len(by_partition(check_order(kafka, topic, lines))) == 3
    # As the simulator itself partitions them.
    twin = kafka.unused_name()
    made = run(["produce", "-b", kafka.brokers, "-t", twin, "--rate", 100, "--speed", "max", "--count", 3000, "--seed", 1,
                "--start", "2024-01-01"])
    assert made.returncode == 0
    assert by_partition(kafka.records(topic)) == by_partition(kafka.records(twin))


def test_the_pace_by_the_brokers_clock(kafka, tmp_path):
    """Ten minutes at 150 times the speed take four seconds. The first of them is left out: a topic that is just being
    created takes its first records late."""
    lines = recorded(tmp_path / "events", 6000, rate=10)
    topic = kafka.new_topic(message_timestamp_type="LogAppendTime")
    replay(kafka, "-t", topic, tmp_path / "events", "--speed", 150)
    stamps = {record["payload"]: record["ts"] / 1000 for record in kafka.records(topic)}
    begin, end = lines[len(lines) // 3], lines[-1]
    took = stamps[end] - stamps[begin]
    assert took == pytest.approx((json.loads(end)["timestamp"] - json.loads(begin)["timestamp"]) / 150, abs=0.2)


def test_an_access_log_end_to_end(kafka, tmp_path):
    lines = made_up(5000)
    path = tmp_path / "access.log"
    path.write_text("\n".join(lines) + "\n")
    topic = kafka.unused_name()
    replay(kafka, "-t", topic, path, "--speed", "max", "--rejects", tmp_path / "rejects")
    figures = json.loads(run(["stats", "-b", kafka.brokers, "-t", topic, "-o", "json"]).stdout)
    expected = counted(lines)
    assert {one["page"]: one["page_views"] for one in figures["pages"]} == expected["pages"]
    assert figures["users"] == expected["visitors"]
    assert figures["sessions"]["total"] == expected["visits"]
    assert len((tmp_path / "rejects").read_text().splitlines()) == expected["others"]["rejected"] > 0


def test_a_topic_with_newer_events_is_warned_of(kafka, tmp_path):
    recorded(tmp_path / "events", 100)
    topic = kafka.unused_name()
    path = tmp_path / "events"
    assert "warning" not in replay(kafka, "-t", topic, path, "--speed", "max").stderr
    again = replay(kafka, "-t", topic, path, "--speed", "max").stderr
    assert re.search(rf"warning topic {topic} already holds events up to 2024-01-01T00:00:00Z, but this run starts at "
                     r"2024-01-01T00:00:00Z: .* Use another topic \(-t\), or --rebase now", again)
    assert "warning" not in replay(kafka, "-t", topic, path, "--speed", "max", "--rebase", "now").stderr


@pytest.mark.parametrize("speed, queue", [("20", "100000"), ("max", "100")])
def test_stopped_at_random_and_resumed_everything_is_there_once(kafka, tmp_path, speed, queue):
    count = 8000 if speed == "20" else 60_000
    lines = recorded(tmp_path / "events", count, rate=100 if speed == "20" else 10000)
    rng, topic, hint, stops = random.Random(1), kafka.new_topic(), [], 0
    while hint is not None:
        with Process(["replay", "-b", kafka.brokers, "-t", topic, tmp_path / "events", "--speed", speed, *hint,
                      "-X", f"queue.buffering.max.messages={queue}"]) as process:
            process.expect("sending events from", "stderr")
            time.sleep(rng.uniform(0.2, 1.5))  # any moment will do
            status = process.stop(signal.SIGINT)
            assert status in (0, 130), process.transcript()
        assert "warning topic" not in process.stderr, "what it goes on from is no newer event"
        found = re.search(r"after ([0-9,]+) events?; go on with (.*)$", process.stderr, re.MULTILINE)
        assert (found is None) == (status == 0)
        if found:
            assert sum(kafka.end_offsets(topic).values()) == int(found.group(1).replace(",", ""))
        hint = found.group(2).split() if found else None
        stops += status == 130
    assert stops > 0
    check_order(kafka, topic, lines)


def test_what_was_not_delivered_is_said_without_a_position(own_broker, proxy, tmp_path):
    kafka = Kafka(own_broker.brokers)
    recorded(tmp_path / "events", 20_000)
    topic = kafka.unused_name()
    with Process(["replay", "-b", f"127.0.0.1:{proxy.port}", "-t", topic, tmp_path / "events"]) as process:
        wait_until(lambda: sum(kafka.end_offsets(topic).values()) > 0)
        proxy.cut()
        process.expect("; trying again", "stderr")
        time.sleep(0.5)  # in which events come that cannot be delivered
        begin = time.monotonic()
        assert process.stop(signal.SIGTERM) == 4
        assert time.monotonic() - begin < 9
    assert re.search(r"clickstream replay: \d+ events were not delivered \(\d+ were\): ", process.stderr)
    assert "--resume" not in process.stderr


def test_no_broker(tmp_path):
    recorded(tmp_path / "events", 10)
    result = run(["replay", "-b", f"127.0.0.1:{free_port()}", "--connect-timeout", "500ms", tmp_path / "events"])
    assert result.returncode == 3 and "no broker at" in result.stderr
