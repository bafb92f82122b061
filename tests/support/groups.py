"""A consumer group's committed offsets, from outside: read, written by hand, reset and deleted as operators do."""

import contextlib
import json
import re
import subprocess
import tempfile

from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata
from support.harness import PATIENCE, ROOT, wait_until


def java(brokers, name, *args):
    """One of Kafka's command-line tools that scripts/kafka has no word for."""
    libs = subprocess.run([ROOT / "scripts/kafka", "libs"], capture_output=True, text=True, check=True).stdout.strip()
    result = subprocess.run(
        ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", f"{libs}/*", f"org.apache.kafka.tools.{name}",
         "--bootstrap-server", brokers, *args], capture_output=True, text=True, timeout=2 * PATIENCE)
    assert result.returncode == 0, result.stdout + result.stderr


def delete_records(kafka, topic, below):
    """Deletes the records of each partition that lie below an offset: {partition: offset}."""
    partitions = [{"topic": topic, "partition": partition, "offset": offset} for partition, offset in below.items()]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"version": 1, "partitions": partitions}, file)
        file.flush()
        java(kafka.brokers, "DeleteRecordsCommand", "--offset-json-file", file.name)


def log_starts(kafka, topic):
    """{partition: its first offset}."""
    asked = [text for partition in kafka.partitions(topic) for text in ("-t", f"{topic}:{partition}:-2")]
    answer = subprocess.run(["kcat", "-Q", "-b", kafka.brokers, *asked], capture_output=True, text=True, check=True,
                            timeout=PATIENCE).stdout
    return {int(partition): int(offset)
            for partition, offset in re.findall(r"^\S+ \[(\d+)\] offset (\d+)$", answer, re.MULTILINE)}


class Group:
    """The offsets that the group `name` keeps for `topic`. Use it in a with statement."""

    def __init__(self, kafka, name, topic):
        self.name = name
        self.topic = topic
        self._kafka = kafka
        self._client = KafkaConsumer(bootstrap_servers=kafka.brokers, group_id=name, enable_auto_commit=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.close(autocommit=False)

    def _committed(self, partition):
        return self._client.committed(TopicPartition(self.topic, partition), metadata=True)

    def offsets(self):
        """{partition: its committed offset}; without those that have none."""
        found = {partition: self._committed(partition) for partition in self._kafka.partitions(self.topic)}
        return {partition: one.offset for partition, one in found.items() if one}

    def offset(self, partition=0):
        return self._committed(partition).offset

    def pointer(self, partition=0):
        """What clickstream committed with the offset: {name: value}, all text."""
        words = self._committed(partition).metadata.split(" ")
        assert words[0] == "clickstream/1", words
        return dict(word.split("=", 1) for word in words[1:])

    def metadata(self, partition=0):
        return self._committed(partition).metadata

    def commit(self, offset, metadata, partition=0):
        """By hand; the group must have no members."""
        self._client.assign([TopicPartition(self.topic, partition)])

        def done():  # a member that was killed is one for some seconds
            with contextlib.suppress(Exception):
                self._client.commit({TopicPartition(self.topic, partition): OffsetAndMetadata(offset, metadata)})
                return True
            return False

        wait_until(done, what="the commit")
        self._client.unsubscribe()

    def admin(self, *args):
        """kafka-consumer-groups of this group; it must have no members."""
        result = subprocess.run(
            [ROOT / "scripts/kafka", "groups", "--brokers", self._kafka.brokers, "--group", self.name, *args],
            capture_output=True, text=True, timeout=2 * PATIENCE)
        assert result.returncode == 0 and "Error" not in result.stdout, result.stdout + result.stderr
        return result.stdout

    def reset(self, *how):
        self.admin("--reset-offsets", "--topic", self.topic, *map(str, how), "--execute")
