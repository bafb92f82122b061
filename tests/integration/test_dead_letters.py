"""Records that go to a dead letter topic arrive as they were, with where they came from; and none is lost.

By dead_letter_copy, which treats all records of a topic as malformed.
"""

import datetime
import json
import os
import random
import subprocess
import time

from support.harness import ROOT, Process, run
from support.kafka import Kafka

COPY = os.environ.get("CLICKSTREAM_DEAD_LETTER_COPY") or str(ROOT / "build/release/tests/dead_letter_copy")
LARGEST = 1_048_500  # bytes of a value that still fits into a batch of the broker's usual limit, 1,048,588


def kcat(kafka, *args, input=b""):
    return subprocess.run(["kcat", "-b", kafka.brokers, *args], input=input, capture_output=True, check=True, timeout=60).stdout


def put(kafka, topic, text, *args):
    kcat(kafka, "-P", "-t", f"{topic}", "-K", "\t", *args, input=text)


def copy(kafka, source, count, target, *properties, brokers=None):
    return Process([kafka.brokers, source, count, brokers or kafka.brokers, target, *properties], program=COPY)


def copied(kafka, source, count, target):
    with copy(kafka, source, count, target) as process:
        assert process.wait() == 0, process.transcript()


def headers_of(record):
    names, values = record["headers"][::2], record["headers"][1::2]
    assert len(set(names)) == len(names)
    return dict(zip(names, values))


def origins(kafka, topic):
    """(partition, offset) of all records' sources."""
    found = [headers_of(record) for record in kafka.records(topic)]
    return [(int(one["clickstream.partition"]), int(one["clickstream.offset"])) for one in found]


def test_key_value_and_origin(kafka):
    source = kafka.new_topic(partitions=3, message_timestamp_type="CreateTime")
    target = kafka.unused_name()
    before = time.time()
    put(kafka, source, b"7\t{half\n", "-p", "2", "-H", "their=header")
    put(kafka, source, b"\ttombstone of no key\n", "-p", "2", "-Z")
    put(kafka, source, b"8\t\n", "-p", "2", "-Z")
    put(kafka, source, b"\t\n", "-p", "2")
    copied(kafka, source, 4, target)
    after = time.time()

    records = kafka.records(target)
    assert len(records) == 4
    by_offset = {int(headers_of(record)["clickstream.offset"]): record for record in records}
    assert [(by_offset[i]["key"], by_offset[i]["payload"]) for i in range(4)] == [
        ("7", "{half"), (None, "tombstone of no key"), ("8", None), ("", "")]
    times = {record["offset"]: record["ts"] for record in kafka.records(source)}
    for offset, record in by_offset.items():
        headers = headers_of(record)
        text = headers.pop("clickstream.timestamp")
        assert headers == {"clickstream.reason": "not_json", "clickstream.topic": source, "clickstream.partition": "2",
                           "clickstream.offset": str(offset)}
        moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
        assert len(text) == len("2026-11-23T22:15:07.250Z")
        assert round(moment.timestamp() * 1000) == times[offset]
        assert before - 60 < moment.timestamp() < after + 60

    description = kafka.describe_topic(target)
    assert "PartitionCount: 3" in description
    assert "max.message.bytes=8388608" in description and "message.timestamp.type=LogAppendTime" in description


def test_a_key_goes_where_it_always_goes(kafka):
    source, target = kafka.new_topic(partitions=3), kafka.unused_name()
    kafka.produce(source, [{"user_id": user} for user in range(50)])
    copied(kafka, source, 50, target)
    where = {record["key"]: record["partition"] for record in kafka.records(source)}
    assert len(set(where.values())) == 3
    assert {record["key"]: record["partition"] for record in kafka.records(target)} == where


def largest_record(tmp_path):
    path = tmp_path / "value"
    path.write_bytes(random.Random(4).randbytes(LARGEST))  # which no compression makes smaller
    return path


def test_the_largest_record_and_any_bytes(kafka, tmp_path):
    source, target = kafka.new_topic(partitions=1), kafka.unused_name()
    path = largest_record(tmp_path)
    kcat(kafka, "-P", "-t", source, "-X", "message.max.bytes=2000000", str(path))
    copied(kafka, source, 1, target)
    assert kcat(kafka, "-C", "-e", "-q", "-t", target, "-o", "beginning", "-f", "%s") == path.read_bytes()


def test_a_topic_that_does_not_take_a_record(kafka, tmp_path):
    """Neither lost silently nor tried for ever; others in its company are not refused because of it."""
    source, target = kafka.new_topic(partitions=1), kafka.new_topic(partitions=1)
    put(kafka, source, b"".join(b"%d\tsmall\n" % i for i in range(1000)))
    kcat(kafka, "-P", "-t", source, "-X", "message.max.bytes=2000000", str(largest_record(tmp_path)))
    with copy(kafka, source, 1001, target) as process:
        assert process.wait() == 1, process.transcript()
        assert f"the record at offset 1000 of partition 0 of {source} cannot be kept as a dead letter in {target}: " in process.stderr
        assert "too large" in process.stderr and "--dead-letter none goes without" in process.stderr
        assert f"--entity-name {target} --add-config max.message.bytes=8388608\n" in process.stderr
    assert sorted(origins(kafka, target)) == [(0, offset) for offset in range(1000)]


def test_small_records_fit_into_a_topic_of_small_records(kafka):
    """The broker's limit is for a batch of records."""
    source, target = kafka.new_topic(partitions=1), kafka.new_topic(partitions=1, max_message_bytes=100_000)
    noise = random.Random(5)
    lines = [noise.randbytes(5000).hex().encode() for _ in range(200)]
    put(kafka, source, b"".join(b"%d\t%b\n" % (i, line) for i, line in enumerate(lines)))
    copied(kafka, source, 200, target)
    assert len(origins(kafka, target)) == 200


def test_a_record_that_no_queue_holds(kafka, tmp_path):
    """The wait for a place in the queue would have no end."""
    source, target = kafka.new_topic(partitions=1), kafka.unused_name()
    kcat(kafka, "-P", "-t", source, "-X", "message.max.bytes=2000000", str(largest_record(tmp_path)))
    with copy(kafka, source, 1, target, "queue.buffering.max.kbytes=100") as process:
        assert process.wait() == 1, process.transcript()
        assert f"the record at offset 0 of partition 0 of {source} cannot be kept" in process.stderr


def test_nothing_is_lost_while_the_broker_is_gone(kafka, own_broker, proxy):
    kafka = Kafka(own_broker.brokers)
    source, target = kafka.new_topic(partitions=3), kafka.unused_name()

    def send(count):
        result = run(["produce", "-b", kafka.brokers, "-t", source, "--rate", 0, "--count", count])
        assert result.returncode == 0, result.stderr

    send(500)
    with copy(kafka, source, 3500, target, brokers=f"127.0.0.1:{proxy.port}") as process:
        process.expect("safe 500$")
        process.expect(r"[\s\S]*", "stderr")
        proxy.cut()
        process.expect("; trying again", "stderr")
        send(3000)
        assert "safe 3500" not in process.stdout and process.running()
        proxy.restore()
        process.expect("safe 3500$")
        assert process.wait() == 0, process.transcript()
    expected = [(record["partition"], record["offset"]) for record in kafka.records(source)]
    assert sorted(origins(kafka, target)) == sorted(expected)


def test_what_is_not_acknowledged_is_not_safe(own_broker, proxy):
    """Frozen: records are on their way, and no answer comes."""
    kafka = Kafka(own_broker.brokers)
    source, target = kafka.new_topic(partitions=1), kafka.unused_name()
    put(kafka, source, b"1\ta\n")
    with copy(kafka, source, 2, target, brokers=f"127.0.0.1:{proxy.port}") as process:
        process.expect("safe 1$")
        proxy.freeze()
        put(kafka, source, b"1\tb\n")
        end = time.monotonic() + 2  # a wrong "safe" would come within a moment
        while time.monotonic() < end:
            assert "safe 2" not in process.stdout
            time.sleep(0.05)
        proxy.restore()
        process.expect("safe 2$")
        assert process.wait() == 0


def test_a_stop_ends_the_wait_for_a_full_queue(own_broker, proxy):
    kafka = Kafka(own_broker.brokers)
    source, target = kafka.new_topic(partitions=1), kafka.unused_name()
    put(kafka, source, b"1\tfirst\n")
    with copy(kafka, source, 1000, target, "queue.buffering.max.messages=10", brokers=f"127.0.0.1:{proxy.port}") as process:
        process.expect("safe 1$")
        process.expect(r"[\s\S]*", "stderr")
        proxy.cut()
        process.expect("; trying again", "stderr")
        put(kafka, source, b"1\tx\n" * 999)
        process.expect(f"reading waits: 10 dead letters to {target} are not acknowledged yet", "stderr")
        begin = time.monotonic()
        assert process.stop() == 0, process.transcript()
        assert time.monotonic() - begin < 8
        assert process.stdout.endswith("stopped in put after 11\n")
