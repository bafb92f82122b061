"""Topics whose producer sets no key, so that a session's events are in any partition. The producer is kafka-python."""

import json
import signal

import pytest
from kafka import KafkaProducer
from support.consumer import Consumer, Watch, comparable, event, figures_until_end, open_or_closed, until_end
from support.groups import Group, delete_records
from support.harness import run, wait_until

TAKEOVER = 15  # seconds: 10, and a busy machine
EPOCH = 1_760_000_000


@pytest.fixture
def producer(kafka):
    producer = KafkaProducer(bootstrap_servers=kafka.brokers, retries=10)
    yield producer
    producer.close()


def send(producer, topic, events, partition=None):
    """As in the first lines of kafka-python's manual: no key, so that each goes to a random partition."""
    for one in events:
        producer.send(topic, json.dumps(one).encode(), partition=partition)
    producer.flush()


def simulated(tmp_path, count, *args):
    events, truth = tmp_path / "events.ndjson", tmp_path / "truth.json"
    made = run(["produce", "--output", events, "--rate", 50, "--speed", "max", "--count", count, "--truth", truth, *args])
    assert made.returncode == 0, made.stderr
    return [json.loads(line) for line in events.read_text().splitlines()], json.loads(truth.read_text()), truth


def partitions_shown(consumer):
    return set(consumer.counters())


def published_at_checkpoints(kafka, topic):
    with Group(kafka, topic, topic) as group:
        offsets = group.offsets()
        assert len(offsets) == 3
        assert all(group.pointer(one)["offset"] == str(offset) for one, offset in offsets.items())
        assert len({group.pointer(one)["checkpoint"] for one in offsets}) == 1


@pytest.mark.parametrize("gap", ["30m", "7s"])
def test_exact_figures(kafka, producer, tmp_path, gap):
    """With a short gap, most sessions end while it runs, at a watermark of all partitions."""
    events, truth, file = simulated(tmp_path, 12000, "--gap", gap)
    topic = kafka.new_topic(partitions=3)
    with Consumer(kafka, topic, "--gap", gap) as consumer:
        consumer.await_ready()
        send(producer, topic, events)
        assert min(kafka.end_offsets(topic).values()) > 3000
        consumer.await_consumed(12000)
        stats = consumer.stats()
        for name in ("events", "page_views", "clicks", "pages"):
            assert stats[name] == truth[name]
        assert stats["sessions"]["total"] == truth["sessions"]["total"]
        assert (stats["sessions"]["open"] < 0.9 * truth["sessions"]["total"]) == (gap == "7s")
        assert partitions_shown(consumer) == {"all"}
        published_at_checkpoints(kafka, topic)
        assert consumer.stop() == 0
    assert comparable(figures_until_end(kafka, topic, "--gap", gap)) == comparable(truth)
    checked = run(["stats", "-b", kafka.brokers, "-t", topic, "--gap", gap, "--expect", file])
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_one_works_and_one_stands_by(kafka, producer, tmp_path):
    events, truth, _ = simulated(tmp_path, 12000)
    topic = kafka.new_topic(partitions=3)
    send(producer, topic, events[:3000])
    with Consumer(kafka, topic) as first, Consumer(kafka, topic) as third, Watch() as watch:
        with Consumer(kafka, topic) as second:
            team = [first, second, third]
            for one in team:
                one.await_ready()

            def holder():
                holders = [one for one in team if one.counters()]
                assert len(holders) <= 1
                return holders and holders[0]

            wait_until(lambda: holder() and holder().consumed() == 3000)
            sent = 3000
            for how in (signal.SIGKILL, signal.SIGTERM):
                working = holder()
                watch.follow(working)
                assert all(one.ready() and one.consumed() == 0 for one in team if one is not working)
                send(producer, topic, events[sent:sent + 1500])
                wait_until(lambda: working.consumed() > sent)
                team.remove(working)
                if how == signal.SIGKILL:
                    working.kill()
                else:
                    assert working.stop() == 0
                sent += 1500
                wait_until(holder, TAKEOVER, "the takeover")
                send(producer, topic, events[sent:sent + 1500])
                sent += 1500
                watch.follow(holder())
                holder().await_consumed(sent)
            send(producer, topic, events[sent:])
            last = holder()
            last.await_consumed(12000)
            assert open_or_closed(last.stats())["pages"] == truth["pages"]
            assert last.stop() == 0
    assert watch.scrapes > 5 and watch.falls == []
    assert comparable(figures_until_end(kafka, topic)) == comparable(truth)


def test_kills_in_the_middle(kafka, producer, tmp_path):
    events, truth, _ = simulated(tmp_path, 10000, "--gap", "7s")
    topic = kafka.new_topic(partitions=3)
    options = ("--instance-id", "one", "--gap", "7s")
    with Watch() as watch:
        for number in range(5):
            with Consumer(kafka, topic, *options) as consumer:
                watch.follow(consumer)
                if number:
                    wait_until(lambda: consumer.consumed() > 0)
                before = consumer.consumed()
                send(producer, topic, events[number * 2000:(number + 1) * 2000])
                if number % 2:
                    wait_until(lambda: consumer.consumed() > before)
                consumer.kill()
        with Consumer(kafka, topic, *options) as consumer:
            watch.follow(consumer)
            consumer.await_consumed(10000)
            assert consumer.stop() == 0
    assert watch.scrapes > 5 and watch.falls == []
    assert comparable(figures_until_end(kafka, topic, *options)) == comparable(truth)


@pytest.mark.parametrize("key, shown", [("user_id", {"0", "1", "2"}), ("session_id", {"0", "1", "2"}), ("page", {"all"}),
                                        (None, {"all"})])
@pytest.mark.parametrize("at_first", ["empty", "full"])
def test_it_is_seen_by_the_keys(kafka, key, shown, at_first):
    topic = kafka.new_topic(partitions=3)
    events = [event(user, EPOCH, session=user + 1000) for user in range(60)]
    if at_first == "full":
        kafka.produce(topic, events, key=key)
    with Consumer(kafka, topic) as consumer:
        if at_first == "empty":
            consumer.await_ready()
            kafka.produce(topic, events, key=key)
        consumer.await_consumed(60)
        assert partitions_shown(consumer) == shown


def test_what_was_decided_is_kept(kafka, producer):
    topic = kafka.new_topic(partitions=3)
    send(producer, topic, [event(user, EPOCH) for user in range(60)])
    assert figures_until_end(kafka, topic)["events"]["consumed"] == 60
    delete_records(kafka, topic, kafka.end_offsets(topic))
    kafka.produce(topic, [event(user, EPOCH) for user in range(60)])
    with Consumer(kafka, topic) as consumer:
        consumer.await_consumed(120)
        assert partitions_shown(consumer) == {"all"}
        assert consumer.stop() == 0
    # Nobody who starts anew would take it for unkeyed.
    with Consumer(kafka, topic, group=topic + "-2") as consumer:
        consumer.await_consumed(60)
        assert partitions_shown(consumer) == {"0", "1", "2"}


def test_partitions_of_their_own_by_force(kafka, producer):
    """The figures would be wrong: it is counted and said."""
    topic = kafka.new_topic(partitions=3)
    send(producer, topic, [event(user, EPOCH) for user in range(60)])
    kafka.produce(topic, [event(user, EPOCH) for user in range(60, 70)])
    with Consumer(kafka, topic, "--partitioning", "keyed") as consumer:
        consumer.await_consumed(70)
        metrics = consumer.get("/metrics").text
        foreign = [float(line.split()[-1]) for line in metrics.splitlines()
                   if line.startswith("clickstream_foreign_keys_total{")]
        assert len(foreign) == 3 and sum(foreign) == 60
        consumer.expect("key", "stderr", timeout=20)
        consumer.kill()
    result = until_end(kafka, topic, "--partitioning", "keyed", group=topic + "-2")
    assert result.returncode == 0 and "--partitioning" in result.stderr, result.stderr


def test_a_silent_partition_does_not_hold_sessions_open(kafka, producer):
    topic = kafka.new_topic(partitions=3)
    options = ("--gap", "3s", "--lateness", "0s", "--idle-timeout", "2s")
    with Consumer(kafka, topic, *options) as consumer:
        send(producer, topic, [event(1, EPOCH), event(2, EPOCH + 1)], partition=0)
        consumer.await_consumed(2)
        send(producer, topic, [event(3, EPOCH + 2)], partition=1)
        consumer.await_consumed(3)

        def closed():
            return consumer.counters()["all"]["clickstream_sessions_closed_total"]

        wait_until(lambda: closed() == 3, what="the end of the sessions")
        # Partition 2 never had an event, and partition 1 is silent now.
        send(producer, topic, [event(4, EPOCH + 1000), event(5, EPOCH + 1010)], partition=0)
        wait_until(lambda: closed() >= 4, what="the end of a session behind the newest event")
        # What a partition sends after its silence is late, and nothing is taken back.
        send(producer, topic, [event(6, EPOCH + 500)], partition=1)
        consumer.await_consumed(6)
        assert consumer.stats()["events"]["late"] == 1
        consumer.kill()
    with Consumer(kafka, topic, *options) as consumer:
        consumer.await_consumed(6)
        assert closed() >= 4 and consumer.stats()["events"]["late"] == 1


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_partitions_are_added(kafka, producer, running):
    topic = kafka.new_topic(partitions=2)
    send(producer, topic, [event(1, EPOCH), event(2, EPOCH)])
    with Consumer(kafka, topic) as consumer:
        consumer.await_consumed(2)
        if not running:
            assert consumer.stop() == 0
        kafka._topics("--alter", "--topic", topic, "--partitions", "4")
        kafka.produce(topic, [event(user, EPOCH + 1) for user in range(40)], key=None)
        assert max(kafka.end_offsets(topic)) == 3
        late = KafkaProducer(bootstrap_servers=kafka.brokers)  # which knows of the new partitions
        send(late, topic, [event(1, EPOCH + 2)] * 2, partition=3)
        late.close()
        if running:
            consumer.await_consumed(44)
            assert consumer.stop() == 0
    with Consumer(kafka, topic) as consumer:
        consumer.await_consumed(44)
        assert partitions_shown(consumer) == {"all"}
        assert consumer.stats()["sessions"]["total"] == 40
        assert consumer.stats()["events"]["duplicate"] == 1


def test_state_that_cannot_be_used(kafka, producer):
    """All partitions are one unit: what is missing in one of them is missing for all."""
    topic = kafka.new_topic(partitions=3)
    send(producer, topic, [event(user, EPOCH) for user in range(60)])
    assert figures_until_end(kafka, topic)["events"]["consumed"] == 60
    ends = kafka.end_offsets(topic)
    send(producer, topic, [event(user, EPOCH) for user in range(60, 70)], partition=1)
    delete_records(kafka, topic, {1: ends[1] + 1})
    refused = until_end(kafka, topic)
    assert refused.returncode == 6 and f"the state of topic {topic} cannot be used: records from offset {ends[1]} on" in refused.stderr
    assert figures_until_end(kafka, topic, "--on-unusable-state", "rebuild")["events"]["consumed"] == ends[0] + 9 + ends[2]
    assert figures_until_end(kafka, topic)["events"]["consumed"] == ends[0] + 9 + ends[2]


def test_a_topic_that_is_created_anew(kafka, producer):
    topic = kafka.new_topic(partitions=3)
    kafka.produce(topic, [event(user, EPOCH) for user in range(600)], key=None)
    with Consumer(kafka, topic, "--on-unusable-state", "rebuild") as consumer, Consumer(kafka, topic, group=topic + "-2") as other:
        consumer.await_consumed(600)
        other.await_consumed(600)
        kafka.delete_topic(topic)
        kafka.create_topic(topic, partitions=3)
        kafka.produce(topic, [event(user, EPOCH) for user in range(60)], key=None)
        consumer.expect("computing the figures again from the earliest offset", "stderr")
        wait_until(lambda: consumer.consumed() == 60)
        assert consumer.stop() == 0
        assert other.wait() == 6, other.transcript()
    assert figures_until_end(kafka, topic)["events"]["consumed"] == 60


def test_an_operator_resets_the_group(kafka, producer):
    topic = kafka.new_topic(partitions=3)
    kafka.produce(topic, [event(user, EPOCH) for user in range(60)], key=None)
    assert figures_until_end(kafka, topic)["events"]["consumed"] == 60
    with Group(kafka, topic, topic) as group:
        group.reset("--to-latest")
    kafka.produce(topic, [event(user, EPOCH) for user in range(60, 67)], key=None)
    result = until_end(kafka, topic)
    assert result.returncode == 0 and '"consumed":7,' in result.stdout, result.stdout + result.stderr
    assert "with empty state" in result.stderr
