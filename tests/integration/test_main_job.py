"""Simulated visitors -> Kafka -> live metrics: correct to the last event."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.harness import ROOT, Process, http_get, run, wait_until
from support.kafka import Kafka


def produce(kafka, topic, *args, **options):
    result = run(["produce", "-b", kafka.brokers, "-t", topic, *args], **options)
    assert result.returncode == 0, result.stderr
    return result


def stats(kafka, topic, *args):
    result = run(["stats", "-b", kafka.brokers, "-t", topic, "-o", "json", *args])
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def consumer(kafka, topic, *args, group=None):
    return Process(["consume", "-b", kafka.brokers, "-t", topic, "-g", group or topic, "--metrics-port", 0,
                    "--interval", "1s", *args])


def url_of(process):
    return process.expect(r"live page at (\S+),", "stderr").group(1)


def live(url):
    return json.loads(http_get(url + "/stats.json").text)


def consumed(url, number):
    wait_until(lambda: live(url)["events"]["consumed"] == number, what=f"{number} events at {url}")
    return live(url)


def series(text):
    """{name and labels: value} of a Prometheus text."""
    return {name: float(value) for name, value in re.findall(r"^([^#\s]\S*) (\S+)$", text, re.MULTILINE)}


def same_figures(actual, truth):
    """The live figures of an endless input against the final ones: users are not counted, sessions may be open."""
    for figure in ("page_views", "clicks", "pages", "bounce_rate_percent", "click_through_rate_percent",
                   "session_click_through_rate_percent", "average_session_duration_seconds", "events"):
        assert actual[figure] == truth[figure], figure
    for figure in ("total", "bounced", "with_click", "total_duration_seconds"):
        assert actual["sessions"][figure] == truth["sessions"][figure], figure
    assert actual["users"] is None


@pytest.mark.parametrize("partitions", [1, 3, 12])
def test_correct_to_the_last_event(kafka, tmp_path, partitions):
    topic = kafka.unused_name()
    truth_file = tmp_path / "t.json"
    with consumer(kafka, topic) as process:
        url = url_of(process)
        process.expect("does not exist yet; waiting for it", "stderr")
        assert http_get(url + "/readyz").status == 503

        produce(kafka, topic, "--rate", 0, "--count", 100000, "--seed", 7, "--truth", truth_file, "--partitions", partitions)
        assert sum(kafka.end_offsets(topic).values()) == 100000
        assert len(kafka.partitions(topic)) == partitions
        truth = json.loads(truth_file.read_text())

        checked = run(["stats", "-b", kafka.brokers, "-t", topic, "--expect", truth_file])
        assert checked.returncode == 0, checked.stderr

        same_figures(consumed(url, 100000), truth)
        assert http_get(url + "/readyz").status == 200
        assert http_get(url + "/healthz").status == 200

        metrics = http_get(url + "/metrics").text
        values = series(metrics)
        for page in truth["pages"]:
            assert values[f'page_views_total{{page="{page["page"]}"}}'] == page["page_views"]
        assert values["clicks_total"] == truth["clicks"]
        assert values["sessions"] == truth["sessions"]["total"]
        assert values["bounce_rate_percent"] == pytest.approx(truth["bounce_rate_percent"], rel=1e-12)
        assert values["click_through_rate_percent"] == pytest.approx(truth["click_through_rate_percent"], rel=1e-12)
        assert values["average_session_duration_seconds"] == pytest.approx(
            truth["average_session_duration_seconds"], rel=1e-12)
        by_partition = {name: value for name, value in values.items()
                        if name.startswith("clickstream_events_total") and 'result="counted"' in name}
        assert len(by_partition) == partitions and sum(by_partition.values()) == 100000
        assert all(f'topic="{topic}"' in name and f'group="{topic}"' in name for name in by_partition)
        lags = [value for name, value in values.items() if name.startswith("clickstream_consumer_lag")]
        assert lags == [0] * partitions

        promtool = subprocess.run([ROOT / "scripts/promtool", "check", "metrics"], input=metrics, text=True,
                                  capture_output=True, timeout=120)
        assert (promtool.returncode, promtool.stdout, promtool.stderr) == (0, "", "")

        assert process.stop(signal.SIGINT) == 0
        assert process.stdout.endswith("=========================\n")

    del truth["as_of"]
    for state, users in (("none", truth["users"]), ("kafka", None)):  # a state does not hold all users there ever were
        ended = run(["consume", "-b", kafka.brokers, "-t", topic, "-g", topic, "--until-end", "--metrics-port", "none",
                     "--interval", 0, "-o", "json", "--state", state])
        assert ended.returncode == 0, ended.stderr
        last = json.loads(ended.stdout.splitlines()[-1])
        del last["as_of"]
        assert last == {**truth, "users": users}


def test_without_state_a_restart_reads_everything_again_and_commits_nothing(kafka):
    topic = kafka.unused_name()
    produce(kafka, topic, "--rate", 0, "--count", 2000)
    for _ in range(2):
        with consumer(kafka, topic, "--state", "none") as process:
            consumed(url_of(process), 2000)
            described = subprocess.run([ROOT / "scripts/kafka", "groups", "--brokers", kafka.brokers, "--describe",
                                        "--group", topic, "--offsets"], text=True, capture_output=True, timeout=60)
            rows = [line.split() for line in described.stdout.splitlines() if line.split()[1:2] == [topic]]
            assert len(rows) == 3, described
            assert {row[3] for row in rows} == {"-"}, "committed offsets"
            assert process.stop() == 0


def test_rate_is_exact(kafka):
    topic = kafka.unused_name()
    begin = time.monotonic()
    produce(kafka, topic, "--rate", 500, "--for", "10s")
    seconds = time.monotonic() - begin
    assert sum(kafka.end_offsets(topic).values()) == 5000
    assert 9.9 < seconds < 20, "the events of ten seconds, and what it takes to start and end"


def test_what_is_sent_and_where(kafka):
    topic = kafka.unused_name()
    produce(kafka, topic, "--rate", 0, "--count", 300)
    described = kafka.describe_topic(topic)
    assert "PartitionCount: 3" in described and "message.timestamp.type=LogAppendTime" in described
    for record in kafka.records(topic):
        assert record["key"] == str(json.loads(record["payload"])["user_id"])
        assert "headers" not in record
    # The harness proves that kcat partitions as Java clients do; then so do we.
    again = kafka.new_topic(partitions=3)
    kafka.produce(again, [json.loads(one["payload"]) for one in kafka.records(topic)])
    where = [{(one["key"], one["partition"]) for one in kafka.records(name)} for name in (topic, again)]
    assert where[0] == where[1]


def test_batches_are_compressed_and_idempotent(own_broker):
    topic = Kafka(own_broker.brokers).unused_name()
    produce(own_broker, topic, "--rate", 0, "--count", 1000, "--partitions", 1)
    batch = Path(own_broker.directory, "data", f"{topic}-0", f"{0:020}.log").read_bytes()
    attributes, producer_id = int.from_bytes(batch[21:23], "big"), int.from_bytes(batch[43:51], "big", signed=True)
    assert attributes & 7 == 3, "lz4"
    assert attributes & 8 == 8, "stamped by the broker"
    assert producer_id >= 0


def test_warns_before_a_second_run_into_the_same_topic(kafka):
    topic = kafka.unused_name()
    first = produce(kafka, topic, "--rate", 0, "--count", 100)
    assert f"created topic {topic} with 3 partitions" in first.stderr and "already holds" not in first.stderr
    older = produce(kafka, topic, "--rate", 0, "--count", 100000)
    assert re.search(rf"warning topic {topic} already holds events up to \S+, but this run starts at \S+:", older.stderr)
    later = produce(kafka, topic, "--start", "now", "--count", 3)
    assert "already holds" not in later.stderr


def test_a_topic_that_cannot_be_created(kafka):
    topic = kafka.unused_name()
    result = run(["produce", "-b", kafka.brokers, "-t", topic, "--count", 1, "--replication-factor", 5])
    assert result.returncode == 1
    assert (f"kafka-topics --bootstrap-server {kafka.brokers} --create --topic {topic} --partitions 3 "
            "--replication-factor 5 --config message.timestamp.type=LogAppendTime") in result.stderr


def test_a_topic_that_does_not_exist(kafka):
    topic = kafka.unused_name()
    for command in (["stats"], ["consume", "--until-end", "--metrics-port", "none"]):
        result = run([*command, "-b", kafka.brokers, "-t", topic])
        assert result.returncode == 1
        assert f"topic {topic} does not exist" in result.stderr
    assert kafka.partitions(topic) == []


def test_until_end_is_fixed_at_the_start(kafka):
    topic = kafka.unused_name()
    produce(kafka, topic, "--rate", 0, "--count", 1000)
    with Process(["produce", "-b", kafka.brokers, "-t", topic, "--rate", 2000, "--start", "now"]) as busy:
        wait_until(lambda: sum(kafka.end_offsets(topic).values()) > 1000)
        for command in (["stats", "-o", "json"],
                        ["consume", "--until-end", "--metrics-port", "none", "--interval", 0, "-o", "json"]):
            ended = run([*command, "-b", kafka.brokers, "-t", topic])
            assert ended.returncode == 0, ended.stderr
            assert json.loads(ended.stdout)["events"]["consumed"] > 1000
        assert busy.running()
        assert busy.stop(signal.SIGTERM) == 0


def test_until_end_on_an_empty_topic(kafka):
    topic = kafka.new_topic()
    ended = run(["consume", "--until-end", "--metrics-port", "none", "-b", kafka.brokers, "-t", topic, "-g", topic])
    assert ended.returncode == 0
    assert "Bounce Rate: -\n" in ended.stdout
    assert stats(kafka, topic)["events"]["consumed"] == 0


def test_instances_share_the_partitions(kafka):
    topic = kafka.unused_name()
    produce(kafka, topic, "--rate", 0, "--count", 20000)

    def add_up(*urls):
        return sum(live(url)["events"]["consumed"] for url in urls)

    with consumer(kafka, topic) as first:
        one = url_of(first)
        consumed(one, 20000)
        with consumer(kafka, topic) as second:
            two = url_of(second)
            wait_until(lambda: 0 < live(two)["events"]["consumed"] < 20000 and add_up(one, two) == 20000,
                       what="a share for each")
            assert second.stop(signal.SIGTERM) == 0
        consumed(one, 20000)
        with consumer(kafka, topic) as third:
            two = url_of(third)
            wait_until(lambda: 0 < live(two)["events"]["consumed"] and add_up(one, two) == 20000)
            third.send_signal(signal.SIGKILL)
            third.wait()
        consumed(one, 20000)  # after the session time-out
        assert "clickstream_rebalances_total" in http_get(one + "/metrics").text
