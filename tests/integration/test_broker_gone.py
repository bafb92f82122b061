"""No broker, a silent one, one that goes away: every wait has a deadline, and nothing hangs."""

import json
import re
import signal
import time

import pytest
from support.harness import Process, free_port, http_get, run, wait_until
from support.kafka import Broker, Kafka
from support.network import BlackHole, closed_port

COMMANDS = {
    "produce": ["produce", "--count", 1],
    "consume": ["consume", "--metrics-port", "none"],
    "until-end": ["consume", "--metrics-port", "none", "--until-end"],
    "stats": ["stats"],
}
DRAIN = 10  # seconds in which a signal ends the program, whatever the broker does


def timed_run(args):
    begin = time.monotonic()
    result = run(args)
    return result, time.monotonic() - begin


@pytest.fixture(params=COMMANDS)
def command(request):
    return COMMANDS[request.param]


def cut(proxy, process):
    """Cuts the connection, and waits until the process says so: of what it said before, nothing counts."""
    process.expect(r"[\s\S]*", "stderr")
    proxy.cut()
    process.expect("; trying again", "stderr")


def last_line(text):
    return text.strip().splitlines()[-1]


def test_nobody_listens(command):
    with closed_port() as port:
        result, seconds = timed_run([*command, "-b", f"127.0.0.1:{port}", "--connect-timeout", "2s"])
    assert result.returncode == 3
    line = last_line(result.stderr)
    assert f"no broker at 127.0.0.1:{port} answered within 2 s" in line
    assert "Connection refused" in line and "-b HOST:PORT" in line and "scripts/kafka start" in line
    assert seconds < 10


def test_the_default_deadline_is_ten_seconds():
    with closed_port() as port:
        result, seconds = timed_run(["stats", "-b", f"127.0.0.1:{port}"])
    assert result.returncode == 3
    assert 8 < seconds < 10


def test_nobody_answers(command):
    with BlackHole() as hole:
        result, seconds = timed_run([*command, "-b", f"127.0.0.1:{hole.port}", "--connect-timeout", "2s"])
    assert result.returncode == 3
    assert f"no broker at 127.0.0.1:{hole.port} answered within 2 s" in last_line(result.stderr)
    assert seconds < 10


def test_a_name_that_does_not_resolve(command):
    result, seconds = timed_run([*command, "-b", "no-such-host.invalid:9092", "--connect-timeout", "2s"])
    assert result.returncode == 3
    assert "resolve" in last_line(result.stderr)
    assert seconds < 20  # the system's resolver has time-outs of its own


def test_credentials_for_a_broker_that_asks_for_none(command, brokers):
    result, seconds = timed_run([*command, "-b", brokers, "-X", "security.protocol=sasl_plaintext", "-X", "sasl.mechanism=PLAIN",
                                 "-X", "sasl.username=alice", "-X", "sasl.password=wrong", "--connect-timeout", "3s"])
    assert result.returncode == 3, result.stderr
    assert "at all (security.protocol=plaintext does without)?" in last_line(result.stderr)
    assert seconds < 10


def test_tls_for_a_broker_that_speaks_none(command, brokers):
    result, seconds = timed_run([*command, "-b", brokers, "-X", "security.protocol=ssl", "--connect-timeout", "3s"])
    assert result.returncode == 3, result.stderr
    line = last_line(result.stderr)
    assert "is security.protocol=ssl right? This port may not speak TLS" in line
    assert seconds < 10


def test_a_signal_ends_the_wait_for_a_broker(command):
    with closed_port() as port, Process([*command, "-b", f"127.0.0.1:{port}", "--connect-timeout", "0"]) as process:
        process.expect(f"waiting for a broker at 127.0.0.1:{port}", "stderr")
        begin = time.monotonic()
        status = process.stop(signal.SIGTERM)
        assert time.monotonic() - begin < DRAIN
        assert status == (0 if command == COMMANDS["consume"] or "--until-end" in command else 143), process.transcript()


def test_waits_for_ever_for_a_broker_when_asked_to(tmp_path):
    port = free_port(4)
    with Process(["consume", "-b", f"127.0.0.1:{port}", "--metrics-port", 0, "--connect-timeout", "0"]) as process:
        url = process.expect(r"live page at (\S+),", "stderr").group(1)
        process.expect("waiting for a broker", "stderr")
        assert http_get(url + "/healthz").status == 200
        ready = http_get(url + "/readyz")
        assert (ready.status, ready.text) == (503, "connecting\n")
        broker = Broker.start(tmp_path / "broker", port)
        try:
            produced = run(["produce", "-b", broker.brokers, "--rate", 0, "--count", 100])
            assert produced.returncode == 0, produced.stderr
            wait_until(lambda: json.loads(http_get(url + "/stats.json").text)["events"]["counted"] == 100)
        finally:
            broker.stop()


def test_consume_outlives_the_broker(own_broker, proxy):
    kafka = Kafka(own_broker.brokers)
    topic = kafka.unused_name()
    through = f"127.0.0.1:{proxy.port}"

    def send(number):
        result = run(["produce", "-b", kafka.brokers, "-t", topic, "--rate", 0, "--count", number, "--start", "now"])
        assert result.returncode == 0, result.stderr

    def count():
        return json.loads(http_get(url + "/stats.json").text)["events"]["consumed"]

    send(500)
    with Process(["consume", "-b", through, "-t", topic, "-g", topic, "--metrics-port", 0]) as process:
        url = process.expect(r"live page at (\S+),", "stderr").group(1)
        wait_until(lambda: count() == 500)
        cut(proxy, process)
        send(300)
        assert count() == 500
        assert http_get(url + "/healthz").status == 200
        proxy.restore()
        wait_until(lambda: count() == 800)
        proxy.cut()
        begin = time.monotonic()
        assert process.stop(signal.SIGTERM) == 0
        assert time.monotonic() - begin < DRAIN
        assert process.stdout.endswith("=========================\n") and "malformed 0" in process.stdout


def test_consume_ends_when_the_broker_is_frozen(own_broker, proxy):
    kafka = Kafka(own_broker.brokers)
    topic = kafka.unused_name()
    run(["produce", "-b", kafka.brokers, "-t", topic, "--rate", 0, "--count", 500])
    with Process(["consume", "-b", f"127.0.0.1:{proxy.port}", "-t", topic, "-g", topic, "--metrics-port", "none",
                  "--interval", "500ms"]) as process:
        process.expect(r"lag 0 \|")
        proxy.freeze()
        begin = time.monotonic()
        assert process.stop(signal.SIGINT) == 0
        assert time.monotonic() - begin < DRAIN


def test_produce_says_what_was_not_delivered(own_broker, proxy):
    topic = Kafka(own_broker.brokers).unused_name()
    with Process(["produce", "-b", f"127.0.0.1:{proxy.port}", "-t", topic, "--rate", 200,
                  "-X", "queue.buffering.max.messages=100"]) as process:
        wait_until(lambda: sum(Kafka(own_broker.brokers).end_offsets(topic).values()) > 0)
        cut(proxy, process)
        process.expect(r"the send queue is full \(100 events\)", "stderr")
        begin = time.monotonic()
        assert process.stop(signal.SIGINT) == 4
        assert time.monotonic() - begin < DRAIN + 1
        assert re.search(r"100 events were not delivered \(\d+ were\): ", last_line(process.stderr))


def test_produce_delivers_what_waited_for_the_broker(own_broker, proxy):
    kafka = Kafka(own_broker.brokers)
    topic = kafka.unused_name()
    with Process(["produce", "-b", f"127.0.0.1:{proxy.port}", "-t", topic, "--rate", 200]) as process:
        wait_until(lambda: sum(kafka.end_offsets(topic).values()) > 0)
        cut(proxy, process)
        proxy.restore()
        assert process.stop(signal.SIGTERM) == 0, process.transcript()
        sent = int(re.search(r"sent (\d+) events in .*, all delivered", process.stderr).group(1))
        assert sum(kafka.end_offsets(topic).values()) == sent


def test_produce_gives_up_on_events_after_their_time(own_broker, proxy):
    topic = Kafka(own_broker.brokers).unused_name()
    with Process(["produce", "-b", f"127.0.0.1:{proxy.port}", "-t", topic, "--rate", 200, "--count", 400,
                  "-X", "message.timeout.ms=3000"]) as process:
        wait_until(lambda: sum(Kafka(own_broker.brokers).end_offsets(topic).values()) > 0)
        proxy.cut()
        assert process.wait() == 4, process.transcript()
        assert re.search(r"\d+ events were not delivered", last_line(process.stderr))


def test_stats_ends_when_the_broker_is_frozen(own_broker, proxy):
    kafka = Kafka(own_broker.brokers)
    topic = kafka.unused_name()
    run(["produce", "-b", kafka.brokers, "-t", topic, "--rate", 0, "--count", 500])
    with Process(["stats", "-b", f"127.0.0.1:{proxy.port}", "-t", topic, "--watch"]) as process:
        process.expect(r"Events consumed +500\b")
        proxy.freeze()
        begin = time.monotonic()
        assert process.stop(signal.SIGINT) == 0
        assert time.monotonic() - begin < DRAIN
