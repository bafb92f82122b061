"""A broker that asks who is there: the right password works, all else ends at once with status 3 and one clear line."""

import os
import time

import pytest
from support.harness import ROOT, Process, run
from support.kafka import Kafka

ALL = {"produce": ["produce", "--count", "1"], "consume": ["consume", "--until-end", "--metrics-port", "none"],
       "stats": ["stats"]}
DEADLINE = 10
COPY = os.environ.get("CLICKSTREAM_DEAD_LETTER_COPY") or str(ROOT / "build/release/tests/dead_letter_copy")


def allow(guarded, operation, kind, name):
    """Gives bob a right."""
    guarded.allow("bob", operation, kind, name)


def client(tmp_path, name, password):
    """The file of properties that the command line takes with -F."""
    path = tmp_path / "client.properties"
    path.write_text(f"security.protocol=sasl_plaintext\nsasl.mechanism=PLAIN\nsasl.username={name}\nsasl.password={password}\n")
    return path


def timed(args, **options):
    begin = time.monotonic()
    result = run(args, **options)
    assert time.monotonic() - begin < DEADLINE
    return result


def test_the_right_password(guarded, tmp_path):
    who = ["-b", guarded.sasl, "-F", client(tmp_path, "alice", "alice-secret"), "-t", Kafka(guarded.brokers).unused_name()]
    truth = tmp_path / "t.json"
    for command in (["produce", "--rate", 0, "--count", 1000, "--truth", truth], ["stats", "--expect", truth],
                    ["consume", "--until-end", "--metrics-port", "none"]):
        result = run([*command, *who])
        assert result.returncode == 0, result.stderr


def test_a_password_from_the_environment(guarded, tmp_path):
    who = ["-b", guarded.sasl, "-F", client(tmp_path, "alice", "wrong"), "-t", Kafka(guarded.brokers).unused_name()]
    result = run(["produce", "--count", 1, *who], env={"CLICKSTREAM_KAFKA_SASL_PASSWORD": "alice-secret"})
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("command", ALL.values(), ids=ALL)
def test_a_wrong_password(guarded, tmp_path, command):
    result = timed([*command, "-b", guarded.sasl, "-F", client(tmp_path, "alice", "secret-9")])
    assert result.returncode == 3, result.stderr
    line = result.stderr.splitlines()[-1]
    assert f"refused by {guarded.sasl}: " in line and "uthentication failed" in line
    assert "check sasl.username and sasl.password" in line
    assert "secret-9" not in result.stderr


@pytest.mark.parametrize("command", ALL.values(), ids=ALL)
def test_no_password_at_all(guarded, command):
    """The broker hangs up on a client that does not introduce itself."""
    result = timed([*command, "-b", guarded.sasl, "--connect-timeout", "3s"])
    assert result.returncode == 3, result.stderr
    line = result.stderr.splitlines()[-1]
    assert f"no broker at {guarded.sasl} answered within 3 s: " in line
    assert "it hangs up; is security.protocol=plaintext right?" in line


def test_no_rights(guarded, tmp_path):
    existing = Kafka(guarded.brokers).new_topic()
    who = ["-b", guarded.sasl, "-F", client(tmp_path, "bob", "bob-secret")]
    produce = timed(["produce", "--count", 1, *who, "-t", "new"])
    assert produce.returncode == 3, produce.stderr
    assert f"kafka-topics --bootstrap-server {guarded.sasl} --create --topic new --partitions 3" in produce.stderr
    consume = timed(["consume", "--metrics-port", "none", *who, "-t", existing])
    assert consume.returncode == 3, consume.stderr
    assert "uthorization failed" in consume.stderr.splitlines()[-1]
    stats = timed(["stats", *who, "-t", existing])
    assert stats.returncode == 1
    assert f"topic {existing} does not exist, or its existence is kept from us" in stats.stderr


def test_who_may_see_a_topic_may_not_write_to_it(guarded, tmp_path):
    """An endless run that can't deliver anything ends, too."""
    topic = Kafka(guarded.brokers).new_topic()
    who = ["-b", guarded.sasl, "-F", client(tmp_path, "bob", "bob-secret"), "-t", topic]
    allow(guarded, "Describe", "topic", topic)
    for command in (["produce", "--count", 5], ["produce", "--rate", 50]):
        result = timed([*command, *who])
        assert result.returncode == 3, result.stderr
        assert "Cluster authorization failed; ask for the rights" in result.stderr.splitlines()[-1]
    allow(guarded, "IdempotentWrite", "cluster", "kafka-cluster")
    for command in (["produce", "--count", 5], ["produce", "--rate", 50]):
        result = timed([*command, *who])
        assert result.returncode == 3, result.stderr
        assert f"cannot write to {topic}: Broker: Topic authorization failed" in result.stderr.splitlines()[-1]


def test_dead_letters_without_rights(guarded, tmp_path):
    """Reading does not go on without its dead letters: that is said with the way out."""
    kafka = Kafka(guarded.brokers)
    source, existing = kafka.new_topic(), kafka.new_topic()
    kafka.produce(source, [{"user_id": 1}])
    bob = ["security.protocol=sasl_plaintext", "sasl.mechanism=PLAIN", "sasl.username=bob", "sasl.password=bob-secret"]

    def copy(target):
        begin = time.monotonic()
        with Process([guarded.brokers, source, 1, guarded.sasl, target, *bob], program=COPY) as process:
            assert process.wait() == 3, process.transcript()
            assert time.monotonic() - begin < DEADLINE
            return process.stderr

    said = copy("dead")
    assert (f"kafka-topics --bootstrap-server {guarded.sasl} --create --topic dead --partitions 3"
            " --config message.timestamp.type=LogAppendTime --config max.message.bytes=8388608\n") in said
    assert said.endswith("\n--dead-letter none goes without\n")

    allow(guarded, "Describe", "topic", existing)
    allow(guarded, "IdempotentWrite", "cluster", "kafka-cluster")
    said = copy(existing)
    assert f"cannot be kept as a dead letter in {existing}: Broker: Topic authorization failed" in said
    assert said.endswith("; --dead-letter none goes without\n")
