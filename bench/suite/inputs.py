"""What is measured with: events in files and topics, and the programs that read them."""

import json
import os
import pathlib
import re
import subprocess
import uuid

from suite.measure import timed
from support.harness import ROOT, binary

BENCH = ROOT / "bench"
BUILT = pathlib.Path(os.environ.get("CLICKSTREAM_BENCH_DIR") or ROOT / "build/release/bench")
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else "python3"
PAGE = re.compile(rb'"page":"[^"]*"')


def reference(name):
    return BUILT / "reference" / name


def new_group():
    return f"bench-{uuid.uuid4().hex[:12]}"


def write_events(path, *args):
    """Events of simulated visitors, in a file."""
    timed([binary(), "produce", "--output", path, *args])
    return path


def topic_of(kafka, path, count, partitions):
    """A new topic with so many events of the file."""
    topic = kafka.new_topic(partitions, message_timestamp_type="LogAppendTime")
    timed([reference("bare_producer"), kafka.brokers, topic, path, count])
    return topic


def with_pages(source, target, pages):
    """The events of `source` on so many pages, each as likely."""
    with open(source, "rb") as lines, open(target, "wb") as out:
        for number, line in enumerate(lines):
            page = number * 2654435761 % 2**32 * pages >> 32
            out.write(PAGE.sub(b'"page":"/page/%d"' % page, line, count=1))
    return target


def long_visits(path, pages):
    """A site of so many pages, with twelve events a visit in the mean and no click."""
    names = [f"/page/{number}" for number in range(pages)]
    site = {"leave_at_once": 0, "landing": {name: 1 / pages for name in names},
            "pages": {name: {"stay": 10, "click": 0, "next": {following: 11 / 12}}
                      for name, following in zip(names, names[1:] + names[:1])}}
    path.write_text(json.dumps(site))
    return path


def open_sessions(site, events):
    """What to ask of `produce` for so many events, twelve a visit, within 25 minutes: no session is over then."""
    return ["--site", site, "--rate", round(events / 1500, 6), "--speed", "max", "--count", events]


def consume_until_end(kafka, topic, *args):
    return [binary(), "consume", "--until-end", "-b", kafka.brokers, "-t", topic, "-g", new_group(), "--metrics-port", "none",
            "--interval", 0, "-o", "json", *args]


def wheels(name):
    """The folder of a set of Python packages, or None where they cannot be had."""
    found = subprocess.run([ROOT / "scripts/wheels", name], capture_output=True, text=True)
    return found.stdout.strip() if found.returncode == 0 else None
