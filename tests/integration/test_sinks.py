"""Rows for sinks, with the simplest of them, a file: each session and window exactly once in effect, through kills, disorder,
a full disk and figures that are computed again."""

import json
import os
import re
import subprocess

import pytest
from support import batch, rows
from support.consumer import Consumer, event
from support.harness import Process, run, wait_until
from support.postgres import Postgres

GAP = 20  # seconds
RULES = ("--gap", f"{GAP}s", "--window", "1m", "--window", "2m/30s")


def simulated(path, count, *args):
    made = run(["produce", "--output", path, "--rate", 200, "--speed", "max", "--start", "2024-03-01", "--count", count, "--seed", 5,
                *args])
    assert made.returncode == 0, made.stderr
    return [json.loads(line) for line in path.read_text().splitlines()]


def check(found, events, gap=GAP):
    """That these rows are those of the events."""
    assert rows.sessions(found) == batch.session_rows(events, gap)
    for window, size, hop in (("1m", 60, 60), ("2m/30s", 120, 30)):
        assert rows.windows(found, window) == batch.window_rows(events, size, hop)


def closing(partitions, users):
    """Events that close all sessions of the others: one for each partition, an hour later."""
    return [event(user, 1_709_251_200 + 7200, session=1 << 40) for user in users[:partitions]]


def test_a_file_of_events(tmp_path):
    events = simulated(tmp_path / "events.ndjson", 20_000, "--duplicates", "2%", "--disorder", "5s")
    result = run(["consume", "--input", tmp_path / "events.ndjson", "--metrics-port", "none", "--interval", 0, *RULES,
                  "--sink", f"file:{tmp_path / 'a' / 'rows.ndjson'}", "--sink", f"file:{tmp_path / 'b.ndjson'}"])
    assert result.returncode == 0, result.stderr
    for path in (tmp_path / "a" / "rows.ndjson", tmp_path / "b.ndjson"):
        found, again = rows.of_file(path)
        assert again == 0
        check(found, events)
    assert {row["topic"] for row in found} == {str(tmp_path / "events.ndjson")}
    assert all(0 < row["offset"] <= len(events) for row in found)
    # The same once more is the same once more.
    again = run(["consume", "--input", tmp_path / "events.ndjson", "--metrics-port", "none", "--interval", 0, *RULES,
                 "--sink", f"file:{tmp_path / 'b.ndjson'}"])
    assert again.returncode == 0
    repeated, number = rows.of_file(tmp_path / "b.ndjson")
    assert number == len(found) and sorted(repeated, key=repr) == sorted(found, key=repr)


def users_of_partitions(kafka, topic):
    """A user for each partition."""
    probe = kafka.new_topic()
    kafka.produce(probe, [event(user, 1_709_251_200) for user in range(1, 40)])
    found = {}
    for record in kafka.records(probe):
        found.setdefault(record["partition"], json.loads(record["payload"])["user_id"])
    return [found[partition] for partition in sorted(found)]


@pytest.mark.parametrize("partitioning", ["keyed", "unkeyed"])
def test_kills_in_the_middle(kafka, tmp_path, partitioning):
    """Whatever was written by those who were killed, the rows are those of the log."""
    path = tmp_path / "rows.ndjson"
    events = simulated(tmp_path / "events.ndjson", 24_000)
    topic = kafka.new_topic()
    args = ("--instance-id", "one", "--partitioning", partitioning, "--sink", f"file:{path}", "--checkpoint-interval", "2s", *RULES)
    size = len(events) // 6
    for number in range(6):
        with Consumer(kafka, topic, *args) as consumer:
            consumer.await_ready()
            before = path.stat().st_size if path.exists() else 0
            kafka.produce(topic, events[number * size:(number + 1) * size])
            if number > 0:
                wait_until(lambda: path.stat().st_size > before)
            consumer.kill()
    last = closing(3, users_of_partitions(kafka, topic))
    with Consumer(kafka, topic, *args) as consumer:
        kafka.produce(topic, last)
        consumer.await_consumed(len(events) + 3)
        assert consumer.stats()["sessions"]["open"] == 3
        assert consumer.stop() == 0
    found, _ = rows.of_file(path, offsets_vary=partitioning == "unkeyed")
    check(found, events)


def test_what_is_computed_again_takes_the_place_of_what_was(kafka, tmp_path):
    path = tmp_path / "rows.ndjson"
    events = simulated(tmp_path / "events.ndjson", 6000)
    topic = kafka.new_topic()
    last = closing(3, users_of_partitions(kafka, topic))
    kafka.produce(topic, [*events, *last])
    sink = ("--sink", f"file:{path}")
    with Consumer(kafka, topic, *sink, *RULES) as consumer:
        consumer.await_consumed(len(events) + 3)
        assert consumer.stop() == 0
    check(rows.of_file(path)[0], events)
    other = ("--gap", "5s", *RULES[2:], "--on-unusable-state", "rebuild")
    with Consumer(kafka, topic, *sink, *other) as consumer:
        consumer.await_consumed(len(events) + 3)
        assert consumer.stop() == 0
    found, _ = rows.of_file(path)
    assert {row["epoch"] for row in found} == {1}
    check(found, events, gap=5)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
@pytest.mark.parametrize("partitioning", ["keyed", "unkeyed"])
def test_a_full_disk_holds_the_consumer_back(kafka, tmp_path, partitioning):
    """It says what is wrong, stays in the group and healthy, reads no further, and goes on when there is room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr}")
    try:
        path = disk / "rows.ndjson"
        # Two views of each visitor, two seconds apart: with a gap of one second each is a session, which closes soon.
        events = [event(number % 50_000, 1_709_251_200 + number * 0.001, event_id=str(number)) for number in range(120_000)]
        topic = kafka.new_topic()
        kafka.produce(topic, events)
        with Consumer(kafka, topic, "--gap", "1s", "--lateness", "1s", "--partitioning", partitioning, "--sink", f"file:{path}",
                      "--checkpoint-interval", "1s") as consumer:
            consumer.await_ready()
            consumer.expect("sink file: cannot write rows to .*No space left on device; trying again", "stderr")

            def held_back():
                rows_queued = metric(consumer, 'clickstream_sink_queued_rows{.*sink="file"}')
                return rows_queued > 50_000

            wait_until(held_back, what="a full queue")
            lag = metric(consumer, "clickstream_consumer_lag{.*}")
            assert consumer.get("/healthz").status == 200
            assert consumer.consumed() < len(events) and lag > 0
            subprocess.run(["mount", "-o", "remount,size=256m", disk], check=True)
            consumer.expect("sink file: writing again", "stderr")
            kafka.produce(topic, [event(user, 1_709_251_200 + 7200) for user in users_of_partitions(kafka, topic)])
            consumer.await_consumed(len(events) + 3)
            assert consumer.stop() == 0
        found, again = rows.of_file(path)
        assert again == 0
        assert rows.sessions(found) == batch.session_rows(events, 1)
    finally:
        subprocess.run(["umount", disk], check=False)


def metric(consumer, pattern):
    """The sum of what a pattern finds at /metrics."""
    return sum(float(value) for value in re.findall(rf"^{pattern} (\S+)$", consumer.get("/metrics").text, re.MULTILINE))


def test_a_sink_that_is_away_at_the_start():
    """With --connect-timeout 0 it is waited for, until a signal ends that."""
    with Postgres() as server:
        server.stop()
        args = ["consume", "--input", "simulator", "--metrics-port", "none", "--connect-timeout", "0", "--sink", server.url(),
                "--sink-init"]
        with Process(args) as process:
            process.expect(f"waiting for a sink: PostgreSQL at 127.0.0.1:{server.port}: Connection refused", "stderr")
            process.send_signal()
            assert process.wait() == 0
        with Process(args) as process:
            process.expect("waiting for a sink: ", "stderr")
            server.start()
            process.expect("created the tables of the schema clickstream", "stderr")
            process.expect("LIVE METRICS")
            process.send_signal()
            assert process.wait() == 0


@pytest.mark.parametrize("args, status, words", [
    (["--sink", "mysql://localhost/db"], 2, "--sink"),
    (["--sink", "postgres:/localhost/db"], 2, "--sink: is none of file:PATH, postgresql://"),
    (["--sink", "-"], 2, "--sink: is none of file:PATH"),
    (["--sink", "https://localhost:9200"], 2, "elasticsearch+https://HOST:9200 (OpenSearch, too"),
    (["--sink", "file:"], 2, "file: needs a path"),
    (["--sink-init"], 2, "--sink-init: needs a --sink"),
    (["--sink", "file:/proc/no/such"], 1, "cannot write rows to /proc/no/such"),
    (["--sink", "file:/dev/null"], 1, "it is no ordinary file"),
])
def test_places_that_are_none(args, status, words):
    result = run(["consume", "--input", "simulator", "--metrics-port", "none", *args])
    assert result.returncode == status
    assert words in result.stderr
