"""Reads a topic to its end with confluent-kafka, and parses with orjson.

usage: confluent_loop.py BROKERS TOPIC
"""

import sys

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from figures import Figures

brokers, topic = sys.argv[1:]
consumer = Consumer({"bootstrap.servers": brokers, "group.id": "peer", "enable.auto.commit": False})
partitions = [TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in consumer.list_topics(topic).topics[topic].partitions]
left = sum(high - low for low, high in map(consumer.get_watermark_offsets, partitions))
consumer.assign(partitions)
figures = Figures()
while left > 0:
    for message in consumer.consume(10_000, 0.02):
        if message.error():
            sys.exit(str(message.error()))
        figures.add(orjson.loads(message.value()))
        left -= 1
consumer.close()
figures.print()
