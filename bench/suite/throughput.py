"""Who reads, and who sends, how many events a second."""

from suite.inputs import BENCH, PYTHON, consume_until_end, reference, topic_of, wheels
from suite.measure import Contestant, contest, say
from support.harness import binary

FETCH_ONLY = "librdkafka, fetch only"
BARE_LOOP = "bare loop in C++: librdkafka, RapidJSON, two hash maps"
CONSUME = "clickstream consume"
STATS = "clickstream stats"
FILE_LOOP = "bare loop in C++: RapidJSON, two hash maps"
DUCKDB = "DuckDB, GROUP BY, 2 threads"
BARE_PRODUCER = "librdkafka, ready-made payloads"
PRODUCE = "clickstream produce --rate 0"

ROUNDS_OF_PYTHON = 3  # of the clients: they take longer than all the others together


def peers(wheel, contestants, left_out):
    """The contestants, which need a set of packages, or none of them."""
    folder = wheels(wheel)
    if folder:
        return contestants({"PYTHONPATH": folder})
    names = [one.name for one in contestants({})]
    left_out += names
    say(f"LEFT OUT, since scripts/wheels {wheel} fails: {', '.join(names)}")
    return []


def from_kafka(kafka, path, events, rounds, left_out):
    topic = topic_of(kafka, path, events, 3)
    python = [PYTHON, "-B"]
    contestants = [
        Contestant(FETCH_ONLY, lambda: [reference("fetch_only"), kafka.brokers, topic]),
        Contestant(CONSUME, lambda: consume_until_end(kafka, topic)),
        Contestant(BARE_LOOP, lambda: [reference("bare_loop"), kafka.brokers, topic]),
        *peers("kafka", lambda env: [Contestant(
            "confluent-kafka and orjson (Python)", lambda: [*python, BENCH / "peers/confluent_loop.py", kafka.brokers, topic], env,
            ROUNDS_OF_PYTHON)], left_out),
        Contestant("kafka-python and json (Python)", lambda: [*python, BENCH / "peers/kafka_python_loop.py", kafka.brokers, topic],
                   most_rounds=ROUNDS_OF_PYTHON),
    ]
    return contest(contestants, events, rounds)


def from_file(path, events, rounds, left_out):
    def duckdb(threads, kind):
        return lambda: [PYTHON, "-B", BENCH / "peers/duckdb_sessions.py", path, threads, kind]

    contestants = [
        Contestant(STATS, lambda: [binary(), "stats", path, "-o", "json"]),
        Contestant(FILE_LOOP, lambda: [reference("file_loop"), path]),
        *peers("duckdb", lambda env: [
            Contestant(DUCKDB, duckdb(2, "ids"), env),
            Contestant("DuckDB, GROUP BY, 1 thread", duckdb(1, "ids"), env),
            Contestant("DuckDB, lag() for the gap, 2 threads", duckdb(2, "gap"), env),
            Contestant("DuckDB, lag() for the gap, 1 thread", duckdb(1, "gap"), env)], left_out),
    ]
    return contest(contestants, events, rounds)


def to_kafka(kafka, path, events, rounds):
    ready, simulated = (kafka.new_topic(3, message_timestamp_type="LogAppendTime") for _ in range(2))
    contestants = [
        Contestant(BARE_PRODUCER, lambda: [reference("bare_producer"), kafka.brokers, ready, path, events]),
        Contestant(PRODUCE, lambda: [binary(), "produce", "-b", kafka.brokers, "-t", simulated, "--rate", 0, "--count", events]),
    ]
    return contest(contestants, events, rounds)
