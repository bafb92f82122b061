"""Reads a topic to its end with kafka-python, and parses with json.

usage: kafka_python_loop.py BROKERS TOPIC
"""

import json
import sys

from figures import Figures
from kafka import KafkaConsumer, TopicPartition

brokers, topic = sys.argv[1:]
consumer = KafkaConsumer(bootstrap_servers=brokers, enable_auto_commit=False)
partitions = [TopicPartition(topic, partition) for partition in consumer.partitions_for_topic(topic)]
consumer.assign(partitions)
consumer.seek_to_beginning()
ends = consumer.end_offsets(partitions)
figures = Figures()
while any(consumer.position(partition) < end for partition, end in ends.items()):
    for messages in consumer.poll(1000, 10_000).values():
        for message in messages:
            figures.add(json.loads(message.value))
consumer.close()
figures.print()
