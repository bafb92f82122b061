"""docs/sinks.md: every query gives what Python makes of the events, and what the page shows; every message is one that the
program gives.

CLICKSTREAM_APPROVE=1 rewrites the results on the page."""

import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from statistics import median

import pytest
from support import batch, rows, wheels
from support.harness import ROOT, free_port, run
from support.postgres import PASSWORD, Postgres, tool
from support.search import SearchNode

PAGE = ROOT / "docs/sinks.md"
NOW = 1_731_373_200  # one o'clock
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def chapter(title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.DOTALL | re.MULTILINE)[1]


def parts(title):
    """{heading: text} of a chapter."""
    return dict(re.findall(r"^### (.*?)\n(.*?)(?=^### |\Z)", chapter(title), re.DOTALL | re.MULTILINE))


def block(text, language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return found


def compare_with_page(heading, query, shown):
    """That the block behind the query shows this."""
    pattern = re.compile(re.escape(query) + "```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)
    page = PAGE.read_text()
    if os.environ.get("CLICKSTREAM_APPROVE"):
        page = pattern.sub(lambda _: f"{query}```\n\n```text\n{shown}```\n", page)
        PAGE.write_text(page)
    assert pattern.search(page)[1] == shown, heading


# --- The events, and who has them


@pytest.fixture(scope="module")
def traffic(tmp_path_factory):
    """The events of the page: their file, and what they are."""
    path = tmp_path_factory.mktemp("traffic") / "events.ndjson"
    command = re.search(r"`(produce --rate .*?)`, `(--window .*?)`", PAGE.read_text())
    made = run([*command[1].split(), "--speed", "max", "--output", path])
    assert made.returncode == 0, made.stderr
    return path, command[2].split(), [json.loads(line) for line in path.read_text().splitlines()]


def consume(path, *args, env=None):
    return run(["consume", "--input", path, "--metrics-port", "none", "--interval", 0, *args], env=env)


@pytest.fixture(scope="module")
def postgres(traffic):
    with Postgres("scram-sha-256") as server:
        filled = consume(traffic[0], *traffic[1], "--sink", server.url(), "--sink-init", env={"PGPASSWORD": PASSWORD})
        assert filled.returncode == 0, filled.stderr
        yield server


@pytest.fixture(scope="module")
def search(traffic):
    with SearchNode("os2") as node:
        filled = consume(traffic[0], *traffic[1], "--sink", node.url, "--sink-init")
        assert filled.returncode == 0, filled.stderr
        node.ask("POST", "/clickstream-*/_refresh")
        yield node


class Truth:
    """What Python makes of the events."""

    def __init__(self, events):
        names = ("user", "id", "start", "end", "spent", "events", "views", "clicks", "bounced", "entry")
        self.sessions = [dict(zip(names, row)) for row in batch.session_rows(events)]
        self.minutes = batch.window_rows(events, 60, 60)
        self.fives = batch.window_rows(events, 300, 300)

    def by(self, key):
        groups = defaultdict(list)
        for session in self.sessions:
            groups[key(session)].append(session)
        return sorted(groups.items(), key=repr)

    def by_time(self, seconds):
        return [(start * seconds, group) for start, group in self.by(lambda one: one["start"] // (seconds * 1_000_000))]


@pytest.fixture(scope="module")
def truth(traffic):
    return Truth(traffic[2])


def moment(micros):
    """As PostgreSQL writes it."""
    text = (EPOCH + timedelta(microseconds=micros)).strftime("%Y-%m-%d %H:%M:%S.%f")
    return text.rstrip("0").rstrip(".") + "+00"


def clock(micros):
    text = f"{micros // 3_600_000_000:02}:{micros // 60_000_000 % 60:02}:{micros // 1_000_000 % 60:02}.{micros % 1_000_000:06}"
    return text.rstrip("0").rstrip(".") if text.endswith("0") else text


def seconds(micros):
    """To the second, as interval(0) has it."""
    return clock(int((Decimal(micros.numerator) / micros.denominator / 1_000_000).quantize(1, ROUND_HALF_EVEN)) * 1_000_000)


def percent(part, whole):
    return str((100 * Decimal(part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP))


def most(counter, count):
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:count]


def length(session):
    return session["end"] - session["start"]


# --- SQL


def hours(truth):
    return [[moment(hour * 1_000_000), len(group), len({one["user"] for one in group})] for hour, group in truth.by_time(3600)]


def entry_pages(truth):
    groups = sorted(truth.by(lambda one: one["entry"]), key=lambda item: (-len(item[1]), item[0] or ""))
    return [(page, group) for page, group in groups if page is not None][:5]


def bounces(truth):
    return [[page, len(group), percent(sum(one["bounced"] for one in group), len(group))] for page, group in entry_pages(truth)]


def top_pages(truth):
    views = Counter()
    for start, window in truth.minutes.items():
        if start >= NOW - 3600:
            views.update(window[4])
    return most(views, 5)


def durations(truth):
    return [[moment(day * 1_000_000)[:10], len(group), seconds(Fraction(sum(map(length, group)), len(group))),
             seconds(Fraction(median(map(length, group))))] for day, group in truth.by_time(86_400)]


def visitors(truth):
    found = [[user, len(group), sum(one["views"] for one in group), seconds(Fraction(sum(map(length, group))))]
             for user, group in truth.by(lambda one: one["user"])]
    return sorted(found, key=lambda row: (-row[1], -row[2], row[0]))[:5]


def click_through(truth):
    return [[moment(start * 1_000_000), views, clicks, percent(clicks, views)]
            for start, (views, clicks, *_) in sorted(truth.fives.items()) if start >= NOW - 1800]


def one_visitor(truth):
    found = sorted((one for one in truth.sessions if one["user"] == 2044), key=lambda one: one["start"])
    assert len(found) > 5
    return [[moment(one["start"]), clock(length(one)), one["views"], one["clicks"], "t" if one["bounced"] else "f", one["entry"]]
            for one in found]


SQL = {
    "Sessions and visitors by hour": hours,
    "Bounce rate by entry page": bounces,
    "Top pages of the last hour": top_pages,
    "Durations by day": durations,
    "Visitors with the most sessions": visitors,
    "Click-through rate by window": click_through,
    "One visitor's sessions": one_visitor,
}


def test_all_sql_is_here():
    assert set(parts("Ready SQL")) == set(SQL)


@pytest.mark.parametrize("heading", SQL)
def test_sql(postgres, truth, heading):
    query = block(parts("Ready SQL")[heading], "sql")
    asked = query.replace("now()", f"to_timestamp({NOW})")
    expected = [[str(field) for field in row] for row in SQL[heading](truth)]
    assert expected and postgres.sql(asked) == expected
    shown = subprocess.run([tool("psql"), "-X", "-q", "-P", "footer=off", postgres.url(), "-c", asked], capture_output=True,
                           encoding="utf-8", check=True, env={**os.environ, "PGPASSWORD": PASSWORD, "PGTZ": "UTC"}).stdout
    compare_with_page(heading, query, "".join(line.rstrip() + "\n" for line in shown.splitlines() if line))


# --- Searches


def rfc3339(start):
    return (EPOCH + timedelta(seconds=start)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def search_hours(truth):
    return [{"key_as_string": rfc3339(hour), "doc_count": len(group)} for hour, group in truth.by_time(3600)]


def search_bounces(truth):
    return [{"key": page, "doc_count": len(group), "bounce_rate": sum(one["bounced"] for one in group) / len(group)}
            for page, group in entry_pages(truth)]


def search_durations(truth):
    return [{"key_as_string": rfc3339(day), "doc_count": len(group), "seconds": sum(map(length, group)) / len(group) / 1_000_000}
            for day, group in truth.by_time(86_400)]


def search_pages(truth):
    return [{"key_as_string": rfc3339(start), "top": [{"key": page, "views": views} for page, views in most(Counter(window[4]), 3)]}
            for start, window in sorted(truth.fives.items()) if start >= NOW - 600]


SEARCHES = {
    "Sessions by hour": search_hours,
    "Bounce rate by entry page, of a search engine": search_bounces,
    "Average duration by day": search_durations,
    "Top pages by window": search_pages,
}


def buckets(aggregation, wanted):
    """Those of an answer, with what the expected ones have."""
    found = []
    for one in aggregation["buckets"]:
        sub = {name: value for name, value in one.items() if isinstance(value, dict)}
        sub |= {name: value for part in sub.values() for name, value in part.items() if isinstance(value, dict)}
        flat = {name: buckets(value, wanted[0][name]) if "buckets" in value else value["value"]
                for name, value in sub.items() if name in wanted[0]}
        found.append({name: flat.get(name, one.get(name)) for name in wanted[0]})
    return found


def same(found, expected):
    """Numbers of floating point up to their last digits."""
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(same(found[name], expected[name]) for name in expected)
    return found == (pytest.approx(expected, rel=1e-9) if isinstance(expected, float) else expected)


def rounded(value):
    if isinstance(value, list):
        return [rounded(one) for one in value]
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return (round(value, 4) if value % 1 else int(value)) if isinstance(value, float) else value


def test_all_searches_are_here():
    assert set(parts("Ready searches")) == set(SEARCHES)


@pytest.mark.parametrize("heading", SEARCHES)
def test_search(search, truth, heading):
    text = parts("Ready searches")[heading]
    query = block(text, "json")
    index = re.match(r"\s*`(clickstream-\w+)`", text)[1]
    answer = search.ask("POST", f"/{index}/_search", json.loads(query.replace('"now-', f'"{rfc3339(NOW)}||-')))
    (aggregation,) = answer["aggregations"].values()
    expected = SEARCHES[heading](truth)
    found = buckets(aggregation, expected)
    assert expected and same(found, expected), (found, expected)
    compare_with_page(heading, query, "".join(json.dumps(rounded(one)) + "\n" for one in found))


# --- What a sink does not take


def test_refused_rows(search, traffic, tmp_path):
    """They are dead letters; without them, lost, and said to be."""
    url = search.url + "/small"
    assert consume("/dev/null", "--sink", url, "--sink-init").returncode == 0
    search.ask("PUT", "/small-windows/_settings", {"index.mapping.nested_objects.limit": 10})
    letters = tmp_path / "letters.ndjson"
    result = consume(traffic[0], "--window", "5m", "--sink", url, "--dead-letter", f"file:{letters}")
    assert result.returncode == 0 and "a sink refuses a row: " in result.stderr and "it goes to the dead letters" in result.stderr
    refused = [json.loads(line) for line in letters.read_text().splitlines()]
    payloads = [json.loads(one["payload"]) for one in refused]
    assert {one["reason"] for one in refused} == {"refused_by_sink"}
    assert [one["offset"] for one in refused] == [row["offset"] for row in payloads]
    large = {start: figures for start, figures in batch.window_rows(traffic[2], 300, 300).items() if len(figures[4]) > 10}
    assert large and rows.windows(payloads, "5m") == large
    result = consume(traffic[0], "--window", "5m", "--sink", url)
    assert result.returncode == 0 and "it is lost (--dead-letter none)" in result.stderr


# --- A file


def test_a_file_by_duckdb(traffic, tmp_path):
    """Every row twice, after a part of one that a crash left; then, under another gap, computed again from the beginning."""
    sys.path.insert(0, wheels.folder("duckdb"))
    import duckdb  # pylint: disable=import-outside-toplevel
    path = tmp_path / "rows.ndjson"
    database = duckdb.connect()
    database.execute(f"SET file_search_path = '{tmp_path}'")
    text = chapter("A file")
    summary = re.search(r"^    SELECT entry_page.*?;$", text, re.DOTALL | re.MULTILINE)[0]

    def check(gap):
        expected = rows.of_file(path)[0]
        assert rows.sessions(expected) == batch.session_rows(traffic[2], gap)
        assert database.execute("SELECT count(*) FROM rows").fetchone() == (len(expected),)
        pages = defaultdict(list)
        for row in rows.sessions(expected):
            pages[row[-1]].append(row[-2])
        assert {page: (count, rate) for page, count, rate in database.execute(summary).fetchall()} == {
            page: (len(group), pytest.approx(100 * sum(group) / len(group))) for page, group in pages.items()}

    assert consume(traffic[0], "--sink", f"file:{path}").returncode == 0
    database.execute(block(text, "sql"))
    check(1800)
    with path.open("r+") as file:
        line = file.readline()
        file.seek(0, 2)
        file.write(line[:len(line) // 2])
    assert consume(traffic[0], "--window", "5m", "--sink", f"file:{path}").returncode == 0
    check(1800)
    superseded = {"type": "superseded", "topic": str(traffic[0]), "group": "", "partition": 0, "epoch": 1, "offset": 0}
    assert consume(traffic[0], "--gap", "60s", "--window", "5m", "--sink", f"file:{tmp_path / 'again'}").returncode == 0
    again = [json.loads(line) | {"epoch": 1} for line in (tmp_path / "again").read_text().splitlines()]
    with path.open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in [superseded, *again])
    check(60)


# --- What it says


def messages():
    return re.findall(r"^\| `(.+?)` \|", chapter("What it says"), re.MULTILINE)


def says(message, text):
    """Whether a text has the message, whatever stands for …"""
    return re.search(".*?".join(map(re.escape, message.split("…"))), text)


@pytest.fixture
def refusals(postgres, search, traffic):
    """What `consume` says to sinks that it cannot use, with its status."""
    def consumed(sink, **env):
        result = consume(traffic[0], "--sink", sink, env=env)
        return result.returncode, result.stderr.splitlines()[-1]

    port = free_port()
    postgres.sql("DROP DATABASE IF EXISTS other", "CREATE DATABASE other TEMPLATE template0")
    other = postgres.url(password=PASSWORD, database="other")
    found = [
        consumed("postgres:/localhost/shop"),
        consumed(f"postgresql://127.0.0.1:{port}/shop"),
        consumed("postgresql://no-such-host.invalid/shop"),
        consumed(postgres.url(password="wrong")),
        consumed(postgres.url(database="nowhere"), PGPASSWORD=PASSWORD),
        consumed(other),
        consumed(f"elasticsearch+http://127.0.0.1:{port}"),
        consumed(f"elasticsearch+https://127.0.0.1:{search.port}"),
        consumed(search.url + "/other"),
    ]
    assert consume(traffic[0], "--sink", other, "--sink-init").returncode == 0
    postgres.sql("UPDATE clickstream.schema_version SET version = 2", database="other")
    return [*found, consumed(other)]


def test_messages(refusals):
    """Those of the start are said here; of the others a test of its own makes a server give cause to say them."""
    assert [status for status, _ in refusals] == [2, 3, 3, 3, 1, 1, 3, 3, 1, 1]
    said = {next((message for message in messages() if says(message, line)), line) for _, line in refusals}
    assert len(said) == len(refusals) and said < set(messages())
    asserted = "".join((ROOT / f"tests/integration/test_{name}.py").read_text()
                       for name in ("postgres_store", "search_store", "search_faults", "sinks"))
    asserted = re.sub(r"""["']\s*\n?\s*f?["']""", "", asserted)  # texts in several pieces
    for message in set(messages()) - said:
        for part in message.split("…"):
            assert part.strip(' "();:') in asserted, message
