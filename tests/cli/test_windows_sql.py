"""Windows of a day of traffic, counted again in SQL, by DuckDB, which knows nothing of ours."""

import json
import sys

import pytest
from support import wheels
from support.harness import run

KINDS = {"1m": (60, 60), "5m/1m": (300, 60), "1h": (3600, 3600), "90m/40m": (5400, 2400)}
DAY = ("--daily-cycle", "--rate", "5", "--speed", "max", "--for", "1d", "--start", "2024-03-01T00:00:07Z", "--seed", "11")

# Seconds and microseconds as integers: no double touches them. A repeat of an event is the same line again.
EVENTS = """
create table events as
select distinct event_id, user_id, session_id, action,
       cast(timestamp * 1000000 as bigint) as micros, regexp_extract(page, '^[^?#]*') as page
from read_json('{path}', format = 'newline_delimited', columns = {{
       event_id: 'varchar', user_id: 'bigint', session_id: 'bigint', page: 'varchar', action: 'varchar',
       timestamp: 'decimal(38, 6)'}})
"""

# Every start that is a multiple of the hop and whose window holds the event, a row each; in microseconds.
IN_WINDOWS = """
create or replace table in_windows as
select *, unnest(range((micros - {size}) // {hop} + 1, micros // {hop} + 1)) * {hop} // 1000000 as start from events
"""

WINDOWS = """
create or replace table in_windows as
select *, unnest(range((micros - {size} * 1000000) // ({hop} * 1000000) + 1, micros // ({hop} * 1000000) + 1)) * {hop} as start
from events
"""

WINDOWS = """
select start, count(*) filter (action = 'page_view'), count(*) filter (action = 'click'),
       count(distinct (user_id, session_id)), count(distinct user_id)
from in_windows group by start order by start
"""

PAGES = """
select start, page, count(*) as views from in_windows where action = 'page_view' group by start, page
qualify row_number() over (partition by start order by views desc, page) <= 10 order by start, views desc, page
"""


@pytest.fixture(scope="module")
def duckdb():
    sys.path.insert(0, wheels.folder("duckdb"))
    import duckdb  # pylint: disable=import-outside-toplevel
    return duckdb


def sql_windows(duckdb, path):
    """The windows of a file of events as `stats -o json` would show them, kind by kind."""
    database = duckdb.connect()
    database.execute(EVENTS.format(path=path))
    for kind, (size, hop) in KINDS.items():
        database.execute(IN_WINDOWS.format(size=size * 1_000_000, hop=hop * 1_000_000))
        pages = {}
        for start, page, views in database.execute(PAGES).fetchall():
            pages.setdefault(start, []).append({"page": page, "page_views": views})
        yield kind, [
            {"window": kind, "start": start, "end": start + size, "page_views": views, "clicks": clicks,
             "sessions": sessions, "users": users,
             "click_through_rate_percent": 100.0 * clicks / views if views else None, "pages": pages.get(start, [])}
            for start, views, clicks, sessions, users in database.execute(WINDOWS).fetchall()]


def windows_of(stdout, kind):
    return [window for window in json.loads(stdout)["windows"] if window["window"] == kind]


def options():
    return [word for kind in KINDS for word in ("--window", kind)]


@pytest.mark.parametrize("faults", [(), ("--disorder", "9s", "--duplicates", "1%", "--offline", "1%")])
def test_windows_equal_a_batch_computation_in_sql(duckdb, tmp_path, faults):
    path = tmp_path / "day.ndjson"
    produced = run(["produce", *DAY, *faults, "--output", path])
    assert produced.returncode == 0, produced.stderr
    stats = run(["stats", path, "-o", "json", *options()])
    assert stats.returncode == 0, stats.stderr
    consume = run(["consume", "--input", path, "--metrics-port", "none", "--interval", "0", "-o", "json", *options()])
    assert consume.returncode == 0, consume.stderr
    for kind, expected in sql_windows(duckdb, path):
        assert len(expected) >= 24, kind
        found = windows_of(stats.stdout, kind)
        assert len(found) == len(expected), kind
        for mine, theirs in zip(found, expected):
            assert mine == {**theirs, "click_through_rate_percent": pytest.approx(theirs["click_through_rate_percent"])}
        # A live consumer lists the last sixty.
        assert windows_of(consume.stdout.splitlines()[-1], kind) == found[-60:], kind
