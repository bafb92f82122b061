"""A small input with one of everything, and golden files of what becomes of it.

CLICKSTREAM_APPROVE=1 rewrites the golden files."""

import json
import os
import pathlib
import re

GOLDEN = pathlib.Path(__file__).parents[1] / "cli/golden"


def event(n, **fields):
    return {"event_id": f"id-{n}", "user_id": 1, "session_id": 1, "page": "/home", "action": "page_view", "duration": 2.5,
            "timestamp": 1_700_000_000 + n, **fields}


# One of everything: two sessions of one user and one of another, a copy, a late event, three kinds of malformed ones.
LINES = [
    event(0), event(10, action="click", page="/home?utm=1"), event(10, action="click", page="/home?utm=1"),
    event(5000, page="/cart"), event(5010, user_id=2, session_id=7, page="/caf\u00e9", duration=0.000001),
    event(20, user_id=3), event(5020, action="scroll"), event(5030, user_id="4"), event(5040, duration=-1),
    {"event_id": "half"},
]


def text_of(lines):
    return "".join(json.dumps(line) + "\n" for line in lines)


def compare_with_golden(name, text):
    text = re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "(now)", text)
    text = re.sub(r'version="[^"]*"|librdkafka="[^"]*"', "(version)", text)
    path = GOLDEN / name
    if os.environ.get("CLICKSTREAM_APPROVE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
