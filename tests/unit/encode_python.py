"""Reads what encode_lines prints with another language's JSON parser, and compares field by field."""
import json
import subprocess
import sys
from decimal import Decimal

FIELDS = ["event_id", "user_id", "session_id", "page", "action", "duration", "timestamp"]


def text(word):
    return bytes.fromhex(word[1:]).decode("utf-8")


def micros(number):
    return int(number) * 1_000_000 if isinstance(number, int) else number * 1_000_000


lines = subprocess.run([sys.argv[1]], check=True, stdout=subprocess.PIPE).stdout.decode("utf-8").split("\n")
assert lines.pop() == ""
assert len(lines) == 10_000, len(lines)
for encoded, words in zip(lines[::2], lines[1::2]):
    event = json.loads(encoded, parse_float=Decimal)
    words = words.split(" ")
    assert list(event) == FIELDS, encoded
    assert event["event_id"] == text(words[0]), encoded
    assert type(event["user_id"]) is int and event["user_id"] == int(words[1]), encoded
    assert type(event["session_id"]) is int and event["session_id"] == int(words[2]), encoded
    assert event["page"] == text(words[3]), encoded
    assert event["action"] == text(words[4]), encoded
    assert micros(event["duration"]) == int(words[5]), encoded
    assert micros(event["timestamp"]) == int(words[6]), encoded
