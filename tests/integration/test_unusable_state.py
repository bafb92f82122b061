"""State that cannot be used: it is said why, with status 6, and computed again where that is wanted."""

import re
import subprocess

import pytest
from support.consumer import Consumer, event, figures_until_end, until_end
from support.groups import Group, delete_records
from support.harness import wait_until

EPOCH = 1_760_000_000
REBUILD = ("--on-unusable-state", "rebuild")


def events(number, first=0):
    return [event(user, EPOCH + user) for user in range(first, first + number)]


def state_of(topic):
    return f"{topic}-{topic}-clickstream-state"


@pytest.fixture
def topic(kafka):
    """A topic with 50 events, and a group of the same name with the state of them."""
    name = kafka.new_topic(partitions=1)
    kafka.produce(name, events(50))
    assert figures_until_end(kafka, name)["events"]["consumed"] == 50
    return name


@pytest.fixture
def group(kafka, topic):
    with Group(kafka, topic, topic) as group:
        yield group


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def changed(metadata, before, now):
    """A pointer that says something else, and whose checksum is right."""
    assert metadata.count(before) == 1
    text, check = metadata.replace(before, now).split(" check=")
    assert f"{crc32c(metadata.split(' check=')[0].encode()):08x}" == check
    return f"{text} check={crc32c(text.encode()):08x}"


def refused(kafka, topic, why, *options):
    """Both ways to consume end with status 6, and change nothing: the second says the same."""
    for _ in range(2):
        result = until_end(kafka, topic, *options)
        assert (result.returncode, result.stdout) == (6, ""), result.stderr
        assert re.search(rf"the state of partition \d of {topic} cannot be used: {why}", result.stderr), result.stderr
        assert "--on-unusable-state rebuild" in result.stderr


def rebuilt(kafka, group, why, number, *options):
    """It is computed again, once, as a new epoch."""
    result = until_end(kafka, group.topic, *REBUILD, *options)
    assert result.returncode == 0, result.stderr
    assert f'"consumed":{number},' in result.stdout, result.stdout
    assert re.search(rf"cannot be used: {why}.*computing the figures again from offset \d+", result.stderr), result.stderr
    assert group.pointer()["epoch"] == "1"
    again = until_end(kafka, group.topic, *REBUILD, *options)
    assert again.returncode == 0 and f'"consumed":{number},' in again.stdout, again.stderr
    assert "cannot be used" not in again.stderr
    assert group.pointer()["epoch"] == "1"
    assert figures_until_end(kafka, group.topic, *options)["events"]["consumed"] == number


def test_records_that_it_needs_were_deleted(kafka, topic, group):
    kafka.produce(topic, events(50, first=50))
    delete_records(kafka, topic, {0: 60})
    why = "records from offset 50 on, which it needs, have been deleted from partition 0, whose log starts at 60 now"
    refused(kafka, topic, why)
    rebuilt(kafka, group, why, 40)


def test_records_that_it_does_not_need_may_be_deleted(kafka, topic):
    kafka.produce(topic, events(50, first=50))
    delete_records(kafka, topic, {0: 50})
    assert figures_until_end(kafka, topic)["events"]["consumed"] == 100


def test_the_offset_lies_beyond_the_end(kafka, topic, group):
    group.commit(80, group.metadata())
    why = "the committed offset 80 lies beyond the end 50 of partition 0"
    refused(kafka, topic, why)
    rebuilt(kafka, group, why, 50)


def test_the_topic_was_created_anew_meanwhile(kafka, topic, group):
    """The broker deletes the offsets with the topic."""
    kafka.delete_topic(topic)
    kafka.create_topic(topic, partitions=1)
    kafka.produce(topic, events(20))
    why = "its committed offsets have expired or were deleted"
    refused(kafka, topic, why)
    rebuilt(kafka, group, why, 20)


def test_the_state_topic_was_deleted(kafka, topic, group):
    kafka.delete_topic(state_of(topic))
    why = f"its checkpoint is missing or damaged in {state_of(topic)}: 0 of 1 parts are there"
    refused(kafka, topic, why)
    rebuilt(kafka, group, why, 50)


def test_a_part_of_the_checkpoint_was_deleted(kafka, topic, group):
    delete_records(kafka, state_of(topic), kafka.end_offsets(state_of(topic)))
    why = f"its checkpoint is missing or damaged in {state_of(topic)}: 0 of 1 parts are there"
    refused(kafka, topic, why)
    rebuilt(kafka, group, why, 50)


@pytest.mark.parametrize("record, why", [
    (b"clkstate\1damaged", "its checkpoint is missing or damaged"),
    (b"clkstate\2of tomorrow", "its checkpoint was written by a newer version of clickstream")])
def test_another_record_is_in_its_place(kafka, topic, group, tmp_path, record, why):
    first = int(group.pointer()["first"])
    kafka.delete_topic(state_of(topic))
    kafka.create_topic(state_of(topic), partitions=1)
    path = tmp_path / "record"
    path.write_bytes(record)
    subprocess.run(["kcat", "-P", "-b", kafka.brokers, "-t", state_of(topic), *[path] * (first + 1)], check=True, timeout=60)
    refused(kafka, topic, why)
    rebuilt(kafka, group, why, 50)


@pytest.mark.parametrize("options, why", [
    (["--gap", "10m"], "--gap was 30m and is 10m"),
    (["--lateness", "1m"], "--lateness was 10s and is 1m"),
    (["--idle-timeout", "90s"], "--idle-timeout was 1m and is 90s"),
    (["--max-ahead", "2h"], "--max-ahead was 1h and is 2h"),
    (["--max-pages", "50"], "--max-pages was 200 and is 50"),
    (["--gap", "10m", "--max-pages", "none"], "--gap was 30m and is 10m, --max-pages was 200 and is none")])
def test_made_under_other_options(kafka, topic, group, options, why):
    why = "it was made under other options: " + why
    refused(kafka, topic, why, *options)
    assert figures_until_end(kafka, topic)["events"]["consumed"] == 50
    rebuilt(kafka, group, why, 50, *options)


def test_made_under_another_partitioning(kafka, topic, group):
    why = "it was made under other options: --partitioning was keyed and is unkeyed"
    result = until_end(kafka, topic, "--partitioning", "unkeyed")
    assert result.returncode == 6 and f"the state of topic {topic} cannot be used: {why}" in result.stderr, result.stderr
    rebuilt(kafka, group, why, 50, "--partitioning", "unkeyed")


def test_a_pointer_of_a_newer_version(kafka, topic, group):
    group.commit(50, "clickstream/2 what nobody knows yet")
    why = "the pointer to it was committed by a newer version of clickstream"
    refused(kafka, topic, why)
    rebuilt(kafka, group, why, 50)


@pytest.mark.parametrize("damage", [
    lambda text: text[:-5],
    lambda text: text.replace("offset=50", "offset=40"),
    lambda text: changed(text, "chunks=1", "chunks=0"),
    lambda text: changed(text, "gap=30m", "gap=1800s")], ids=["cut", "checksum", "value", "spelling"])
def test_a_damaged_pointer(kafka, topic, group, damage):
    group.commit(50, damage(group.metadata()))
    why = "the pointer to it, in the metadata of the committed offset, is damaged"
    refused(kafka, topic, why)
    rebuilt(kafka, group, why, 50)


def test_a_pointer_to_another_state(kafka, topic, group):
    crc = group.pointer()["crc"]
    group.commit(50, changed(group.metadata(), f"crc={crc}", f"crc={int(crc, 16) ^ 1:08x}"))
    why = f"its checkpoint in {state_of(topic)} is damaged: the checksum differs"
    refused(kafka, topic, why)
    rebuilt(kafka, group, why, 50)


def test_a_pointer_to_another_offset(kafka, topic, group):
    group.commit(50, changed(group.metadata(), "offset=50", "offset=40"))
    why = "its checkpoint belongs to other offsets than the committed pointer says"
    refused(kafka, topic, why)
    rebuilt(kafka, group, why, 50)


@pytest.mark.parametrize("how", [["--delete-offsets"], ["--delete"]], ids=["offsets", "group"])
def test_the_offsets_are_gone(kafka, topic, group, how):
    group.admin(*how, *(["--topic", topic] if how == ["--delete-offsets"] else []))
    assert group.offsets() == {}
    why = "its committed offsets have expired or were deleted"
    refused(kafka, topic, why)
    rebuilt(kafka, group, why, 50)


def test_only_what_is_unusable_is_computed_again(kafka):
    topic = kafka.new_topic(partitions=3)
    kafka.produce(topic, events(90))
    ends = kafka.end_offsets(topic)
    assert min(ends.values()) > 0
    assert figures_until_end(kafka, topic)["events"]["consumed"] == 90
    delete_records(kafka, state_of(topic), {1: kafka.end_offsets(state_of(topic))[1]})
    delete_records(kafka, topic, {0: ends[0], 2: ends[2]})  # whoever computed those again would miss them
    refused(kafka, topic, "its checkpoint is missing")
    assert figures_until_end(kafka, topic, *REBUILD)["events"]["consumed"] == 90
    with Group(kafka, topic, topic) as group:
        assert [group.pointer(partition)["epoch"] for partition in range(3)] == ["0", "1", "0"]


def test_a_running_consumer_whose_topic_is_created_anew(kafka, topic):
    with Consumer(kafka, topic) as consumer:
        consumer.await_consumed(50)
        kafka.delete_topic(topic)
        kafka.create_topic(topic, partitions=1)
        kafka.produce(topic, events(20))
        assert consumer.wait() == 6, consumer.transcript()
        assert f"the state of partition 0 of {topic} cannot be used any more: the topic was deleted" in consumer.stderr
        assert "--on-unusable-state rebuild" in consumer.stderr


def test_a_running_consumer_that_may_compute_again(kafka, topic):
    with Consumer(kafka, topic, *REBUILD) as consumer:
        consumer.await_consumed(50)
        kafka.delete_topic(topic)
        kafka.create_topic(topic, partitions=1)
        kafka.produce(topic, events(20))
        consumer.expect("computing the figures again from the earliest offset", "stderr")
        wait_until(lambda: consumer.consumed() == 20)
        kafka.produce(topic, events(20, first=20))
        consumer.await_consumed(40)
        assert consumer.stop() == 0
    assert figures_until_end(kafka, topic)["events"]["consumed"] == 40


@pytest.mark.parametrize("how, offset", [(["--to-offset", 30], 30), (["--to-earliest"], 0), (["--to-latest"], 50)],
                         ids=["offset", "earliest", "latest"])
def test_an_operator_resets_the_group(kafka, topic, group, how, offset):
    group.reset(*how)
    kafka.produce(topic, events(5, first=50))
    result = until_end(kafka, topic)
    assert result.returncode == 0, result.stderr
    assert f'"consumed":{55 - offset},' in result.stdout
    assert re.search(rf"partition 0 of {topic}: .*starting at offset {offset} with empty state", result.stderr), result.stderr
    assert group.pointer()["epoch"] == "1"
    again = until_end(kafka, topic)
    assert f'"consumed":{55 - offset},' in again.stdout and "empty state" not in again.stderr, again.stderr


def test_a_reset_survives_a_crash_before_the_first_checkpoint(kafka, topic, group):
    group.reset("--to-offset", 30)
    env = {"CLICKSTREAM_CRASH_AT": "commit-confirmed"}
    with Consumer(kafka, topic, "--instance-id", "one", "--checkpoint-interval", "1h", env=env) as consumer:
        assert consumer.wait() < 0, consumer.transcript()
    result = until_end(kafka, topic, "--instance-id", "one")
    assert result.returncode == 0 and '"consumed":20,' in result.stdout, result.stdout + result.stderr
    assert "empty state" not in result.stderr
