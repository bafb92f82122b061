"""The rights (ACLs) that docs/operations.md lists are the ones: enough together, and each needed, on a broker that asks."""

import json
import re
import shlex
import subprocess

import pytest
from support.harness import PATIENCE, ROOT, Process, run, wait_until
from support.kafka import Kafka
from support.rights import documented

DEADLINE = 20  # seconds: a refusal comes at once, and a wait for ever is what this looks for
COUNT = 30     # events in the topic, beside one record that is none
# The documentation's names, in the order in which they are replaced.
NAMES = {"state topic": "clickstream-user-events-clickstream-state", "dead-letter topic": "user-events-dead-letter",
         "topic": "user-events", "group": "clickstream"}
RIGHTS = documented()
DEAD_LETTERS = {right: absence for right, absence in RIGHTS["consume"].items() if right[1] == "dead-letter topic"}
# What is run, and the rights that it needs by the table.
CASES = {
    "produce": (["produce", "--count", "5"], RIGHTS["produce"]),
    "stats": (["stats"], RIGHTS["stats"]),
    "stats of a range": (["stats", "--from", "-1h"], RIGHTS["stats"]),
    "replay of a topic": (["replay", "--from-topic", "TOPIC", "--output", "-", "--speed", "max"],
                          RIGHTS["replay --from-topic"]),
    "keyed": (["consume", "--partitioning", "keyed"], RIGHTS["consume"]),
    "unkeyed": (["consume", "--partitioning", "unkeyed"], {
        right: absence for right, absence in RIGHTS["consume"].items() if right[0] != "Alter"}),
    "auto": (["consume", "--dead-letter", "none"], {
        right: absence for right, absence in RIGHTS["consume"].items()
        if right not in DEAD_LETTERS and right[0] != "Alter"}),
    "stateless": (["consume", "--state", "none"], RIGHTS["consume --state none"]),
    "stateless, dead letters": (["consume", "--state", "none", "--dead-letter", "DEAD"],
                                RIGHTS["consume --state none"] | DEAD_LETTERS),
}


class World:
    """A user without rights, a topic with events, and the command that the user is to run."""

    def __init__(self, guarded, directory, command):
        self.guarded, self.directory = guarded, directory
        self.kafka = Kafka(guarded.brokers)
        self.user = guarded.guest()
        topic, group = Kafka.unused_name(), Kafka.unused_name()
        self.names = {"topic": topic, "group": group, "state topic": f"{group}-{topic}-clickstream-state",
                      "dead-letter topic": f"{topic}-dead-letter"}
        self.produced = 0
        self.keyed = "unkeyed" not in command
        if command[0] != "produce":
            self.produce(COUNT)
            self.kafka.produce(topic, ["no event"])
        words = {"DEAD": self.names["dead-letter topic"], "TOPIC": topic}
        self.command = [words.get(word, word) for word in command]
        self.command += ["-b", guarded.sasl, "-F", guarded.client(directory, self.user), "-t", topic]
        if command[0] == "consume":
            self.command += ["-g", group, "--metrics-port", "none", "--interval", "0", "-o", "json"]

    def produce(self, count):
        """Every event of a session of its own."""
        events = [{"event_id": f"e{i}", "user_id": i, "session_id": 1, "page": "/", "action": "click", "duration": 1,
                   "timestamp": 1731283897} for i in range(self.produced, self.produced + count)]
        self.kafka.produce(self.names["topic"], events, key="user_id" if self.keyed else None)
        self.produced += count

    def allow(self, rights):
        for operation, resource in rights:
            kind = "group" if resource == "group" else "topic"
            self.guarded.allow(self.user, operation, kind, self.names[resource])

    def bounded(self):
        """Runs the command to its end."""
        more = ["--until-end"] if self.command[0] == "consume" else []
        return run([*self.command, *more], timeout=DEADLINE)

    def twice(self):
        """Two runs, with news in between: only the second finds a state. The first that fails, or the second."""
        first = self.bounded()
        if first.returncode != 0 or self.command[0] != "consume":
            return first
        self.produce(1)
        return self.bounded()

    def expected(self, absence):
        """The documented exit status, and the texts that are then said."""
        status = int(absence.split(":")[0])
        texts = re.findall(r"`([^`]+)`", absence)
        for kind, name in NAMES.items():
            texts = [text.replace(name, f"<{kind}>") for text in texts]
        for kind in NAMES:
            texts = [text.replace(f"<{kind}>", self.names[kind]) for text in texts]
        return status, texts

    def judge(self, result, absence):
        status, texts = self.expected(absence)
        assert result.returncode == status, result.stderr
        for text in texts:
            assert text in result.stderr

    def obey(self, stderr):
        """Somebody who may runs the command that the message names."""
        command = re.search(r"^  kafka-topics --bootstrap-server (\S+) (.*)$", stderr, re.MULTILINE)
        subprocess.run([ROOT / "scripts/kafka", "topics", "--brokers", command[1], *shlex.split(command[2]),
                        "--command-config", self.guarded.java_client(self.directory, "alice")],
                       check=True, capture_output=True, timeout=PATIENCE)


def missing():
    for case, (_, rights) in CASES.items():
        for right in rights:
            yield pytest.param(case, right, id=f"{case} without {right[0]} on {right[1]}")


@pytest.mark.parametrize("case", CASES)
def test_enough(guarded, tmp_path, case):
    command, rights = CASES[case]
    world = World(guarded, tmp_path, command)
    world.allow(rights)
    result = world.twice()
    assert result.returncode == 0, result.stderr
    if command[0] != "consume":
        return
    assert json.loads(result.stdout.splitlines()[-1])["events"]["consumed"] == world.produced + 1
    if ("Write", "dead-letter topic") in rights:
        assert world.kafka.records(world.names["dead-letter topic"])[0]["payload"] == "no event"
    if ("Write", "state topic") in rights:
        assert any(world.kafka.end_offsets(world.names["state topic"]).values())


@pytest.mark.parametrize(("case", "right"), list(missing()))
def test_each_is_needed(guarded, tmp_path, case, right):
    command, rights = CASES[case]
    world = World(guarded, tmp_path, command)
    world.allow(other for other in rights if other != right)
    if right[0] == "Delete":
        goes_on_and_warns(world, rights[right])
    elif right[0] == "Alter":
        assert world.bounded().returncode == 0
        world.kafka._topics("--alter", "--topic", world.names["topic"], "--partitions", "4")
        refused = world.bounded()
        world.judge(refused, rights[right])
        world.obey(refused.stderr)
        result = world.bounded()
        assert result.returncode == 0, result.stderr
    else:
        refused = world.twice()
        world.judge(refused, rights[right])
        if right[0] == "Create":
            world.obey(refused.stderr)
            result = world.twice()
            assert result.returncode == 0, result.stderr


def goes_on_and_warns(world, absence):
    status, (text,) = world.expected(absence)
    with Process([*world.command, "--checkpoint-interval", "100ms"]) as process:
        def warned():
            world.produce(1)
            return text in process.stderr

        wait_until(warned, what=text)
        assert process.stop() == status, process.transcript()
