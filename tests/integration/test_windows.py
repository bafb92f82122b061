"""Windows of a group: final once, whatever becomes of the instances; and what is published is their sum."""

import json

from support.consumer import Consumer, event, figures_until_end, until_end
from support.harness import run, wait_until

WINDOWS = ("--window", "10s", "--window", "30s/10s")
EPOCH = 1_760_000_000


def simulated(tmp_path, count):
    """The events of simulated visitors over ten minutes, and their windows, that no engine of ours has counted."""
    events, truth = tmp_path / "events.ndjson", tmp_path / "truth.json"
    made = run(["produce", "--output", events, "--rate", count / 600, "--speed", "max", "--count", count,
                "--truth", truth, *WINDOWS])
    assert made.returncode == 0, made.stderr
    return [json.loads(line) for line in events.read_text().splitlines()], json.loads(truth.read_text())["windows"]


def by_start(windows):
    return {(window["window"], window["start"]): window for window in windows}


def last_sixty(windows):
    return [window for kind in ("10s", "30s/10s") for window in
            [one for one in windows if one["window"] == kind][-60:]]


def added(documents):
    """The sums of what instances of one group show: {(window, start): figures}, of windows that all of them list."""
    shown = [by_start(document["windows"]) for document in documents]
    return {key: tuple(sum(one[key][name] for one in shown) for name in ("page_views", "clicks", "sessions", "users"))
            for key in set.intersection(*map(set, shown))}


def counts(window):
    return tuple(window[name] for name in ("page_views", "clicks", "sessions", "users"))


def test_windows_over_kills_and_restarts(kafka, tmp_path):
    events, truth = simulated(tmp_path, 6000)
    topic = kafka.new_topic()
    sent = 0
    for number in range(5):
        with Consumer(kafka, topic, *WINDOWS, "--instance-id", "one", "--checkpoint-interval", "300ms") as consumer:
            consumer.await_consumed(sent)
            part = events[sent:sent + 1200]
            kafka.produce(topic, part)
            wait_until(lambda: consumer.consumed() > sent)
            sent += len(part)
            if number % 2 == 0:
                consumer.kill()
            else:
                assert consumer.stop() == 0
    assert figures_until_end(kafka, topic, *WINDOWS, "--instance-id", "one")["windows"] == last_sixty(truth)


def test_windows_when_partitions_change_hands(kafka, tmp_path):
    events, truth = simulated(tmp_path, 6000)
    truth = by_start(truth)
    topic = kafka.new_topic(partitions=4)
    short = ("--checkpoint-interval", "300ms")
    with Consumer(kafka, topic, *WINDOWS, *short) as one:
        kafka.produce(topic, events[:3000])
        one.await_consumed(3000)
        with Consumer(kafka, topic, *WINDOWS, *short) as two:
            wait_until(lambda: len(one.counters()) == 2 and len(two.counters()) == 2, what="two partitions each")
            kafka.produce(topic, events[3000:5000])
            wait_until(lambda: one.consumed() + two.consumed() == 5000, what="5,000 records")
            together = added([one.stats(), two.stats()])
            assert len(together) >= 80
            assert together == {key: counts(truth[key]) for key in together}
            two.kill()
        kafka.produce(topic, events[5000:])
        one.await_consumed(6000)
        shown = by_start(one.stats()["windows"])
        assert len(shown) >= 100
        assert shown == {key: truth[key] for key in shown}


def test_the_windows_of_a_silent_topic_become_final_and_stay_so(kafka):
    topic = kafka.new_topic(partitions=1)
    options = ("--window", "2s", "--idle-timeout", "1s", "--lateness", "1s", "--gap", "2s")
    kafka.produce(topic, [event(1, EPOCH), event(2, EPOCH + 1, action="click"), event(1, EPOCH + 2)])
    with Consumer(kafka, topic, *options) as consumer:
        consumer.await_consumed(3)
        wait_until(lambda: len(consumer.stats()["windows"]) == 2, what="two final windows")
        before = consumer.stats()["windows"]
        assert [counts(window) for window in before] == [(1, 1, 2, 2), (1, 0, 1, 1)]
        assert 'clickstream_window_page_views{' in consumer.get("/metrics").text
        consumer.kill()
    with Consumer(kafka, topic, *options) as consumer:
        consumer.await_ready()
        assert consumer.stats()["windows"] == before


def test_a_window_is_added_and_removed_and_the_sessions_stay(kafka):
    topic = kafka.new_topic(partitions=1)
    kafka.produce(topic, [event(user, EPOCH + user) for user in range(30)])
    before = figures_until_end(kafka, topic, "--window", "10s")
    assert [window["start"] - EPOCH for window in before["windows"]] == [0, 10, 20]
    kafka.produce(topic, [event(user, EPOCH + 30 + user) for user in range(30)])
    after = figures_until_end(kafka, topic, "--window", "10s", "--window", "20s")
    assert after["sessions"]["total"] == 30
    # Of the new kind, the first that lies behind all that was read before.
    assert [(one["window"], one["start"] - EPOCH) for one in after["windows"]] == [
        *(("10s", start) for start in range(0, 60, 10)), ("20s", 40)]
    removed = until_end(kafka, topic)
    assert removed.returncode == 0, removed.stderr
    assert json.loads(removed.stdout)["windows"] == []


def test_an_unkeyed_topic(kafka, tmp_path):
    events, truth = simulated(tmp_path, 3000)
    topic = kafka.new_topic()
    kafka.produce(topic, events, key=None)
    found = figures_until_end(kafka, topic, *WINDOWS, "--partitioning", "unkeyed")
    assert found["windows"] == last_sixty(truth)
