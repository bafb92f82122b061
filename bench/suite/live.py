"""A consumer with state, from outside: what its pages cost, how old they are, and what its checkpoints hold up."""

import random
import re
import statistics
import threading
import time
import uuid

from kafka import KafkaProducer
from suite.inputs import topic_of
from suite.measure import LONGEST, say
from support.consumer import Consumer
from support.harness import Process, wait_until

PROBES = "/probe/"
CHECKPOINT = re.compile(r"checkpoint of unit \d+: (\d+) bytes in (\d+) ms")


def consumed(consumer, count):
    """Waits for so many events; nobody else asks it anything meanwhile."""
    wait_until(lambda: consumer.consumed() >= count, LONGEST, f"{count} events")


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def scrape(kafka, topic, events, scrapes):
    """GET /metrics of a consumer that has read it all."""
    consumer = Consumer(kafka, topic, "--max-pages", "1000")
    with consumer:
        consumed(consumer, events)
        seconds = []
        for _ in range(scrapes):
            begin = time.perf_counter()
            answer = consumer.get("/metrics")
            seconds.append(time.perf_counter() - begin)
        memory = int(float(re.search(r"^process_resident_memory_bytes (\S+)", answer.text, re.MULTILINE).group(1)))
        open_sessions = consumer.stats()["sessions"]["open"]
        consumer.stop()
    return {"seconds": statistics.median(seconds), "p99": percentile(seconds, 0.99), "bytes": len(answer.body),
            "pages": len(re.findall(r"^page_views_total", answer.text, re.MULTILINE)), "sessions": open_sessions, "memory": memory}


def checkpoint(kafka, path, events):
    """The last checkpoint of a consumer of one partition; and how long a successor takes until it is ready, all in all."""
    topic = topic_of(kafka, path, events, 1)
    with Consumer(kafka, topic, "--log-level", "debug") as consumer:
        consumed(consumer, events)
        sessions = consumer.stats()["sessions"]["open"]
        consumer.stop()
        size, pause = map(int, CHECKPOINT.findall(consumer.stderr)[-1])
    begin = time.monotonic()
    with Consumer(kafka, topic) as successor:
        successor.await_ready(LONGEST)
        ready = time.monotonic() - begin
        if successor.consumed() != events:
            raise RuntimeError(f"the successor has {successor.consumed()} of {events} events")
        successor.stop()
    return {"sessions": sessions, "bytes": size, "pause": pause / 1000, "ready": ready}


class Seen(threading.Thread):
    """Asks for /metrics again and again, and notes when a probe's page is first there."""

    def __init__(self, consumer):
        super().__init__(daemon=True)
        self._consumer = consumer
        self._over = threading.Event()
        self.times = {}

    def run(self):
        page = re.compile(rf'^page_views_total{{page="{PROBES}(\d+)"}}', re.MULTILINE)
        while not self._over.wait(0.01):
            text = self._consumer.get("/metrics").text
            now = time.time()
            for number in page.findall(text):
                self.times.setdefault(int(number), now)

    def stop(self):
        self._over.set()
        self.join()


def latency(kafka, rate, probes):
    """From sending an event, amid others at `rate`, until its page is at /metrics: seconds, of each probe."""
    topic = kafka.new_topic(3, message_timestamp_type="LogAppendTime")
    sender = KafkaProducer(bootstrap_servers=kafka.brokers, acks="all", linger_ms=0)
    sent = {}
    say(f"latency: {probes} probes amid {rate} events/s")
    with Process(["produce", "-b", kafka.brokers, "-t", topic, "--rate", rate]) as visitors, \
            Consumer(kafka, topic, "--max-pages", probes + 100) as consumer:
        consumed(consumer, 3 * rate)
        seen = Seen(consumer)
        seen.start()
        for number in range(probes):
            user = 10**12 + number
            now = time.time()
            sent[number] = now
            sender.send(topic, key=str(user).encode(), value=(
                f'{{"event_id":"{uuid.uuid4()}","user_id":{user},"session_id":1,"page":"{PROBES}{number}",'
                f'"action":"page_view","duration":0,"timestamp":{now:.6f}}}').encode())
            time.sleep(random.uniform(0.1, 0.3))  # in step with nothing
        wait_until(lambda: len(seen.times) == probes, 60, "the last probe")
        seen.stop()
        visitors.stop()
        consumer.stop()
    sender.close()
    return [seen.times[number] - begin for number, begin in sent.items()]
