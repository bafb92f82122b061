"""The rows that a sink holds, in a shape of their own for each kind: to be compared with tests/support/batch.py."""

import json
import re
from collections import Counter
from datetime import datetime, timezone


def moment(text):
    """Microseconds since 1970 of an RFC 3339 time in UTC."""
    since = datetime.fromisoformat(text.replace("Z", "+00:00")) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def version(row):
    return (row["epoch"] << 48) + row["offset"]


def session(row):
    """As batch.session_rows has it, of a row in JSON."""
    return (row["user_id"], row["session_id"], moment(row["start"]), moment(row["end"]),
            round(row["event_duration_seconds"] * 1_000_000), row["events"], row["page_views"], row["clicks"], row["bounced"],
            row["entry_page"])


def key(row):
    """What two rows must not have in common."""
    if row["type"] == "session":
        return "session", row["user_id"], row["session_id"], row["start"]
    return "window", row["window"], row["start"], row["partition"]


def sessions(rows):
    return sorted((session(row) for row in rows if row["type"] == "session"), key=repr)


def windows(rows, window):
    """{start: (page views, clicks, sessions, users, {page: views})} of one kind, partitions added up."""
    added = {}
    for row in rows:
        if row["type"] != "window" or row["window"] != window:
            continue
        start = moment(row["start"]) // 1_000_000
        before = added.get(start, (0, 0, 0, 0, Counter()))
        pages = Counter({page["page"]: page["page_views"] for page in row["pages"]})
        added[start] = (*(one + row[name] for one, name in zip(before, ("page_views", "clicks", "sessions", "users"))),
                        before[4] + pages)
    return {start: (*figures[:4], dict(figures[4])) for start, figures in added.items()}


def of_file(path, offsets_vary=False):
    """The rows of a file, each once, without those that are out of date; and how often one was written again. That has to be
    the same row; of an unkeyed topic, but for its offset. So has the part of one that was being written when its writer was killed."""
    newest, again, torn = {}, 0, []

    def compared(line):
        return re.sub(r'"offset":\d*', '"offset":', line) if offsets_vary else line

    for line in path.read_text().splitlines():
        torn = [part for part in torn if not compared(line).startswith(compared(part))]
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            torn.append(line)
            continue
        if row["type"] == "superseded":
            newest = {name: one for name, one in newest.items()
                      if not (one["partition"] == row["partition"] and one["epoch"] < row["epoch"] and one["offset"] >= row["offset"])}
            continue
        before = newest.get(key(row))
        again += before is not None
        if before is None or version(row) >= version(before):
            if before and before["epoch"] == row["epoch"]:
                assert before | ({"offset": row["offset"]} if offsets_vary else {}) == row
            newest[key(row)] = row
    assert not torn, "parts of rows that do not follow whole"
    return list(newest.values()), again
