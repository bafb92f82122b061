"""Proves the harness itself: broker, topics, records, the proxy's faults, long-running processes."""

import socket
import subprocess
import time

import pytest

from support.harness import ROOT, Process, free_port, http_get, wait_until
from support.kafka import Broker, Kafka
from support.network import BlackHole, TcpProxy, closed_port


def kcat(*args, timeout=20):
    return subprocess.run(["kcat", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)


def test_topic_and_records(kafka):
    topic = kafka.new_topic(partitions=2, message_timestamp_type="LogAppendTime")
    assert "PartitionCount: 2" in kafka.describe_topic(topic)
    assert kafka.end_offsets(topic) == {0: 0, 1: 0}
    before = time.time() * 1000
    kafka.produce(topic, [{"user_id": user, "page": "/é"} for user in range(40)])
    kafka.produce(topic, ["not json"])
    ends = kafka.end_offsets(topic)
    assert sum(ends.values()) == 41 and all(ends.values())
    records = kafka.records(topic)
    assert sorted(int(one["key"]) for one in records if one["key"]) == list(range(40))
    assert [one["payload"] for one in records if not one["key"]] == ["not json"]
    assert {one["tstype"] for one in records} == {"logappend"}
    assert all(before - 1000 <= one["ts"] <= time.time() * 1000 + 1000 for one in records)
    kafka.delete_topic(topic)
    wait_until(lambda: not kafka.partitions(topic), what="the end of the topic")
    assert kafka.end_offsets(topic) == {}


def test_keys_are_partitioned_as_java_clients_do(kafka):
    topic = kafka.new_topic(partitions=3)
    kafka.produce(topic, [{"user_id": 21}, {"user_id": 1432}])
    # murmur2 as Kafka's DefaultPartitioner has it, worked out by hand: see murmur2() below.
    expected = {str(user): (murmur2(str(user).encode()) & 0x7FFFFFFF) % 3 for user in (21, 1432)}
    assert {one["key"]: one["partition"] for one in kafka.records(topic)} == expected


def murmur2(data):
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i:i + 4], "little") * m & mask
        h = (h * m & mask) ^ ((k ^ k >> 24) * m & mask)
    if data[whole:]:
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def test_proxy_is_the_only_way_and_can_be_cut(own_broker, proxy):
    direct = Kafka(own_broker.brokers)
    topic = direct.new_topic(partitions=1)
    through = f"127.0.0.1:{proxy.port}"
    # Whoever comes through the proxy is told to stay there.
    assert f"broker 1 at {through}" in kcat("-L", "-b", through).stdout

    consumer = ["-C", "-E", "-u", "-b", through, "-t", topic, "-o", "beginning", "-f", "%s\n",
                "-X", "reconnect.backoff.max.ms=200"]
    with Process(consumer, program="kcat") as reader:
        direct.produce(topic, ["one"])
        reader.expect("^one$")

        proxy.cut()
        reader.expect("Connection refused|Disconnected|disconnected|closed", stream="stderr")
        assert kcat("-L", "-b", through, "-m", "2").returncode != 0
        direct.produce(topic, ["two"])  # the broker itself never noticed
        assert reader.running() and "two" not in reader.stdout

        proxy.restore()
        reader.expect("^two$")


def test_frozen_proxy_answers_nothing_and_loses_nothing(proxy):
    through = f"127.0.0.1:{proxy.port}"
    proxy.freeze()
    with Process(["-L", "-b", through, "-m", "60"], program="kcat") as waiting:
        with socket.create_connection(("127.0.0.1", proxy.port)) as connection:
            # An ApiVersions request, version 0: a broker would answer it at once.
            connection.sendall(bytes.fromhex("0000000c" "0012" "0000" "00000001" "0002" "6d65"))
            connection.settimeout(0.5)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            assert waiting.running()
            proxy.restore()
            connection.settimeout(30)
            assert connection.recv(4096)[4:8] == bytes.fromhex("00000001")
        waiting.expect("broker 1 at")
        assert waiting.wait() == 0


def test_frozen_connections_can_be_cut():
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        with TcpProxy(0, upstream.getsockname()[1]) as proxy:
            with socket.create_connection(("127.0.0.1", proxy.port)) as client:
                server = upstream.accept()[0]
                client.sendall(b"a")
                assert server.recv(1) == b"a"
                proxy.freeze()
                proxy.cut()
                client.settimeout(30)
                assert client.recv(1) == b""
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", proxy.port))
                server.close()


def test_black_hole_and_closed_port():
    with BlackHole() as hole, socket.create_connection(("127.0.0.1", hole.port)) as connection:
        connection.sendall(b"hello")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    with closed_port() as port:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        with pytest.raises(OSError):
            http_get(f"http://127.0.0.1:{port}/")


def test_process_is_awaited_by_what_it_says():
    script = ("trap 'echo bye; exit 7' TERM; echo first; echo trouble >&2; printf 'no newline 📊'; "
              "while :; do sleep 0.05; done")
    with Process(["-c", script], program="bash") as process:
        assert process.expect("^fir(.*)$").group(1) == "st"
        process.expect("trouble", stream="stderr")
        process.expect("no newline 📊")
        assert process.running()
        assert process.stop() == 7
        assert process.stdout.endswith("bye\n")
        with pytest.raises(AssertionError, match="the process ended without 'first'"):
            process.expect("first")  # seen already
    with Process(["30"], program="sleep") as process:
        with pytest.raises(AssertionError, match="0.2 s passed without"):
            process.expect("never", timeout=0.2)
    assert not process.running()


def test_http_get_gives_any_status(tmp_path):
    (tmp_path / "file").write_text("content")
    port = free_port()
    with Process(["-m", "http.server", "--bind", "127.0.0.1", "--directory", tmp_path, port], program="python3"):
        def answer():
            try:
                return http_get(f"http://127.0.0.1:{port}/file")
            except OSError:
                return None
        assert wait_until(answer).text == "content"
        assert http_get(f"http://127.0.0.1:{port}/nothing").status == 404
        head = http_get(f"http://127.0.0.1:{port}/file", method="HEAD")
        assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "7")


def test_broker_keeps_its_data_over_a_restart(tmp_path):
    broker = Broker.start(tmp_path / "kafka")
    try:
        topic = Kafka(broker.brokers).new_topic(partitions=1)
        Kafka(broker.brokers).produce(topic, ["kept"])
        subprocess.run(["scripts/kafka", "stop", "--dir", broker.directory], check=True, timeout=60, cwd=ROOT)
        subprocess.run(["scripts/kafka", "start", "--dir", broker.directory, "--port", str(broker.port)], check=True,
                       timeout=120, cwd=ROOT, stdout=subprocess.DEVNULL)
        assert [one["payload"] for one in Kafka(broker.brokers).records(topic)] == ["kept"]
    finally:
        broker.stop()
