"""`stats --from --to`: a range of a topic, and above all the figures that a running consumer has shown before."""

import json
import time

import pytest
from support.consumer import Consumer, event, open_or_closed
from support.groups import Group, delete_records
from support.harness import Process, run, wait_until

EPOCH = 1_760_000_000
RULES = ["--gap", "1s", "--lateness", "1s"]  # so short that sessions end while a test runs


def stats(kafka, topic, *args):
    return run(["stats", "-b", kafka.brokers, "-t", topic, "-o", "json", *args])


def figures(kafka, topic, *args):
    result = stats(kafka, topic, *args)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def warnings(result):
    return [line for line in result.stderr.splitlines() if " warn" in line.lower()]


def numbered(count, first=0):
    """Events that tell by their page where they lie: one partition, in this order."""
    return [event(1, EPOCH + number, page=f"/{number}") for number in range(first, first + count)]


def pages(figures):
    return sorted(int(one["page"][1:]) for one in figures["pages"])


def place(offsets):
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(offsets.items()))


def published(consumer, group):
    """What the consumer shows, and the offsets committed at that moment: what is shown is what is committed."""
    def together():
        before = group.offsets()
        shown = consumer.stats()
        return (shown, before) if shown["events"]["consumed"] == sum(before.values()) and before == group.offsets() else None

    return wait_until(together, what="a moment between two commits")


def disturb(kafka, topic, number):
    """A little of everything that is not simply counted."""
    late = event(7000 + number, EPOCH, session=9)
    again = event(8000 + number, time.time())
    kafka.produce(topic, [late, again, again, {**event(9000, EPOCH), "duration": -1}])
    kafka.produce(topic, ["no json"])


@pytest.mark.parametrize("partitions", [3, 1])
def test_what_a_consumer_has_shown(kafka, partitions):
    """While it runs beside a producer, sessions close, and some events are late, repeated or malformed."""
    topic = kafka.new_topic(partitions=partitions)
    moments = []
    with Consumer(kafka, topic, *RULES) as consumer, Group(kafka, topic, topic) as group:
        with Process(["produce", "-b", kafka.brokers, "-t", topic, "--rate", 1000]) as producer:
            for number in range(5):
                before = moments[-1][0]["events"]["consumed"] if moments else 0
                wait_until(lambda: consumer.consumed() > before + 2000)
                disturb(kafka, topic, number)
                moments.append(published(consumer, group))
            # The end is fixed at the start, though the producer goes on.
            now = figures(kafka, topic)["events"]["consumed"]
            wait_until(lambda: sum(kafka.end_offsets(topic).values()) > now)
            assert producer.running()
    last = moments[-1][0]
    assert min(last["events"].values()) > 0 and 0 < last["sessions"]["open"] < last["sessions"]["total"]
    for shown, offsets in moments:
        every = {**dict.fromkeys(range(partitions), 0), **offsets}
        to = place(every) if partitions > 1 else str(every[0])
        then = figures(kafka, topic, *RULES, "--from", "beginning", "--to", to)
        assert open_or_closed(then) == open_or_closed(shown)
        # One record more or less is seen.
        other = place({**every, 0: every[0] - 1})
        assert open_or_closed(figures(kafka, topic, *RULES, "--to", other)) != open_or_closed(shown)


@pytest.fixture(scope="module")
def hundred(kafka):
    """A topic of one partition that has the records 20 to 99 of 100, and their record timestamps in milliseconds."""
    topic = kafka.new_topic(partitions=1, message_timestamp_type="LogAppendTime")
    for first in range(0, 100, 10):
        kafka.produce(topic, numbered(10, first))
    times = {record["offset"]: record["ts"] for record in kafka.records(topic)}
    delete_records(kafka, topic, {0: 20})
    return topic, times


@pytest.mark.parametrize("args, expected", [
    ([], range(20, 100)),
    (["--from", "beginning", "--to", "now"], range(20, 100)),
    (["--from", "30", "--to", "35"], range(30, 35)),
    (["--from", "0:99"], [99]),
    (["--to", "0:21"], [20]),
    (["--from", "50", "--to", "50"], []),
    (["--from", "now"], []),
    (["--to", "beginning"], []),
    (["--from", "-1h"], range(20, 100)),
    (["--to", "-1h"], []),
    (["--from", "2020-01-01", "--to", "2020-01-02T12:00:00+02:00"], []),
    (["--from", "@946684800.5", "--to", "now"], range(20, 100)),
])
def test_bounds(kafka, hundred, args, expected):
    result = stats(kafka, hundred[0], *args)
    assert result.returncode == 0 and warnings(result) == [], result.stderr
    assert pages(json.loads(result.stdout)) == list(expected)


def test_by_record_timestamp(kafka, hundred):
    """The record at the moment is in a range that begins there, and not in one that ends there."""
    topic, times = hundred
    for middle in (40, 70):
        moment = times[middle]
        expected = [one for one in range(20, 100) if times[one] >= moment]
        assert 20 < expected[0] <= middle
        for text in (f"@{moment // 1000}.{moment % 1000:03}",
                     time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment // 1000)) + f".{moment % 1000:03}Z"):
            assert pages(figures(kafka, topic, "--from", text)) == expected
            assert pages(figures(kafka, topic, "--to", text)) == list(range(20, expected[0]))
        assert pages(figures(kafka, topic, "--from", f"@{moment // 1000}.{moment % 1000:03}001")) == [
            one for one in range(20, 100) if times[one] > moment]
    # Behind the last record there is nothing, whatever comes later.
    behind = f"@{(times[99] + 1) / 1000:.3f}"
    assert pages(figures(kafka, topic, "--from", behind)) == []
    assert pages(figures(kafka, topic, "--to", behind)) == list(range(20, 100))
    # A time and an offset.
    assert pages(figures(kafka, topic, "--from", f"@{times[40] / 1000}", "--to", "95"))[-1] == 94


@pytest.mark.parametrize("args, expected, warned", [
    (["--from", "0"], range(20, 100), "--from: offset 0 of partition 0 lies outside of what"),
    (["--from", "0:19"], range(20, 100), "20 to 100; cut to 20"),
    (["--to", "101"], range(20, 100), "--to: offset 101 of partition 0 lies outside"),
    (["--from", "100", "--to", "5000"], [], "cut to 100"),
    (["--to", "5"], [], "cut to 20"),
    (["--to", "1731283897"], range(20, 100), "; a time is written @1731283897"),
])
def test_an_offset_that_the_topic_has_not_is_cut(kafka, hundred, args, expected, warned):
    result = stats(kafka, hundred[0], *args)
    assert result.returncode == 0
    assert len(warnings(result)) == 1 and warned in result.stderr, result.stderr
    assert ("@" in result.stderr) == ("@" in warned)
    assert pages(json.loads(result.stdout)) == list(expected)


def test_partitions_are_named_all_or_none(kafka):
    topic = kafka.new_topic(partitions=3)
    kafka.produce(topic, [event(user, EPOCH) for user in range(60)])
    ends = kafka.end_offsets(topic)
    assert figures(kafka, topic, "--from", "0:1,1:2,2:3")["events"]["consumed"] == 60 - 6
    assert figures(kafka, topic, "--from", "1", "--to", place(ends))["events"]["consumed"] == 60 - 3
    for args, words in ((["--to", "0:1,1:2"], "--to names no offset of partition 2; "),
                        (["--from", "0:1,1:2,2:3,3:4"], "--from names partition 3; ")):
        result = stats(kafka, topic, *args)
        assert (result.returncode, result.stdout) == (2, "") and words in result.stderr
        assert f"{topic} has the partitions 0 to 2" in result.stderr
    cut = stats(kafka, topic, "--from", "1000")
    assert cut.returncode == 0 and len(warnings(cut)) == 1
    assert f"cut to {ends[0]}, and likewise in 2 more partitions" in cut.stderr
    assert json.loads(cut.stdout)["events"]["consumed"] == 0
    # What lies before only in one of them is known when the topic is.
    assert figures(kafka, topic, "--from", "-1h", "--to", "2")["events"]["consumed"] == 6
    assert figures(kafka, topic, "--from", "now", "--to", "2")["events"]["consumed"] == 0


def test_a_topic_without_keys(kafka, tmp_path):
    """All partitions are one unit there, in a range as in a whole topic."""
    topic = kafka.new_topic(partitions=3)
    users = [event(user, EPOCH + turn) for turn in range(3) for user in range(40)]
    kafka.produce(topic, users, key=None)
    kafka.produce(topic, [event(99, EPOCH + 5)], key=None)
    ends = kafka.end_offsets(topic)
    half = {partition: end // 2 for partition, end in ends.items()}
    first = figures(kafka, topic, "--to", place(half))
    rest = figures(kafka, topic, "--from", place(half))
    assert first["events"]["consumed"] + rest["events"]["consumed"] == 121
    assert first["sessions"]["total"] == first["users"] and rest["sessions"]["total"] == rest["users"]


def test_watching_goes_on_where_no_end_is_given(kafka, hundred):
    topic = kafka.new_topic(partitions=1)
    kafka.produce(topic, numbered(10))
    command = ["stats", "-b", kafka.brokers, "-t", topic, "-o", "json", "--watch"]
    with Process([*command, "--from", "8"]) as watch:
        watch.expect('"consumed":2,')
        kafka.produce(topic, numbered(5, 10))
        watch.expect('"consumed":7,')
        assert watch.running()
    bounded = run([*command, "--from", "8", "--to", "now"])
    assert bounded.returncode == 0 and '"consumed":7,' in bounded.stdout


def test_a_topic_that_is_not_there(kafka):
    result = stats(kafka, kafka.unused_name(), "--from", "-1h")
    assert (result.returncode, result.stdout) == (1, "") and "does not exist" in result.stderr
