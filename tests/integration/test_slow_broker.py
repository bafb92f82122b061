"""Brokers that fall silent in the middle, that are far away, that lose their lead, or that send their clients astray."""

import contextlib
import fcntl
import os
import queue
import signal
import struct
import threading
import time

import pytest
from support.harness import Process, run, wait_until
from support.kafka import Kafka
from support.network import TcpProxy

# Kafka's numbers for the requests after which the broker falls silent.
PRODUCE, FETCH, LIST_OFFSETS, METADATA, FIND_COORDINATOR, JOIN_GROUP, HEARTBEAT, SYNC_GROUP, CREATE_TOPICS, INIT_PRODUCER_ID = (
    0, 1, 2, 3, 10, 11, 12, 14, 19, 22)
DRAIN = 10  # seconds in which a signal ends the program, whatever the broker does


class ClientSide(TcpProxy):
    """A proxy that meddles with what clients send."""

    def _pump(self, source, sink):
        if source.getsockname()[1] == self.port:
            sink = Meddler(sink, self.meddle, source.sendall)
        super()._pump(source, sink)


class Meddler:
    def __init__(self, sink, meddle, answer):
        self._sink = sink
        self.sendall = meddle(sink.sendall, answer)

    def shutdown(self, how):
        self._sink.shutdown(how)


def by_request(deal_with):
    """A sendall() that calls deal_with(api, request) for every whole request."""
    buffer = bytearray()

    def sendall(data):
        buffer.extend(data)
        while len(buffer) >= 4 and len(buffer) >= (end := 4 + int.from_bytes(buffer[:4], "big")):
            deal_with(int.from_bytes(buffer[4:6], "big"), bytes(buffer[:end]))
            del buffer[:end]

    return sendall


class Silent(ClientSide):
    """Passes everything on until the request `api` comes for the `nth` time; then nothing any more."""

    def __init__(self, port, upstream, api, nth=1):
        self._api = api
        self._left = nth
        super().__init__(port, upstream)

    def meddle(self, send, _):
        def deal_with(api, request):
            if api == self._api:
                self._left -= 1
                if self._left == 0:
                    self.freeze()
            self._flowing.wait()
            send(request)

        return by_request(deal_with)

    def silent(self):
        return not self._flowing.is_set()


class Restarted(ClientSide):
    """A broker of one topic with one partition, as it is seen when it is killed with `lost` batches on the way to it
    (all that a client sends within a second), and then does not lead at first."""

    WHILE = 1  # seconds
    NOT_LEADER = 6

    def __init__(self, port, upstream, topic):
        self._topic = topic.encode()
        self._passed = 0
        self._is_back = False
        self.lost = 0
        self.refused = 0
        super().__init__(port, upstream)

    def meddle(self, send, answer):
        def deal_with(api, request):
            if api != PRODUCE:
                send(request)
            elif self._passed < 20:
                self._passed += 1
                send(request)
            elif not self._is_back:
                if self.lost == 0:
                    threading.Timer(self.WHILE, self._die).start()
                self.lost += 1
            elif self.refused == 0:
                self.refused += 1
                answer(self._not_leader(request))
            else:
                send(request)

        return by_request(deal_with)

    def _die(self):
        self._is_back = True
        self.cut()
        self.restore()

    def _not_leader(self, request):
        version, correlation = struct.unpack_from(">hi", request, 6)
        name = self._topic
        partition = struct.pack(">ihqqq", 0, self.NOT_LEADER, -1, -1, -1)
        no_throttling = struct.pack(">i", 0)
        if version < 9:
            body = struct.pack(f">iih{len(name)}si", correlation, 1, len(name), name, 1) + partition
            body += struct.pack(">ih", 0, -1) if version == 8 else b""  # no errors of single records, no message
            body += no_throttling
        else:  # lengths are one more, and each part ends with its tagged fields: none
            body = struct.pack(f">iBBB{len(name)}sB", correlation, 0, 2, len(name) + 1, name, 2) + partition
            body += bytes([1, 0, 0, 0]) + no_throttling + bytes([0])
        return struct.pack(">i", len(body)) + body


class Distant(ClientSide):
    """What a client sends arrives a while later."""

    WHILE = 0.3  # seconds

    def meddle(self, send, _):
        sent = queue.SimpleQueue()

        def deliver():
            with contextlib.suppress(OSError):
                while True:
                    due, data = sent.get()
                    time.sleep(max(0, due - time.monotonic()))
                    send(data)

        threading.Thread(target=deliver, daemon=True).start()
        return lambda data: sent.put((time.monotonic() + self.WHILE, data))


@contextlib.contextmanager
def in_front_of(broker, proxy, *args):
    with open(os.path.join(broker.directory, "proxy.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the port is one for all tests that share the broker
        with proxy(broker.proxy_port, broker.proxy_upstream, *args) as one:
            yield one


@pytest.fixture(scope="module")
def topic(own_broker):
    name = Kafka(own_broker.brokers).unused_name()
    produced = run(["produce", "-b", own_broker.brokers, "-t", name, "--rate", 0, "--count", 5000])
    assert produced.returncode == 0, produced.stderr
    return name


def last_line(text):
    return text.strip().splitlines()[-1]


PRODUCE_TEN = ["produce", "--count", 10]
CONSUME = ["consume", "-g", Kafka.unused_name(), "--metrics-port", "none", "--interval", 0]
UNTIL_END = [*CONSUME, "--until-end"]
STATS = ["stats"]


@pytest.mark.parametrize("command, api, nth, status", [
    (PRODUCE_TEN, METADATA, 3, 130),
    (PRODUCE_TEN, INIT_PRODUCER_ID, 1, 130),
    ([*PRODUCE_TEN, "-t", Kafka.unused_name()], CREATE_TOPICS, 1, 130),
    (PRODUCE_TEN, LIST_OFFSETS, 1, 130),
    (PRODUCE_TEN, FETCH, 1, 130),
    (CONSUME, FIND_COORDINATOR, 1, 0),
    (CONSUME, JOIN_GROUP, 1, 0),
    (CONSUME, SYNC_GROUP, 1, 0),  # here librdkafka 2.0 would abort
    (CONSUME, HEARTBEAT, 1, 0),
    (UNTIL_END, METADATA, 3, 0),
    (UNTIL_END, LIST_OFFSETS, 1, 0),
    (UNTIL_END, LIST_OFFSETS, 2, 0),
    (UNTIL_END, FETCH, 1, 0),
    (STATS, METADATA, 3, 130),
    (STATS, LIST_OFFSETS, 1, 130),
    (STATS, FETCH, 1, 130),
])
def test_a_signal_ends_every_wait(own_broker, topic, command, api, nth, status):
    with in_front_of(own_broker, Silent, api, nth) as proxy:
        brokers = f"127.0.0.1:{proxy.port}"
        with Process([*command, "-b", brokers, *([] if "-t" in command else ["-t", topic])]) as process:
            wait_until(lambda: proxy.silent() or not process.running())
            assert process.running(), process.transcript()
            begin = time.monotonic()
            assert process.stop(signal.SIGINT) == status, process.transcript()
            assert time.monotonic() - begin < DRAIN


def test_no_answer_to_the_creation_of_a_topic(own_broker):
    with in_front_of(own_broker, Silent, CREATE_TOPICS) as proxy:
        brokers = f"127.0.0.1:{proxy.port}"
        begin = time.monotonic()
        result = run(["produce", "-b", brokers, "-t", Kafka.unused_name(), "--count", 1])
        assert time.monotonic() - begin < 10
    assert result.returncode == 3, result.stderr
    assert "cannot create topic" in last_line(result.stderr)
    assert f"no answer in time from the cluster at {brokers}" in last_line(result.stderr)


def test_brokers_that_advertise_addresses_out_of_reach(own_broker, topic):
    """As many a broker in a container does: the first connection works, and no other."""
    with in_front_of(own_broker, TcpProxy) as proxy:
        proxy.cut()
        bootstrap = f"127.0.0.1:{own_broker.proxy_upstream}"
        begin = time.monotonic()
        with Process(["stats", "-b", bootstrap, "-t", topic]) as stats, \
             Process(["consume", "-b", bootstrap, "-t", topic, "-g", Kafka.unused_name(), "--until-end",
                      "--metrics-port", "none"]) as consume:
            for process in (stats, consume):
                assert process.wait() == 3, process.transcript()
                line = last_line(process.stderr)
                assert f"127.0.0.1:{proxy.port}" in line and "refused" in line and "advertised.listeners" in line
        assert time.monotonic() - begin < 10


def test_a_distant_broker(own_broker, topic):
    """Distance is no reason to give up: an answer may take longer than the first patience."""
    with in_front_of(own_broker, Distant) as proxy:
        brokers = f"127.0.0.1:{proxy.port}"
        with Process(["produce", "-b", brokers, "-t", Kafka.unused_name(), "--count", 10]) as produce, \
             Process(["stats", "-b", brokers, "-t", topic]) as stats:
            assert produce.wait() == 0, produce.transcript()
            assert stats.wait() == 0, stats.transcript()


def test_a_broker_that_dies_with_several_batches_on_their_way(own_broker):
    """librdkafka before 2.3 gave up for good, as CI once saw with a broker that was killed: it took the lost batches for
    written, and with the first of them refused, the second was out of sequence."""
    kafka = Kafka(own_broker.brokers)
    name = kafka.new_topic(partitions=1)
    with in_front_of(own_broker, Restarted, name) as proxy:
        result = run(["produce", "-b", f"127.0.0.1:{proxy.port}", "-t", name, "--rate", 100, "--count", 400])
    assert proxy.lost > 0 and proxy.refused == 1, (proxy.lost, proxy.refused)
    assert result.returncode == 0, result.stderr
    assert sum(kafka.end_offsets(name).values()) == 400
