"""A real broker for the tests, and what they do with it besides clickstream: by kcat, and scripts/kafka.

A Broker is started by scripts/kafka and has a second listener for a proxy. The tests of one ctest run share one, which
broker_start.py starts and broker_stop.py stops; pytest alone starts its own.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

from support.harness import PATIENCE, ROOT, free_port, wait_until

SCRIPT = str(ROOT / "scripts/kafka")


def _check(command, again_after=None, **options):
    """The output of a command that must succeed; tried again after an error that passes, as of a topic that is new."""
    deadline = time.monotonic() + PATIENCE
    while True:
        result = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=2 * PATIENCE, **options)
        if result.returncode == 0 or not again_after or again_after not in result.stderr or time.monotonic() > deadline:
            break
    assert result.returncode == 0, f"$ {' '.join(command)}\n{result.stdout}{result.stderr}"
    return result.stdout


class Broker:
    """A broker started by scripts/kafka, from its folder alone: so that another process can take it over."""

    def __init__(self, directory, port, properties=None):
        self.directory = str(directory)
        self.port = port
        self.properties = properties
        self.brokers = f"127.0.0.1:{port}"
        self.proxy_upstream = port + 2  # the second listener,
        self.proxy_port = port + 3      # whose clients come back here

    @classmethod
    def start(cls, directory=None, port=None, properties=None):
        """`properties`: a file of more lines for its configuration."""
        directory = directory or tempfile.mkdtemp(prefix="clickstream-kafka-")
        broker = cls(directory, port or free_port(4), properties and str(properties))
        broker.restart()
        return broker

    def restart(self):
        """Starts it on the data that it has, where it is not running."""
        properties = ["--properties", self.properties] if self.properties else []
        _check([SCRIPT, "start", "--dir", self.directory, "--port", str(self.port),
                "--proxy-port", str(self.proxy_port), *properties])

    def kill(self):
        """kill -9; its data stays."""
        pid = int(pathlib.Path(self.directory, "pid").read_text())
        os.kill(pid, signal.SIGKILL)

        def gone():  # its command line is gone at once, its process when someone has waited for it
            try:
                return not pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                return True

        def closed():  # its sockets are the last to go
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", self.port)) != 0

        wait_until(lambda: gone() and closed(), what=f"the end of the broker, process {pid},")

    def stop(self, keep=False):
        """Ends it and, unless it is to be kept, deletes its data."""
        _check([SCRIPT, "stop", "--dir", self.directory])
        if not keep and os.path.exists(self.directory):
            shutil.rmtree(self.directory)

    def save(self, path):
        pathlib.Path(path).write_text(json.dumps(
            {"directory": self.directory, "port": self.port, "properties": self.properties}))

    @classmethod
    def load(cls, path):
        return cls(**json.loads(pathlib.Path(path).read_text()))


class Kafka:
    """What a test does with the cluster at `brokers`, which may be someone's own: topics have names of their own."""

    def __init__(self, brokers):
        self.brokers = brokers

    def new_topic(self, partitions=3, **configs):
        """Creates a topic with a name nobody has: its name. A config's dots are written as underscores."""
        topic = self.unused_name()
        self.create_topic(topic, partitions, **configs)
        return topic

    @staticmethod
    def unused_name():
        return f"test-{uuid.uuid4().hex[:12]}"

    def create_topic(self, topic, partitions=3, **configs):
        options = [text for name, value in configs.items()
                   for text in ("--config", f"{name.replace('_', '.')}={value}")]
        self._topics("--create", "--topic", topic, "--partitions", str(partitions), *options)

    def delete_topic(self, topic):
        self._topics("--delete", "--topic", topic)

    def describe_topic(self, topic):
        """kafka-topics' text: partitions and configs."""
        return self._topics("--describe", "--topic", topic)

    def produce(self, topic, events, key="user_id"):
        """Sends the events (objects, or lines as they are), as `kcat -P -K` users do.

        The key of an object is its field `key`; lines, and everything where `key` is None, go without.
        """
        lines = []
        for event in events:
            text = event if isinstance(event, str) else json.dumps(event)
            has_key = key is not None and not isinstance(event, str)
            lines.append(f"{event[key] if has_key else ''}\t{text}\n")
        _check(["kcat", "-P", "-b", self.brokers, "-t", topic, "-K", "\t", "-Z",
                "-X", "topic.partitioner=murmur2_random"], input="".join(lines))

    def partitions(self, topic):
        """The ids of its partitions; none where there is no such topic (asking does not create it)."""
        text = _check(["kcat", "-L", "-J", "-b", self.brokers, "-X", "allow.auto.create.topics=false"])
        topics = {one["topic"]: one["partitions"] for one in json.loads(text)["topics"]}
        return sorted(one["partition"] for one in topics.get(topic, []))

    def end_offsets(self, topic):
        """{partition: the offset after its last record}."""
        asked = [text for partition in self.partitions(topic) for text in ("-t", f"{topic}:{partition}:-1")]
        if not asked:
            return {}
        answer = _check(["kcat", "-Q", "-b", self.brokers, *asked], again_after="Not leader for partition")
        return {int(partition): int(offset)
                for partition, offset in re.findall(r"^\S+ \[(\d+)\] offset (\d+)$", answer, re.MULTILINE)}

    def records(self, topic):
        """All its records, partition by partition: dicts of kcat's -J (partition, offset, ts, tstype, key, payload)."""
        text = _check(["kcat", "-C", "-e", "-q", "-J", "-b", self.brokers, "-t", topic, "-o", "beginning"])
        records = [json.loads(line) for line in text.splitlines()]
        return sorted(records, key=lambda one: (one["partition"], one["offset"]))

    def _topics(self, *args):
        return _check([SCRIPT, "topics", "--brokers", self.brokers, *args])


def broker_of_the_run():
    """The broker that this ctest run shares, if there is one."""
    path = os.environ.get("CLICKSTREAM_BROKER_STATE")
    return Broker.load(path) if path and os.path.exists(path) else None
