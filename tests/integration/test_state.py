"""A consumer that is killed, stopped, joined or replaced goes on where it was, and publishes what is committed."""

import json
import re
import signal
import time

import pytest
from support.consumer import Consumer, Watch, comparable, event, figures_until_end, open_or_closed, produce
from support.groups import Group, delete_records, log_starts
from support.harness import Process, run, wait_until
from support.kafka import Kafka

TAKEOVER = 15  # seconds until the partitions of a member that died are published by another: 10, and a busy machine
EPOCH = 1_760_000_000
LONG = ("--checkpoint-interval", "1h")   # all that is read again comes from the log
SHORT = ("--checkpoint-interval", "300ms")


def simulated(tmp_path, count):
    """The events of simulated visitors, and the truth about them."""
    events, truth = tmp_path / "events.ndjson", tmp_path / "truth.json"
    made = run(["produce", "--output", events, "--rate", 0, "--count", count, "--truth", truth])
    assert made.returncode == 0, made.stderr
    return [json.loads(line) for line in events.read_text().splitlines()], json.loads(truth.read_text())


def slices(events, number):
    size = -(-len(events) // number)
    return [events[i:i + size] for i in range(0, len(events), size)]


@pytest.mark.parametrize("checkpoints", [SHORT, LONG], ids=["many checkpoints", "no checkpoint"])
def test_kills_in_the_middle(kafka, tmp_path, checkpoints):
    events, truth = simulated(tmp_path, 12000)
    topic = kafka.new_topic()
    sent = 0
    with Watch() as watch:
        for number, part in enumerate(slices(events, 6)):
            with Consumer(kafka, topic, "--instance-id", "one", *checkpoints) as consumer:
                watch.follow(consumer)
                consumer.await_consumed(sent)
                kafka.produce(topic, part)
                wait_until(lambda: consumer.consumed() > sent)  # most often some, sometimes all of it
                sent += len(part)
                if number % 3 == 2:
                    assert consumer.stop() == 0
                else:
                    consumer.kill()
        with Consumer(kafka, topic, "--instance-id", "one", *checkpoints) as consumer:
            watch.follow(consumer)
            consumer.await_consumed(len(events))
            assert open_or_closed(consumer.stats())["page_views"] == truth["page_views"]
            assert consumer.stop() == 0
    assert watch.scrapes > 10 and watch.falls == []
    assert comparable(figures_until_end(kafka, topic, "--instance-id", "one")) == comparable(truth)


def test_a_bounded_run_goes_on_where_the_last_one_ended(kafka, tmp_path):
    topic = kafka.unused_name()
    truth = produce(kafka, topic, 5000, tmp_path / "truth.json")
    assert comparable(figures_until_end(kafka, topic)) == comparable(truth)
    ends = kafka.end_offsets(topic)
    with Group(kafka, topic, topic) as group:
        assert group.offsets() == ends
        assert [group.pointer(one)["offset"] for one in range(3)] == [str(ends[one]) for one in range(3)]
        delete_records(kafka, topic, ends)  # whoever read anything again would miss it
        assert comparable(figures_until_end(kafka, topic)) == comparable(truth)
        assert group.offsets() == ends


def test_sessions_that_are_open_across_a_restart(kafka):
    options = ("--gap", "10s", "--lateness", "1h")
    first = event(1, EPOCH)
    before = [first, event(1, EPOCH + 15), event(2, EPOCH, page="/b", action="click"), event(3, EPOCH)]
    after = [event(1, EPOCH + 8),   # bridges the two sessions of user 1
             first,                 # a copy of what came before the restart
             event(2, EPOCH + 10), event(3, EPOCH + 10.000001)]
    for stop in (signal.SIGTERM, signal.SIGKILL):
        topic = kafka.new_topic(partitions=1)
        kafka.produce(topic, before)
        with Consumer(kafka, topic, *options, "--instance-id", "one") as consumer:
            consumer.await_consumed(4)
            assert consumer.stats()["sessions"]["total"] == 4
            assert consumer.stop(stop) == (0 if stop == signal.SIGTERM else -signal.SIGKILL)
        kafka.produce(topic, after)
        with Consumer(kafka, topic, *options, "--instance-id", "one") as consumer:
            consumer.await_consumed(8)
            stats = consumer.stats()
            assert stats["events"] == {"consumed": 8, "counted": 7, "duplicate": 1, "late": 0, "malformed": 0}
            assert stats["sessions"] == {"total": 4, "open": 4, "bounced": 1 + 1, "with_click": 1,
                                         "total_duration_seconds": 15 + 10}
            metrics = consumer.get("/metrics").text
            assert re.search(r"^clickstream_sessions_merged_total\{.*\} 1$", metrics, re.MULTILINE)


def test_dead_letters_once_each(kafka):
    topic = kafka.new_topic(partitions=1)
    options = ("--gap", "1s", "--lateness", "0s")
    late = event(1, EPOCH)
    kafka.produce(topic, [event(1, EPOCH + 100), "no json", late])
    with Consumer(kafka, topic, *options) as consumer:
        consumer.await_consumed(3)
        assert consumer.stop() == 0
    kafka.produce(topic, ["{}"])
    for _ in range(2):
        with Consumer(kafka, topic, *options) as consumer:
            consumer.await_consumed(4)
            assert consumer.stop() == 0

    def headers(record):
        return dict(zip(record["headers"][::2], record["headers"][1::2]))

    letters = {headers(one)["clickstream.offset"]: one for one in kafka.records(topic + "-dead-letter")}
    assert len(kafka.records(topic + "-dead-letter")) == 3
    assert {offset: headers(one)["clickstream.reason"] for offset, one in letters.items()} == {
        "1": "not_json", "2": "late", "3": "missing_event_id"}
    assert {(headers(one)["clickstream.topic"], headers(one)["clickstream.partition"]) for one in letters.values()} == {
        (topic, "0")}
    assert letters["1"]["payload"] == "no json" and json.loads(letters["2"]["payload"]) == late
    assert letters["2"]["key"] == "1"


def test_published_is_what_is_committed(kafka):
    """Never more, at any moment; of one partition the published records are as many as the offset says."""
    topic = kafka.new_topic(partitions=1)
    with Consumer(kafka, topic) as consumer, Group(kafka, topic, topic) as group:
        kafka.produce(topic, [event(1, EPOCH)])
        consumer.await_consumed(1)
        shown = [1]
        with Process(["produce", "-b", kafka.brokers, "-t", topic, "--rate", 2000, "--count", 12000]) as producer:
            while shown[-1] < 12001:
                shown.append(consumer.consumed())
                assert shown[-1] <= group.offset(), shown
            assert producer.wait() == 0, producer.transcript()
        assert len(set(shown)) > 3


def test_nothing_new_is_shown_without_the_broker(own_broker, proxy):
    kafka = Kafka(own_broker.brokers)
    topic = kafka.new_topic(partitions=1)
    kafka.produce(topic, [event(1, EPOCH)])
    with Consumer(Kafka(f"127.0.0.1:{proxy.port}"), topic) as consumer:
        consumer.await_consumed(1)
        proxy.freeze()
        kafka.produce(topic, [event(2, EPOCH)])
        assert consumer.consumed() == 1 and consumer.get("/readyz").status == 200
        proxy.restore()
        consumer.await_consumed(2)


def test_ready_only_when_it_is_back(own_broker, proxy):
    kafka = Kafka(own_broker.brokers)
    topic = kafka.unused_name()
    produce(kafka, topic, 20000)
    options = ("--instance-id", "one", *LONG)
    with Consumer(kafka, topic, *options) as consumer:
        consumer.await_consumed(20000)
        consumer.kill()
    proxy.freeze()
    proxied = Kafka(f"127.0.0.1:{proxy.port}")
    with Consumer(proxied, topic, "--connect-timeout", "0s", *options) as consumer:
        answer = consumer.get("/readyz")
        assert (answer.status, answer.text) == (503, "connecting\n")
        assert consumer.get("/healthz").status == 200
        assert consumer.counters() == {}
        proxy.restore()
        reasons = set()

        def ready():
            answer = consumer.get("/readyz")
            if answer.status == 200:
                assert consumer.consumed() == 20000
                return True
            reasons.add(answer.text)
            return False

        wait_until(ready)
        assert reasons and all(reasons)


def test_a_member_without_partitions_is_ready(kafka):
    topic = kafka.new_topic(partitions=1)
    kafka.produce(topic, [event(1, EPOCH)])
    with Consumer(kafka, topic) as first:
        first.await_consumed(1)
        with Consumer(kafka, topic) as second:
            second.await_ready()
            assert first.consumed() == 1 and second.consumed() == 0
            first.kill()
            second._await(lambda: second.consumed() == 1, "the takeover", TAKEOVER)


def test_an_empty_topic_is_no_reason_to_wait(kafka):
    topic = kafka.new_topic(partitions=1)
    with Consumer(kafka, topic) as consumer:
        consumer.await_ready()
        assert consumer.consumed() == 0
        kafka.produce(topic, [event(1, EPOCH)])
        consumer.await_consumed(1)
    with Consumer(kafka, topic) as consumer:  # nothing to show yet
        consumer.await_consumed(1)


def shared(*consumers):
    return lambda: all(one.counters() for one in consumers)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_two_share_and_one_goes(kafka, tmp_path, how):
    topic = kafka.unused_name()
    truth = produce(kafka, topic, 6000, tmp_path / "truth.json")
    with Consumer(kafka, topic, *LONG) as first, Group(kafka, topic, topic) as group:
        first.await_consumed(6000)
        with Consumer(kafka, topic, *LONG) as second:
            wait_until(shared(first, second), what="two shares")
            wait_until(lambda: first.consumed() + second.consumed() == 6000)
            given, kept = second.counters(), first.counters()
            assert not set(given) & set(kept) and len(given) + len(kept) == 3
            moved = [int(partition) for partition in given]
            # It was drained by its first owner: a checkpoint of all that had been published.
            assert all(group.pointer(one)["offset"] == str(group.offset(one)) for one in moved)
            assert all(group.pointer(int(one))["checkpoint"] == "none" for one in kept)
            if how == signal.SIGTERM:
                assert second.stop(how) == 0
            else:
                second.kill()
            assert first.ready()
            wait_until(lambda: len(first.counters()) == 3, TAKEOVER, "the takeover")
            assert first.consumed() == 6000
            assert {one: figures for one, figures in first.counters().items() if one in given} == given
            assert open_or_closed(first.stats())["pages"] == truth["pages"]
        assert first.stop() == 0
    assert comparable(figures_until_end(kafka, topic)) == comparable(truth)


def test_a_static_member_resumes_at_once(kafka):
    """Another would have to wait for the end of the session of the one that was killed."""
    topic = kafka.new_topic(partitions=1)
    kafka.produce(topic, [event(1, EPOCH)])
    options = ("--instance-id", "one", "-X", "session.timeout.ms=45000")
    with Consumer(kafka, topic, *options) as consumer:
        consumer.await_consumed(1)
        consumer.kill()
    with Consumer(kafka, topic, *options) as consumer:
        consumer.await_consumed(1, timeout=20)
        assert consumer.stop() == 0
    with Consumer(kafka, topic, *options) as consumer:
        consumer.await_consumed(1, timeout=20)


def test_a_second_process_with_the_same_id_takes_over(kafka):
    topic = kafka.new_topic(partitions=1)
    kafka.produce(topic, [event(1, EPOCH)])
    with Consumer(kafka, topic, "--instance-id", "one") as first:
        first.await_consumed(1)
        with Consumer(kafka, topic, "--instance-id", "one") as second:
            assert first.wait() == 1, first.transcript()
            assert f"fenced: another process has joined group {topic} as --instance-id one" in first.stderr
            assert "Fatal" not in first.stderr
            kafka.produce(topic, [event(2, EPOCH)])
            second.await_consumed(2)


def test_the_state_topic(kafka):
    topic = kafka.new_topic(partitions=2)
    state = f"{topic}-{topic}-clickstream-state"
    kafka.produce(topic, [event(1, EPOCH)])
    with Consumer(kafka, topic, *SHORT) as consumer:
        consumer.await_consumed(1)
        description = kafka.describe_topic(state)
        assert "PartitionCount: 2" in description
        for config in ("cleanup.policy=delete", "retention.ms=-1", "retention.bytes=-1", "segment.bytes=67108864"):
            assert config in description
        number = 1
        deadline = time.monotonic() + 60
        while min(log_starts(kafka, state).values()) == 0:
            assert time.monotonic() < deadline, log_starts(kafka, state)
            kafka.produce(topic, [event(user, EPOCH + number) for user in range(20)])
            number += 20
        consumer.await_consumed(number)
        # What the pointer needs is never deleted.
        with Group(kafka, topic, topic) as group:
            assert consumer.stop() == 0
            starts = log_starts(kafka, state)
            assert all(int(group.pointer(one)["first"]) >= starts[one] for one in (0, 1))
    with Consumer(kafka, topic) as consumer:
        consumer.await_consumed(number)


def test_a_state_topic_of_another_name(kafka):
    topic = kafka.new_topic(partitions=1)
    state = kafka.unused_name()
    kafka.produce(topic, [event(1, EPOCH)])
    for _ in range(2):
        assert figures_until_end(kafka, topic, "--state-topic", state)["events"]["consumed"] == 1
    assert kafka.partitions(state) == [0] and kafka.end_offsets(state)[0] > 0
    assert kafka.partitions(f"{topic}-{topic}-clickstream-state") == []


def test_a_group_that_no_topic_can_be_named_after(kafka):
    topic = kafka.new_topic(partitions=1)
    kafka.produce(topic, [event(1, EPOCH)])
    for group in ("a/b c", "a b/c"):
        for _ in range(2):
            assert figures_until_end(kafka, topic, group=group)["events"]["consumed"] == 1
    listed = kafka._topics("--list").split()
    states = [one for one in listed if re.fullmatch(f"a_b_c-{topic}-clickstream-state-[0-9a-f]{{8}}", one)]
    assert len(states) == 2


def test_without_state_all_is_read_again(kafka, tmp_path):
    topic = kafka.unused_name()
    truth = produce(kafka, topic, 2000, tmp_path / "truth.json")
    for _ in range(2):
        with Consumer(kafka, topic, "--state", "none") as consumer, Group(kafka, topic, topic) as group:
            consumer.await_consumed(2000)
            assert consumer.stop() == 0
            assert group.offsets() == {}
    assert comparable(figures_until_end(kafka, topic, "--state", "none")) == comparable(truth)
    assert [one for one in kafka._topics("--list").split() if topic in one] == [topic]
    delete_records(kafka, topic, kafka.end_offsets(topic))
    assert figures_until_end(kafka, topic, "--state", "none")["events"]["consumed"] == 0


def closed(consumer):
    return sum(series["clickstream_sessions_closed_total"] for series in consumer.counters().values())


def test_the_last_sessions_close_while_nothing_comes(kafka):
    topic = kafka.new_topic(partitions=1)
    options = ("--idle-timeout", "2s", "--gap", "3s", "--lateness", "0s", "--instance-id", "one")
    now = time.time() - 60
    with Consumer(kafka, topic, *options, group=topic + "-2") as uninterrupted, Watch() as watch:
        with Consumer(kafka, topic, *options) as consumer:
            watch.follow(consumer)
            consumer.await_ready()
            kafka.produce(topic, [event(1, now), event(2, now + 1)])
            for one in (uninterrupted, consumer):
                one._await(lambda: closed(one) == 2, "the end of the sessions", 60)
            consumer.kill()
        with Consumer(kafka, topic, *options) as consumer:
            watch.follow(consumer)
            consumer.await_ready()
            assert closed(consumer) == 2
            # But for the silence, these would not be late: the newest event is of now + 1.
            kafka.produce(topic, [event(2, now + 0.5), event(3, now + 0.9), event(3, now + 100)])
            for one in (uninterrupted, consumer):
                one.await_consumed(5)
                assert one.stats()["events"] == {"consumed": 5, "counted": 3, "duplicate": 0, "late": 2, "malformed": 0}
                assert one.stats()["sessions"]["total"] == 3
            consumer.kill()
        with Consumer(kafka, topic, *options) as consumer:
            watch.follow(consumer)
            consumer.await_consumed(5)
            assert consumer.stats()["events"]["late"] == 2
    assert watch.falls == []


def test_an_advance_counts_only_once_it_is_recorded(kafka):
    """Killed just before the commit that would have recorded it: the session is still open then."""
    topic = kafka.new_topic(partitions=1)
    options = ("--gap", "1s", "--lateness", "0s", "--instance-id", "one")
    now = time.time() - 60
    idle = ("--idle-timeout", "2s")
    kafka.produce(topic, [event(1, now)])
    figures_until_end(kafka, topic, *options, *idle)
    # The first commit is of what it began with; the next one is of the advance.
    with Consumer(kafka, topic, *options, *idle, *LONG, env={"CLICKSTREAM_CRASH_AT": "commit-begin:2"}) as consumer:
        assert consumer.wait() == -signal.SIGKILL, consumer.transcript()
    with Group(kafka, topic, topic) as group:
        assert group.offset() == 1 and group.pointer()["idle"] == "none"
    with Consumer(kafka, topic, *options, *idle, *LONG, env={"CLICKSTREAM_CRASH_AT": "commit-confirmed:2"}) as consumer:
        assert consumer.wait() == -signal.SIGKILL, consumer.transcript()
    with Group(kafka, topic, topic) as group:
        assert group.offset() == 1 and group.pointer()["idle"] == "1"
    with Consumer(kafka, topic, *options, *idle, *LONG) as consumer:
        consumer.await_ready()
        stats = consumer.stats()["sessions"]
        assert (stats["total"], stats["open"]) == (1, 0)


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_partitions_are_added(kafka, running):
    topic = kafka.new_topic(partitions=2)
    state = f"{topic}-{topic}-clickstream-state"
    events = [event(user, EPOCH) for user in range(60)]
    kafka.produce(topic, events[:20])

    def add():
        kafka._topics("--alter", "--topic", topic, "--partitions", "5")
        kafka.produce(topic, events[20:])
        assert any(kafka.end_offsets(topic)[partition] for partition in (2, 3, 4))

    with Consumer(kafka, topic) as consumer:
        consumer.await_consumed(20)
        if running:
            add()
            consumer.await_consumed(60)
            consumer.expect("has more partitions than before", "stderr")
        assert consumer.stop() == 0
    if not running:
        add()
    with Consumer(kafka, topic) as consumer:
        consumer.await_consumed(60)
        if not running:
            consumer.expect("has more partitions than before", "stderr")
        assert len(kafka.partitions(state)) == 5
        assert consumer.stop() == 0
    with Consumer(kafka, topic) as consumer:
        consumer.await_consumed(60)
        assert "more partitions" not in consumer.stderr
