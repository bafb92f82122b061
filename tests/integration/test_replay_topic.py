"""`replay --from-topic`: a range of a topic again, in the order of time; above all, a topic without keys with keys."""

import json
import random
import re
import signal
import subprocess
import time

import pytest
from support.consumer import event
from support.groups import delete_records
from support.harness import PATIENCE, Process, run, wait_until
from support.kafka import Kafka

EPOCH = 1_760_000_000
GAP = ["--gap", "7s"]  # so short that what comes in another order is late


def write(kafka, topic, partition, lines):
    """To this partition, without keys, and in this order: a retry would change it but for idempotence."""
    subprocess.run(["kcat", "-P", "-b", kafka.brokers, "-t", topic, "-p", str(partition), "-X", "enable.idempotence=true"],
                   check=True, timeout=PATIENCE, input="".join(line + "\n" for line in lines), text=True)


def scattered(kafka, lines, partitions=3):
    """A topic with each line in a random partition; in each partition they are in their order."""
    topic = kafka.new_topic(partitions=partitions)
    shares = [[] for _ in range(partitions)]
    for line in lines:
        random.choice(shares).append(line)
    for partition, share in enumerate(shares):
        write(kafka, topic, partition, share)
    return topic


def simulated(tmp_path, count, *args):
    events, truth = tmp_path / "events.ndjson", tmp_path / "truth.json"
    made = run(["produce", "--output", events, "--speed", "max", "--count", count, "--truth", truth, *args])
    assert made.returncode == 0, made.stderr
    return events.read_text().splitlines(), truth


def replay(kafka, topic, *args):
    result = run(["replay", "-b", kafka.brokers, "--from-topic", topic, *args])
    assert result.returncode == 0, result.stderr
    return result


def timestamps(lines):
    return [json.loads(line)["timestamp"] for line in lines]


@pytest.fixture(scope="module")
def raw(kafka, tmp_path_factory):
    """A topic without keys, each of its partitions in order; its lines in the order of time; the right figures' file."""
    lines, truth = simulated(tmp_path_factory.mktemp("raw"), 120_000, *GAP)
    assert timestamps(lines) == sorted(timestamps(lines))
    topic = scattered(kafka, lines)
    records = kafka.records(topic)
    for partition in range(3):
        times = timestamps(one["payload"] for one in records if one["partition"] == partition)
        assert len(times) > 30_000 and times == sorted(times)
    return topic, lines, truth


def test_a_topic_without_keys_is_repaired(kafka, raw):
    topic, lines, truth = raw
    repaired = kafka.unused_name()
    keyed = [*GAP, "--partitioning", "keyed", "--expect", truth]
    assert run(["stats", "-b", kafka.brokers, "-t", topic, *keyed]).returncode == 5
    result = replay(kafka, topic, "--to-topic", repaired, "--speed", "max")
    assert "read 120,000 records: 120,000 events sent" in result.stderr
    checked = run(["stats", "-b", kafka.brokers, "-t", repaired, *keyed])
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert min(kafka.end_offsets(repaired).values()) > 30_000


def test_all_partitions_come_in_the_order_of_time(kafka, raw):
    topic, lines, _ = raw
    sent = replay(kafka, topic, "--output", "-", "--speed", "max").stdout.splitlines()
    assert timestamps(sent) == timestamps(lines)
    assert sorted(sent) == sorted(lines)


def test_a_range(kafka, raw):
    topic, lines, _ = raw
    records = kafka.records(topic)
    ends = kafka.end_offsets(topic)
    begin = {partition: random.randrange(end) for partition, end in ends.items()}
    end = {partition: random.randrange(begin[partition], end + 1) for partition, end in ends.items()}
    expected = [one["payload"] for one in records if begin[one["partition"]] <= one["offset"] < end[one["partition"]]]
    text = [",".join(f"{partition}:{offset}" for partition, offset in one.items()) for one in (begin, end)]
    result = replay(kafka, topic, "--from", text[0], "--to", text[1], "--output", "-", "--speed", "max")
    assert sorted(result.stdout.splitlines()) == sorted(expected)
    assert f"reading {topic} --from {text[0]} --to {text[1]}" in result.stderr
    assert replay(kafka, topic, "--from", "now", "--output", "-", "--speed", "max").stdout == ""
    assert replay(kafka, topic, "--to", "-1h", "--output", "-", "--speed", "max").stdout == ""


def test_it_ends_though_a_producer_goes_on(kafka):
    topic, copy = kafka.new_topic(), kafka.unused_name()
    with Process(["produce", "-b", kafka.brokers, "-t", topic, "--rate", 2000]) as producer:
        wait_until(lambda: sum(kafka.end_offsets(topic).values()) > 2000)
        replay(kafka, topic, "--to-topic", copy, "--speed", "max")
        assert producer.running()
        assert 2000 < sum(kafka.end_offsets(copy).values()) < sum(kafka.end_offsets(topic).values())


def test_a_wrong_clock_holds_nobody_up(kafka):
    """A visitor whose clock is half an hour ahead does not come last, nor what lies behind it in its partition."""
    topic = kafka.new_topic(partitions=2)
    now = time.time()
    ahead = event(1, now + 1800, page="/ahead")
    write(kafka, topic, 0, [json.dumps(one) for one in (event(2, now - 60, page="/0"), ahead, event(2, now - 20, page="/2"))])
    write(kafka, topic, 1, [json.dumps(one) for one in (event(3, now - 40, page="/1"), event(3, now + 600, page="/3"))])
    sent = replay(kafka, topic, "--output", "-", "--speed", "max").stdout.splitlines()
    assert [json.loads(line)["page"] for line in sent] == ["/0", "/1", "/ahead", "/2", "/3"]


def test_what_is_no_event_is_rejected(kafka, tmp_path):
    topic = kafka.new_topic(partitions=2)
    good = [json.dumps(event(user, EPOCH + user)) for user in range(4)]
    write(kafka, topic, 1, [good[0], "no json", good[1], '{"event_id":1}'])
    write(kafka, topic, 0, [good[2]])
    subprocess.run(["kcat", "-P", "-b", kafka.brokers, "-t", topic, "-p", "0", "-K", "\t", "-Z"], check=True,
                   input="7\t\n", text=True, timeout=PATIENCE)  # a tombstone
    write(kafka, topic, 0, [good[3]])
    rejects = tmp_path / "rejects"
    result = replay(kafka, topic, "--output", "-", "--speed", "max", "--rejects", rejects)
    assert result.stdout.splitlines() == good
    for words in (f"not_json at partition 1 offset 1 of {topic}", f"tombstone at partition 0 offset 1 of {topic}",
                  f"missing_user_id at partition 1 offset 3 of {topic}"):
        assert words in result.stderr, result.stderr
    assert "read 7 records: 4 events sent" in result.stderr
    assert sorted(rejects.read_text().splitlines()) == ["", "no json", '{"event_id":1}']


def stopped(kafka, topic, output, options, enough):
    """Stops a run once its output is so long: the options that it says to go on with; none if it was through before."""
    with Process(["replay", "-b", kafka.brokers, "--from-topic", topic, "--output", output, *options]) as process:
        wait_until(lambda: not process.running() or output.exists() and output.stat().st_size > enough)
        status = process.stop(signal.SIGINT)
        if status == 0:
            return None
        assert status == 130, process.transcript()
        return process.expect(r"go on with (--resume .*)$", "stderr").group(1).split()


@pytest.mark.parametrize("rebase", [[], ["--rebase", "2024-01-01T00:00:00.5Z"]], ids=["as it was", "rebased"])
def test_a_stopped_run_goes_on(kafka, raw, tmp_path, rebase):
    """Nothing is sent twice, and nothing left out: between two runs, and in the middle of waiting for an event."""
    topic, lines, _ = raw
    to = ["--to", "5000"]
    whole = replay(kafka, topic, "--output", "-", "--speed", "max", *to, *rebase).stdout
    assert len(whole.splitlines()) == 15000
    output, options = tmp_path / "output", [*to, *rebase]
    stops = 0
    while options is not None:
        size = output.stat().st_size if output.exists() else 0
        enough = size + len(whole) // 9
        options = stopped(kafka, topic, output, [*options, "--speed", random.choice(["20", "60"])], enough)
        stops += options is not None
        assert whole.startswith(output.read_text())
    assert stops > 4
    assert output.read_text() == whole


def test_a_run_stopped_at_full_speed_goes_on(kafka, raw, tmp_path):
    topic, lines, _ = raw
    options = ["--speed", "max", "--rebase", "2024-01-01T00:00:00Z"]
    whole = replay(kafka, topic, "--output", "-", *options).stdout
    output, stops = tmp_path / "output", 0
    while options is not None:
        size = output.stat().st_size if output.exists() else 0
        options = stopped(kafka, topic, output, options if stops == 0 else ["--speed", "max", *options], size)
        stops += options is not None
        assert whole.startswith(output.read_text())
    assert stops > 1
    assert output.read_text() == whole


def test_without_a_broker_it_waits_and_can_be_stopped(own_broker, proxy, tmp_path):
    topic = Kafka(own_broker.brokers).unused_name()
    made = run(["produce", "-b", own_broker.brokers, "-t", topic, "--rate", 0, "--count", 400_000])
    assert made.returncode == 0, made.stderr
    output = tmp_path / "output"
    command = ["replay", "-b", f"127.0.0.1:{proxy.port}", "--from-topic", topic, "--output", output]
    with Process([*command, "--speed", "200"]) as process:
        wait_until(lambda: output.exists() and output.stat().st_size > 1_000_000)
        proxy.freeze()

        def stands_still():
            size = output.stat().st_size
            time.sleep(1)  # what is there of the records is sent within it, at this speed
            return size == output.stat().st_size

        wait_until(stands_still)
        assert process.running()
        begin = time.monotonic()
        assert process.stop(signal.SIGINT) == 130, process.transcript()
        assert time.monotonic() - begin < 8
        options = process.expect(r"go on with (--resume .*)$", "stderr").group(1).split()
    sent = output.read_text().count("\n")
    assert 0 < sent < 400_000
    with Process([*command, "--speed", "max", "--connect-timeout", "0s", *options]) as process:
        proxy.restore()
        assert process.wait() == 0, process.transcript()
    lines = output.read_text().splitlines()
    assert len(lines) == len(set(lines)) == 400_000


def test_records_that_are_gone(kafka):
    topic = kafka.new_topic(partitions=1)
    kafka.produce(topic, [event(1, EPOCH + number) for number in range(10)])
    delete_records(kafka, topic, {0: 4})
    assert len(replay(kafka, topic, "--output", "-", "--speed", "max").stdout.splitlines()) == 6
    cut = replay(kafka, topic, "--output", "-", "--speed", "max", "--from", "2")
    assert len(cut.stdout.splitlines()) == 6 and "cut to 4" in cut.stderr


def test_an_empty_topic_and_none(kafka):
    result = replay(kafka, kafka.new_topic(), "--output", "-")
    assert result.stdout == "" and re.search(r"read 0 records", result.stderr), result.stderr
    none = run(["replay", "-b", kafka.brokers, "--from-topic", kafka.unused_name(), "--output", "-"])
    assert none.returncode == 1 and "does not exist" in none.stderr
