"""What a person types, right and wrong: help, versions, nearest names, where values come from."""

import os
import re
import shlex
import subprocess

import pytest
from support.harness import binary, environment, run

COMMANDS = ("produce", "consume", "stats")


def refused(args, *words, env=None):
    """Wrong usage: exit status 2, one line on standard error that says who speaks and what is wrong."""
    result = run(args, env=env)
    assert (result.returncode, result.stdout) == (2, ""), result
    assert len(result.stderr.splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr, result.stderr
    return result.stderr


def test_no_arguments():
    result = run([])
    assert result.returncode == 2 and result.stdout == ""
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", result.stderr, re.MULTILINE)


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["help"]])
def test_help(args):
    result = run(args)
    assert result.returncode == 0 and result.stderr == ""
    assert result.stdout == run([]).stderr


def test_version_names_the_libraries():
    text = run(["--version"]).stdout
    assert re.match(r"clickstream \d+\.\d+\.\d+\nlibrdkafka \S+ \(.*ssl.*\)\n", text)
    for library in ("civetweb", "libcurl", "libpq", "fmt", "spdlog", "cxxopts"):
        assert re.search(rf"^{library} \d", text, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command):
    result = run([command, "--help"])
    assert result.returncode == 0 and result.stderr == ""
    text = result.stdout
    assert "\nExamples:\n" in text and text.count(f"  clickstream {command} ") >= 4
    too_long = [line for line in text.splitlines() if len(line) > 100]
    assert too_long == []
    options = [line for line in text.splitlines() if re.match(r"  (-\w,|   ) --\S+( \S+)?  ", line)]
    assert options and [line for line in options if line[32:34] != "  " or line[34] == " "] == []
    for option in re.findall(r"^(?:  -\w,|     ) --([a-z-]+)", text, re.MULTILINE):
        if option != "help":
            # An option that is known complains about its value or goes on to something else, never "unknown".
            assert "unknown option" not in run([command, f"--{option}=\N{SNOWMAN}", "--log-level=x"]).stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_value_that_has_a_form_is_judged(command):
    text = run([command, "--help"]).stdout
    options = re.findall(r" --([a-z-]+) (?:N|FACTOR|SHARE|DURATION|MOMENT|PORT|LEVEL|FORMAT) ", text)
    assert {"log-level", "connect-timeout"} < set(options) and len(options) >= 8
    for option in options:
        line = refused([command, f"--{option}=\N{SNOWMAN}"])
        assert line.startswith(f"clickstream {command}: --{option}: '\N{SNOWMAN}' is no"), line


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["stats", "--help"], ["stats", "/dev/null"],
                                  ["consume", "--input", "/dev/null", "--metrics-port", "none"],
                                  ["produce", "--output", "-", "--rate", "0", "--log-level", "warn"]])
def test_a_pipe_that_nobody_reads_is_silent(args):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        result = subprocess.run([binary(), *args], stdin=subprocess.DEVNULL, stdout=pipe, stderr=subprocess.PIPE,
                                text=True, env=environment(), timeout=60)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_example_of_a_help_parses(command, tmp_path):
    (tmp_path / "client.properties").write_text("client.id=example\n")
    examples = re.findall(rf"^  .*?(clickstream {command} .*?)(?:  .*| \| .*)?$", run([command, "--help"]).stdout, re.MULTILINE)
    assert len(examples) >= 4
    for example in examples:
        # The value that is judged last is the first that is wrong.
        wrong = run([*shlex.split(example)[1:], "--connect-timeout", "x"], cwd=tmp_path)
        assert (wrong.returncode, wrong.stdout) == (2, ""), example
        assert wrong.stderr.startswith(f"clickstream {command}: --connect-timeout: 'x'"), (example, wrong.stderr)


def test_the_options_of_the_contract_are_there():
    common = "brokers topic property kafka-config connect-timeout log-level log-format log-file"
    engine = "gap lateness idle-timeout partitioning max-ahead window max-pages top format"
    visitors = "rate speed users daily-cycle seed site"
    expected = {
        "produce": f"{common} {visitors} count for start output truth gap lateness window duplicates disorder late "
                   "malformed offline partitions replication-factor",
        "consume": f"{common} {engine} {visitors} group metrics-port listen interval input until-end "
                   "state state-topic checkpoint-interval on-unusable-state instance-id dead-letter replication-factor",
        "replay": f"{common} input-format map speed rebase rejects resume include-static include-methods include-errors "
                  "include-bots output to-topic partitions replication-factor from-topic from to",
        "stats": f"{common} {engine} input url watch expect from to",
    }
    for command, options in expected.items():
        text = run([command, "--help"]).stdout
        for option in options.split():
            assert re.search(rf"--{option}\b", text), f"{command} --{option}"


@pytest.mark.parametrize("args, words", [
    (["stauts"], ["unknown command 'stauts'", "did you mean stats?"]),
    (["Produce"], ["did you mean produce?"]),
    (["xyz"], ["unknown command 'xyz'", "clickstream --help"]),
    (["produce", "--rat", "5"], ["unknown option --rat", "did you mean --rate?"]),
    (["produce", "-rate", "5"], ["unknown option -rate", "did you mean --rate?"]),
    (["produce", "--cuont=5"], ["unknown option --cuont", "did you mean --count?"]),
    (["consume", "--metrics-prot", "1"], ["did you mean --metrics-port?"]),
    (["consume", "--metrics", "1"], ["did you mean --metrics-port?"]),
    (["consume", "--completely-other"], ["unknown option --completely-other", "clickstream consume --help"]),
    (["consume", "events.ndjson"], ["unexpected argument 'events.ndjson'"]),
    (["stats", "--format", "jsn"], ["--format: 'jsn' is none of table, json, csv, prom; did you mean json?"]),
    (["consume", "-o", "csv"], ["--format: 'csv' is none of table, json"]),
    (["stats", "--log-level", "warning"], ["did you mean warn?"]),
    (["produce", "--rate"], ["rate", "missing an argument"]),
    (["produce", "--rate", "fast"], ["--rate: 'fast' is no number such as 500 or 0.5"]),
    (["produce", "--rate", "-5"], ["--rate: '-5'"]),
    (["produce", "--rate", "1e9"], ["--rate: '1e9'"]),
    (["produce", "--rate", "200000000"], ["--rate: more than 100 million"]),
    (["produce", "--rate", "0", "--speed", "2"], ["--rate: 0 means --speed max"]),
    (["produce", "--speed", "0"], ["--speed: must be more than 0, or max"]),
    (["produce", "--count", "0"], ["--count: '0' is no whole number from 1"]),
    (["produce", "--count", "ten"], ["--count: 'ten'"]),
    (["produce", "--for", "60"], ["--for: '60' is no duration such as 500ms, 10s, 5m, 1h or 1d"]),
    (["produce", "--for", "1000000d"], ["longer than ten years"]),
    (["produce", "--start", "yesterday"], ["--start: 'yesterday' is no moment"]),
    (["produce", "--start", "2024-02-30"], ["--start: '2024-02-30' is no moment"]),
    (["produce", "--start", "1999-12-31"], ["--start: an event's time must lie between the years 2000 and 2100"]),
    (["produce", "--start", "173128389721"], ["--start: an event's time must lie"]),
    (["produce", "--seed", "-1"], ["--seed: '-1'"]),
    (["produce", "--rate", "500", "--count", "999999999999"], ["--count: takes longer than ten years at this rate"]),
    (["produce", "--daily-cycle=maybe"], ["--daily-cycle: 'maybe' is neither true nor false"]),
    (["produce", "--partitions", "0"], ["--partitions: '0'"]),
    (["stats", "--gap", "-1s"], ["--gap: '-1s' is no duration"]),
    (["stats", "--top", "many"], ["--top: 'many'"]),
    (["stats", "--max-pages", "-1"], ["--max-pages: '-1'"]),
    (["consume", "--metrics-port", "65536"], ["--metrics-port: '65536' is no whole number from 0 to 65535"]),
    (["stats", "--url", "http://localhost:1", "file"], ["--url: names a running consumer"]),
    (["stats", "--input", "-", "file"], ["--input: and FILE say the same"]),
    (["stats", "--from", "5", "file"], ["--from: is a place in a topic, and no topic is read"]),
    (["stats", "--to", "now", "--input", "-"], ["--to: is a place in a topic"]),
    (["stats", "--from", "-1h", "--url", "localhost:1"], ["--from: is a place in a topic"]),
    (["stats", "--from", "earliest"], ["--from: 'earliest' is none of beginning, now, an offset"]),
    (["stats", "--to", "@1731283897000"], ["--to: '@1731283897000' lies beyond", "not milliseconds"]),
    (["stats", "--from", "2099-01-01"], ["--from: lies in the future"]),
    (["stats", "--from", "7", "--to", "5"], ["--to: lies before --from"]),
    (["stats", "--from", "-1h", "--to", "-2h"], ["--to: lies before --from"]),
    (["replay", "--from-topic", "a", "file"], ["--from-topic: and FILE are two inputs; give one"]),
    (["replay", "--from-topic", "a", "--to-topic", "a"], ["--from-topic: is the topic that is written to; name another"]),
    (["replay", "--from-topic", "user-events"], ["--from-topic: is the topic that is written to"]),
    (["replay", "--from-topic", "a", "--input-format", "csv"], ["--input-format: is for files"]),
    (["replay", "--from-topic", "a", "--resume", "1200"], ["--resume: '1200' is no position such as 0:1200,1:1190"]),
    (["replay", "--from-topic", "a", "--from", "5", "--to", "4"], ["--to: lies before --from"]),
    (["replay", "--from", "-1h", "file"], ["--from: is a place in a topic; name it with --from-topic"]),
    (["stats", "-X", "acks"], ["-X acks: this is no property=value"]),
    (["produce", "-X", "acks=1"], ["-X acks: the property acks cannot be set"]),
    (["consume", "-X", "enable.auto.commit=true"], ["enable.auto.commit cannot be set"]),
    (["consume", "-X", "group.protocol=consumer"], ["group.protocol cannot be set"]),
    (["produce", "-X", "partitioner=random"], ["partitioner cannot be set"]),
    (["consume", "-X", "sasl.jaas.config=x"], ["property of the Java client; use sasl.username and sasl.password"]),
    (["consume", "-X", "sasl.mechanism=AWS_MSK_IAM"], ["AWS_MSK_IAM is a mechanism of the Java client's alone", "SCRAM-SHA-512"]),
    (["produce", "-X", "security.protocol=sasl_ssl"], ["security.protocol=sasl_ssl needs a sasl.mechanism: PLAIN"]),
    (["stats", "-X", "security.protocol=SASL_PLAINTEXT", "-X", "sasl.mechanisms=PLAIN", "-X", "sasl.username=a"],
     ["sasl.mechanism=PLAIN needs sasl.username and sasl.password", "CLICKSTREAM_KAFKA_SASL_PASSWORD"]),
    (["stats", "-X", "security.protocol=sasl_ssl", "-X", "sasl.mechanism=OAUTHBEARER"],
     ["OAUTHBEARER has nowhere to get a token from", "sasl.oauthbearer.token.endpoint.url"]),
    (["stats", "-X", "security.protocol=ssl", "-X", "ssl.ca.location=/nowhere/ca.pem"],
     ["ssl.ca.location: cannot read /nowhere/ca.pem: No such file or directory"]),
    (["consume", "-X", "no.such.thing=1"], ["librdkafka refuses it", "no.such.thing"]),
    (["consume", "-X", "socket.timeout.ms=x"], ["librdkafka refuses it", "socket.timeout.ms"]),
])
def test_wrong_usage(args, words):
    line = refused(args, *words)
    assert line.startswith("clickstream: " if "unknown command" in line else f"clickstream {args[0]}: ")


def test_a_file_of_properties(tmp_path):
    path = tmp_path / "client.properties"
    path.write_text("# where it is\nbootstrap.servers = file:1\n\nacks=1\n")
    refused(["stats", "-F", path], f"{path}:4: the property acks cannot be set")
    missing = run(["stats", "-F", tmp_path / "none"])
    assert missing.returncode == 1 and "cannot read" in missing.stderr
    folder = run(["stats", "-F", tmp_path])
    assert folder.returncode == 1 and f"cannot read {tmp_path}: Is a directory" in folder.stderr


def test_no_message_holds_a_secret(tmp_path):
    path = tmp_path / "client.properties"
    path.write_text("sasl.username=alice\nsecret-9\n")
    for args in (["-X", "sasl.pasword=secret-9"], ["-X", "sasl.jaas.config=PlainLoginModule password=secret-9"],
                 ["-X", "secret-9", "-F", path]):
        result = run(["stats", *args])
        assert result.returncode == 2
        assert "secret-9" not in result.stderr.replace("-X secret-9", "")


# What Confluent Cloud offers for download, for librdkafka and for Java, but for the credentials.
CONSOLE = """# Required connection configs for Kafka producer, consumer, and admin
bootstrap.servers=127.0.0.1:4
security.protocol=SASL_SSL
{credentials}
# Required for correctness in Apache Kafka clients prior to 2.6
client.dns.lookup=use_all_dns_ips
# Best practice for higher availability
session.timeout.ms=45000
# Best practice for Kafka producer to prevent data loss
acks=all
client.id=ccloud-client-1

# Required connection configs for Confluent Cloud Schema Registry
schema.registry.url=https://registry.example.com
basic.auth.credentials.source=USER_INFO
basic.auth.user.info=key:secret-9
"""


def test_a_file_of_a_cloud_console(tmp_path):
    path = tmp_path / "client.properties"
    path.write_text(CONSOLE.format(credentials="sasl.mechanisms=PLAIN\nsasl.username=key\nsasl.password=secret-9"))
    for command in (["produce"], ["consume", "--metrics-port", "none"], ["stats"]):
        result = run([*command, "-F", path, "--connect-timeout", "300ms"])
        assert result.returncode == 3 and "no broker at 127.0.0.1:4 answered" in result.stderr, result.stderr
        assert f"{path}:16: schema.registry.url is not used: events are JSON" in result.stderr
        assert f"{path}:18: basic.auth.user.info is not used" in result.stderr
        assert "secret-9" not in result.stderr
    path.write_text(CONSOLE.format(credentials="sasl.jaas.config=x required username='k' password='secret-9';"))
    refused(["stats", "-F", path], f"{path}:4: sasl.jaas.config is a property of the Java client; use sasl.username and sasl.password")


def test_what_is_so_anyway_may_be_said():
    properties = ("acks=all", "acks=-1", "request.required.acks=-1", "enable.auto.commit=false", "enable.idempotence=true",
                  "auto.offset.reset=earliest", "group.protocol=classic", "partitioner=murmur2_random",
                  "partition.assignment.strategy=cooperative-sticky", "client.dns.lookup=use_all_dns_ips")
    for command in (["produce"], ["consume", "--metrics-port", "none"], ["stats"]):
        result = run([*command, "-b", "127.0.0.1:4", "--connect-timeout", "300ms",
                      *(word for text in properties for word in ("-X", text))])
        assert result.returncode == 3, result.stderr
        assert "no broker at 127.0.0.1:4 answered" in result.stderr.splitlines()[-1]


def asked(args, env=None):
    """The brokers that the program tries in vain to reach."""
    result = run(["stats", "--connect-timeout", "300ms", *args], env=env)
    assert result.returncode == 3, result.stderr
    return re.search(r"no broker at (\S+) answered", result.stderr).group(1)


def test_flags_beat_the_environment_which_beats_the_file(tmp_path):
    path = tmp_path / "client.properties"
    path.write_text("bootstrap.servers=127.0.0.1:3\n")
    from_file = ["-F", path]
    assert asked(from_file) == "127.0.0.1:3"
    assert asked(from_file, {"CLICKSTREAM_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:2"}) == "127.0.0.1:2"
    assert asked(from_file, {"CLICKSTREAM_BROKERS": "127.0.0.1:2"}) == "127.0.0.1:2"
    assert asked([*from_file, "-b", "127.0.0.1:1"], {"CLICKSTREAM_BROKERS": "127.0.0.1:2"}) == "127.0.0.1:1"
    assert asked([*from_file, "-X", "bootstrap.servers=127.0.0.1:1"]) == "127.0.0.1:1"
    assert asked(["-b", "127.0.0.1:1,127.0.0.1:2"]) == "127.0.0.1:1,127.0.0.1:2"
    assert asked([], {"CLICKSTREAM_KAFKA_CONFIG": str(path)}) == "127.0.0.1:3"


def test_every_option_comes_from_the_environment_too():
    refused(["stats"], "--format: 'jsn'", env={"CLICKSTREAM_FORMAT": "jsn"})
    refused(["produce"], "--rate: 'x'", env={"CLICKSTREAM_RATE": "x"})
    refused(["consume"], "CLICKSTREAM_DAILY_CYCLE: 'maybe' is neither true nor false",
            env={"CLICKSTREAM_DAILY_CYCLE": "maybe"})
    refused(["stats"], "environment variable CLICKSTREAM_KAFKA_SOCKET_TIMEOUT_MS: librdkafka refuses it",
            env={"CLICKSTREAM_KAFKA_SOCKET_TIMEOUT_MS": "x"})
    made = run(["produce", "--output", "-", "--rate", "0"], env={"CLICKSTREAM_COUNT": "3"})
    assert made.returncode == 0 and len(made.stdout.splitlines()) == 3


def test_the_last_of_a_repeated_option_wins():
    made = run(["produce", "--output", "-", "--rate", "0", "--count", "3", "--count", "2"])
    assert made.returncode == 0 and len(made.stdout.splitlines()) == 2


def test_a_switch_of_the_environment_can_be_switched_off(tmp_path):
    path = tmp_path / "events"
    path.write_text("")
    # With --watch each JSON object is on a line of its own.
    def lines(*args, **env):
        return len(run(["stats", path, "-o", "json", *args], env=env).stdout.splitlines())
    assert lines("--watch") == 1 and lines(CLICKSTREAM_WATCH="true") == 1 and lines("--watch=true") == 1
    assert lines() > 1 and lines("--watch=false") > 1 and lines(CLICKSTREAM_WATCH="0") > 1
    assert lines("--watch=false", CLICKSTREAM_WATCH="true") > 1
