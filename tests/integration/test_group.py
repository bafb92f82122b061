"""Members of a group that come, go, freeze and die; logs that end oddly, grow, or begin again."""

import json
import os
import re
import signal
import subprocess
import time

import pytest
from support.harness import ROOT, Process, http_get, run, wait_until
from support.kafka import Kafka

TAKEOVER = 10  # seconds until the partitions of a member that is gone have another reader


def consumer(kafka, topic, *args):
    return Process(["consume", "-b", kafka.brokers, "-t", topic, "-g", topic, "--metrics-port", 0, "--interval", 0, *args])


def url_of(process):
    return process.expect(r"live page at (\S+),", "stderr").group(1)


def count(*urls):
    return sum(json.loads(http_get(url + "/stats.json").text)["events"]["consumed"] for url in urls)


def until_end(kafka, topic, *args, group=None):
    return run(["consume", "--until-end", "-b", kafka.brokers, "-t", topic, "-g", group or topic, "--metrics-port", "none",
                "--interval", 0, "-o", "json", *args])


def ended_with(kafka, topic, number):
    """Both bounded commands end, and count so many records."""
    for result in (until_end(kafka, topic), until_end(kafka, topic, "--state", "none"), run(["stats", "-b", kafka.brokers, "-t", topic, "-o", "json"])):
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["events"]["consumed"] == number


def java(kafka, name, *args):
    """One of Kafka's command-line tools that scripts/kafka has no word for."""
    libs = subprocess.run([ROOT / "scripts/kafka", "libs"], capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run(["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", f"{libs}/*", f"org.apache.kafka.tools.{name}",
                    "--bootstrap-server", kafka.brokers, *args], capture_output=True, text=True, check=True, timeout=60)


@pytest.fixture
def topic(kafka):
    """A topic with 5,000 events."""
    name = kafka.unused_name()
    produced = run(["produce", "-b", kafka.brokers, "-t", name, "--rate", 0, "--count", 5000])
    assert produced.returncode == 0, produced.stderr
    return name


def test_a_frozen_member_loses_its_partitions_and_comes_back(kafka, topic):
    with consumer(kafka, topic) as first, consumer(kafka, topic) as second:
        one, two = url_of(first), url_of(second)
        def shared():
            return 0 < count(one) < 5000 and count(one, two) == 5000
        wait_until(shared)
        first.send_signal(signal.SIGSTOP)
        wait_until(lambda: count(two) == 5000, timeout=TAKEOVER)
        first.send_signal(signal.SIGCONT)
        wait_until(shared)
        assert first.stop() == 0 and second.stop() == 0


def test_figures_up_to_the_end_are_of_all_partitions_or_none(kafka, topic):
    with consumer(kafka, topic) as member:
        wait_until(lambda url=url_of(member): count(url) == 5000)
        shared = until_end(kafka, topic)
        assert (shared.returncode, shared.stdout) == (1, ""), shared.stderr
        assert re.search(rf"other members of the group {topic} read \d of the 3 partitions of {topic};", shared.stderr)
        alone = until_end(kafka, topic, group=kafka.unused_name())
        assert alone.returncode == 0, alone.stderr
        assert json.loads(alone.stdout)["events"]["consumed"] == 5000


def test_without_state_what_others_have_committed_is_ignored(kafka, topic):
    # kcat commits the end as it leaves.
    subprocess.run(["kcat", "-b", kafka.brokers, "-G", topic, "-q", "-e", "-o", "beginning", topic], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    described = subprocess.run([ROOT / "scripts/kafka", "groups", "--brokers", kafka.brokers, "--describe", "--group", topic],
                               text=True, capture_output=True, timeout=60).stdout
    committed = [int(row.split()[3]) for row in described.splitlines() if row.split()[1:2] == [topic]]
    assert sum(committed) == 5000, described
    ended = until_end(kafka, topic, "--state", "none")
    assert json.loads(ended.stdout)["events"]["consumed"] == 5000, ended.stderr


def test_partitions_that_are_added_are_read(kafka, topic):
    with consumer(kafka, topic) as member:
        url = url_of(member)
        wait_until(lambda: count(url) == 5000)
        kafka._topics("--alter", "--topic", topic, "--partitions", "6")
        kafka.produce(topic, [{"user_id": user} for user in range(60)])
        assert any(kafka.end_offsets(topic)[partition] for partition in (3, 4, 5))
        wait_until(lambda: count(url) == 5060)
        assert 'partition="5"' in http_get(url + "/metrics").text


def test_without_state_a_topic_that_is_created_anew_is_read_anew(kafka, topic):
    with consumer(kafka, topic, "--state", "none") as member:
        url = url_of(member)
        wait_until(lambda: count(url) == 5000)
        kafka.delete_topic(topic)
        kafka.create_topic(topic)
        kafka.produce(topic, [{"user_id": user} for user in range(60)])
        wait_until(lambda: count(url) == 60)


def test_the_end_may_be_an_aborted_transaction(kafka):
    topic = kafka.new_topic(partitions=1)
    kafka.produce(topic, ["one", "two", "three"])
    transactional = ["kcat", "-P", "-b", kafka.brokers, "-t", topic, "-X", f"transactional.id={topic}"]

    def written():
        asked = subprocess.run(["kcat", "-Q", "-b", kafka.brokers, "-t", f"{topic}:0:-1", "-X",
                                "isolation.level=read_uncommitted"], capture_output=True, text=True, timeout=60)
        return int(re.search(r"offset (\d+)", asked.stdout).group(1))

    with subprocess.Popen(transactional, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as killed:
        killed.stdin.write("never committed\n" * 2000)
        killed.stdin.flush()
        wait_until(lambda: written() > 3)
        ended_with(kafka, topic, 3)  # the transaction is still open
        killed.kill()
    # Whoever takes over the transactional id aborts what was open: the log ends with a control record.
    subprocess.run(transactional, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=60)
    wait_until(lambda: kafka.end_offsets(topic)[0] > 3)
    ended_with(kafka, topic, 3)


def test_the_beginning_may_have_been_deleted(kafka, tmp_path, topic):
    ends = kafka.end_offsets(topic)
    deleted = tmp_path / "deleted.json"
    deleted.write_text(json.dumps({"version": 1, "partitions": [  # partition 0 whole, of 1 a part, of 2 nothing
        {"topic": topic, "partition": 0, "offset": ends[0]}, {"topic": topic, "partition": 1, "offset": 100}]}))
    java(kafka, "DeleteRecordsCommand", "--offset-json-file", str(deleted))
    ended_with(kafka, topic, 5000 - ends[0] - 100)
