"""Rows in a real PostgreSQL: what is there afterwards, and how each failure is said."""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading

import pytest
from support.harness import ROOT, free_port, wait_until
from support.postgres import PASSWORD, Postgres, tool
from support.store import SECOND, START, OpenFailed, Store

SCHEMA = ROOT / "deploy/postgres/schema.sql"
WRONG = "wrong-9"
TABLES = "sessions", "windows"


@pytest.fixture(scope="module")
def server():
    with Postgres("scram-sha-256", max_connections=30) as server:
        yield server


@pytest.fixture
def database(server, request):
    """A database of the test's own, with the tables."""
    name = re.sub(r"\W", "_", request.node.name)[:50].lower()
    server.sql(f'CREATE DATABASE "{name}"')
    with Store("postgres", server.url(password=PASSWORD, database=name), "--init"):
        pass
    yield name
    server.sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def url(server, database):
    return server.url(password=PASSWORD, database=database)


@pytest.fixture
def sql(server, database):
    return lambda *commands: server.sql(*commands, database=database)


def counts(sql):
    return [int(sql(f"SELECT count(*) FROM clickstream.{table}")[0][0]) for table in TABLES]


def waits(sql):
    return sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'clickstream' AND wait_event_type = 'Lock'")


def end_connections(sql):
    """An administrator ends those of clickstream; they are gone afterwards."""
    pids = sql("SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'clickstream'")
    assert pids
    wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid, _ in pids), what="their end")


def refusal(*args, **options):
    """The exit status and the message with which a store does not open."""
    with pytest.raises(OpenFailed) as failed:
        with Store("postgres", *args, **options):
            pass
    assert PASSWORD not in failed.value.message and WRONG not in failed.value.message
    assert len(failed.value.message.splitlines()) == 1
    return failed.value.status, failed.value.message


def test_what_is_kept(url, sql):
    with Store("postgres", url, "--topic", "shop's", "--group", "ü") as store:
        store.session(42, user=1432, session=32, epoch=1, partition=2, spent=58.200001)
        store.session(43, user=7, views=1, clicks=0, page=None)
        store.window(57, size=300, pages=(("/home", 2), ('/"ü\n', 1)))
        reply = store.write()
    assert (reply.written, reply.superseded, reply.refused) == (3, 0, [])
    assert sql("""SELECT topic, consumer_group, user_id, session_id, started_at, ended_at, duration, event_duration, events,
                    page_views, clicks, bounced, entry_page, partition, epoch, input_offset, version
                  FROM clickstream.sessions JOIN clickstream.sources ON id = source_id ORDER BY user_id""") == [
        ["shop's", "ü", "7", "1", "2025-11-23 22:15:07.25+00", "2025-11-23 22:16:08.55+00", "00:01:01.3", "00:00:58.2", "9",
         "1", "0", "t", "", "0", "0", "43", "43"],
        ["shop's", "ü", "1432", "32", "2025-11-23 22:15:07.25+00", "2025-11-23 22:16:08.55+00", "00:01:01.3", "00:00:58.200001",
         "9", "6", "3", "f", "/home", "2", "1", "42", str((1 << 48) + 42)]]
    assert sql("SELECT count(*) FROM clickstream.sessions WHERE entry_page IS NULL") == [["1"]]
    assert sql("""SELECT kind, size, hop, started_at, ended_at, page_views, clicks, sessions, users, partition, input_offset
                  FROM clickstream.windows""") == [
        ["5m/1m", "00:05:00", "00:01:00", "2025-11-23 22:15:00+00", "2025-11-23 22:20:00+00", "3", "1", "2", "2", "0", "57"]]
    assert sql("SELECT kind, page, page_views FROM clickstream.window_pages ORDER BY page_views") == [
        ["5m/1m", '/"ü\n', "1"], ["5m/1m", "/home", "2"]]


def test_windows_of_the_whole_topic(url, sql):
    minute = 60 * SECOND
    with Store("postgres", url) as store:
        for partition in (0, 1, 2):
            store.window(partition, start=minute, views=partition + 1, clicks=10, sessions=5, users=4, partition=partition)
        store.window(3, start=2 * minute, pages=())
        store.window(4, start=minute, size=120)
        assert store.write().written == 5
    assert sql("""SELECT kind, started_at, ended_at, page_views, clicks, sessions, users, partitions
                  FROM clickstream.window_totals ORDER BY kind, started_at""") == [
        ["1m", "1970-01-01 00:01:00+00", "1970-01-01 00:02:00+00", "6", "30", "15", "12", "3"],
        ["1m", "1970-01-01 00:02:00+00", "1970-01-01 00:03:00+00", "3", "1", "2", "2", "1"],
        ["2m/1m", "1970-01-01 00:01:00+00", "1970-01-01 00:03:00+00", "3", "1", "2", "2", "1"]]
    assert sql("SELECT count(*) FROM clickstream.window_pages WHERE started_at = 'epoch'::timestamptz + '2 minutes'") == [["0"]]


def test_extremes(url, sql):
    most = 2**63 - 1
    with Store("postgres", url) as store:
        store.session(2**48 - 1, user=most, session=most, start=946_684_800 * SECOND, events=most, views=most, clicks=most,
                      page="/" + "x" * 2047, epoch=32766, partition=2**31 - 1)
        store.session(0, user=0, session=0, start=4_102_444_800 * SECOND - 1, seconds=86_400, spent=0, events=0, views=0, clicks=0)
        store.window(0, size=86_400 * 365, hop=1, start=0, views=most, pages=(("/home", most),))
        assert store.write().written == 3
    assert sql("""SELECT user_id, session_id, started_at, events, length(entry_page), version, partition
                  FROM clickstream.sessions ORDER BY user_id DESC""") == [
        [str(most), str(most), "2000-01-01 00:00:00+00", str(most), "2048", str((32766 << 48) + 2**48 - 1), str(2**31 - 1)],
        ["0", "0", "2099-12-31 23:59:59.999999+00", "0", "5", "0", "0"]]
    assert sql("SELECT duration, extract(epoch FROM duration) FROM clickstream.sessions WHERE user_id = 0") == [
        ["1 day", "86400.000000"]]
    assert sql("SELECT page_views, size FROM clickstream.window_pages NATURAL JOIN (SELECT size, kind FROM clickstream.windows) w") == [
        [str(most), "8760:00:00"]]


def test_a_character_that_cannot_be_kept(url, sql):
    with Store("postgres", url) as store:
        store.session(1, page="/a\0b")
        store.window(2, pages=(("/a\0b", 1), ("/c", 2), ("/a\ufffdb", 4)))
        assert store.write().written == 2
    assert sql("SELECT entry_page FROM clickstream.sessions") == [["/a\ufffdb"]]
    assert sql("SELECT page, page_views FROM clickstream.window_pages ORDER BY page") == [["/a\ufffdb", "5"], ["/c", "2"]]


def test_an_older_row_never_wins(url, sql):
    def write(store, offset, clicks, epoch=0):
        store.session(offset, clicks=clicks, epoch=epoch)
        store.window(offset, clicks=clicks, epoch=epoch)
        reply = store.write()
        return reply.written, reply.superseded

    with Store("postgres", url) as store:
        assert write(store, 10, 1) == (2, 0)
        assert write(store, 9, 2) == (0, 2)
        assert write(store, 10, 1) == (2, 0)  # the same row again
        assert write(store, 11, 3) == (2, 0)
        assert write(store, 5, 4, epoch=1) == (2, 0)
        assert write(store, 12, 5) == (0, 2)
    for table in TABLES:
        assert sql(f"SELECT clicks, epoch, input_offset FROM clickstream.{table}") == [["4", "1", "5"]]


def test_one_key_several_times_in_a_batch(url, sql):
    with Store("postgres", url) as store:
        for offset in (5, 9, 7, 9):
            store.session(offset, clicks=offset)
            store.window(offset, clicks=offset)
        reply = store.write()
        assert (reply.written, reply.superseded) == (4, 4)
    for table in TABLES:
        assert sql(f"SELECT clicks, input_offset FROM clickstream.{table}") == [["9", "9"]]


def test_sources_are_apart(url, sql):
    for topic, group in (("a", "g"), ("a", "h"), ("b", "g")):
        with Store("postgres", url, "--topic", topic, "--group", group) as store:
            store.session(5)
            store.window(5)
            assert store.write().written == 2
    assert counts(sql) == [3, 3]
    with Store("postgres", url, "--topic", "a", "--group", "g") as store:
        assert store.supersede(0, epoch=1).kind == "done"
    assert counts(sql) == [2, 2]


def test_supersede(url, sql):
    with Store("postgres", url) as store:
        for offset in (9, 10, 11):
            for partition in (0, 1):
                for epoch in (0, 1, 2):
                    place = {"partition": partition, "epoch": epoch}
                    store.session(offset, user=offset, session=epoch, start=START + partition, **place)
                    store.window(offset, start=(offset * 10 + epoch) * 60 * SECOND, **place)
        assert store.write().written == 36
        assert store.supersede(10, epoch=2, partition=1).kind == "done"
    for table in TABLES:
        assert sql(f"""SELECT partition, epoch, string_agg(input_offset::text, ' ' ORDER BY input_offset) FROM clickstream.{table}
                       GROUP BY partition, epoch ORDER BY partition, epoch""") == [
            ["0", "0", "9 10 11"], ["0", "1", "9 10 11"], ["0", "2", "9 10 11"],
            ["1", "0", "9"], ["1", "1", "9"], ["1", "2", "9 10 11"]]


def test_supersede_more_than_goes_at_once(url, sql):
    with Store("postgres", url) as store:
        store.many(120_000)
        assert store.write().written == 120_000
        assert store.supersede(100, epoch=1).kind == "done"
    assert counts(sql) == [100, 0]


def test_two_writers_at_once(url, sql):
    """The same keys in other orders: they neither lock each other out nor overwrite what is newer."""
    replies = []

    def write(first):
        with Store("postgres", url) as store:
            for version in range(first, 40, 2):
                for user in (range(300) if first else range(299, -1, -1)):
                    store.session(version, user=user, clicks=version)
                replies.append(store.write())

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(reply.kind, reply.written + reply.superseded) for reply in replies] == [("written", 300)] * 40
    assert sql("SELECT count(*), min(clicks), max(clicks) FROM clickstream.sessions") == [["300", "39", "39"]]


# The schema.


def test_init_at_once(server):
    """Three come while a fourth creates the tables."""
    server.sql("CREATE DATABASE at_once")
    url = server.url(password=PASSWORD, database="at_once")
    written = []

    def init():
        with Store("postgres", url, "--init") as store:
            store.session(1)
            written.append(store.write().written)

    first = server.hold("BEGIN", SCHEMA.read_text(), database="at_once")
    threads = [threading.Thread(target=init) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(waits(server.sql)) == 3, what="three that wait")
    first.communicate("COMMIT;\n", timeout=60)
    for thread in threads:
        thread.join()
    assert written == [1, 1, 1]
    assert server.sql("SELECT count(*) FROM clickstream.schema_version", database="at_once") == [["1"]]


def test_init_again(server, url, database):
    with Store("postgres", url, "--init") as store:
        assert store.said == []
    # The file by itself is the same.
    server.sql("CREATE DATABASE by_hand")
    for _ in range(2):
        assert server.sql(SCHEMA.read_text(), database="by_hand") == []
    assert dumped(server, "by_hand") == dumped(server, database)


def dumped(server, database):
    result = subprocess.run([tool("pg_dump"), "-s", server.url(password=PASSWORD, database=database)], check=True,
                            capture_output=True, encoding="utf-8")
    return [line for line in result.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


def test_everything_has_a_comment(sql):
    assert sql("""SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                  WHERE c.relnamespace = 'clickstream'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
                    AND col_description(c.oid, a.attnum) IS NULL""") == []
    assert sql("""SELECT relname FROM pg_class WHERE relnamespace = 'clickstream'::regnamespace AND relkind IN ('r', 'v')
                    AND obj_description(oid) IS NULL""") == []


def test_missing_tables(server, url, sql):
    with Store("postgres", url) as store:
        sql("DROP TABLE clickstream.windows CASCADE")
        store.window(1)
        reply = store.write()
        assert reply.kind == "again"
        assert reply.message == (f'PostgreSQL at 127.0.0.1:{server.port}: relation "clickstream.windows" does not exist; '
                                 "start once with --sink-init, which creates what is missing")
        status, message = refusal(url)
        assert status == 1 and message == reply.message
        with Store("postgres", url, "--init"):
            pass
        assert store.write().written == 1  # the same row


def test_no_tables_at_all(server):
    status, message = refusal(server.url(password=PASSWORD))
    assert status == 1 and message.endswith("does not exist; start once with --sink-init, which creates what is missing")


def test_another_version(url, sql):
    with Store("postgres", url) as store:
        sql("UPDATE clickstream.schema_version SET version = 2")
        end_connections(sql)
        store.session(1)
        assert store.write().kind == "again"
        for options in ((), ("--init",)):
            status, message = refusal(url, *options)
            assert status == 1 and "are of version 2, this program's are of version 1: " in message
        sql("DROP VIEW clickstream.window_pages")
        status, message = refusal(url, "--init")
        assert status == 1 and "the schema clickstream is of another version than 1" in message


def test_tables_in_pieces(url, sql):
    """By the recipe at the end of schema.sql."""
    recipe = [line.removeprefix("--").strip() for line in SCHEMA.read_text().splitlines() if line.startswith("--   ")]
    with Store("postgres", url) as store:
        store.session(1, user=1)
        assert store.write().written == 1
        sql("\n".join(recipe))
        sql(SCHEMA.read_text())
        store.session(5, user=1)
        store.session(2, user=2, start=1_797_000_000 * SECOND)
        store.many(60_000, offset=10)
        assert store.write().written == 60_002
        assert sql("SELECT user_id FROM clickstream.sessions_2026_12") == [["2"]]
        assert store.supersede(4, epoch=1).kind == "done"
        assert sql("SELECT user_id FROM clickstream.sessions") == [["2"]]

        sql("DROP TABLE clickstream.sessions_rest")
        store.session(3, user=3)
        reply = store.write()
        assert reply.kind == "again"
        assert reply.message.endswith('no partition of relation "sessions" found for row; '
                                      "create the missing piece of the table, or a default one")


# Failures of a connection.


def test_nobody_there():
    port = free_port()
    status, message = refusal(f"postgresql://u:{WRONG}@127.0.0.1:{port}/d")
    assert status == 3 and message == f"PostgreSQL at 127.0.0.1:{port}: Connection refused; is the server running there?"


def test_nobody_answers():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        status, message = refusal(f"postgresql://u:{WRONG}@127.0.0.1:{port}/d")
    assert status == 3 and message == f"PostgreSQL at 127.0.0.1:{port}: no answer in time"


def test_unknown_host():
    status, message = refusal(f"postgresql://u:{WRONG}@no-such-host.invalid/d")
    assert status == 3
    assert message.startswith("PostgreSQL at no-such-host.invalid:5432: could not translate host name ")
    assert message.endswith("; check the host in the URL")


def test_wrong_password(server, tmp_path):
    for url, env in ((server.url(password=WRONG), {}), (server.url(), {"PGPASSWORD": WRONG})):
        status, message = refusal(url, env=env)
        assert status == 3
        assert f'127.0.0.1:{server.port}: password authentication failed for user "postgres"; check the user' in message
    status, message = refusal(server.url(), env={"HOME": str(tmp_path), "PGPASSFILE": str(tmp_path / "none")})
    assert status == 3 and "no password supplied; check the user in the URL and the password (PGPASSWORD" in message


def test_passwords_as_libpq_finds_them(server, database, tmp_path):
    passwords = tmp_path / "passwords"
    passwords.touch(0o600)
    passwords.write_text(f"127.0.0.1:{server.port}:*:postgres:{PASSWORD}\n")
    services = tmp_path / "services"
    services.write_text(f"[shop]\nhost=127.0.0.1\nport={server.port}\nuser=postgres\npassword={PASSWORD}\ndbname={database}\n")
    for url, env in ((server.url(database=database), {"PGPASSWORD": PASSWORD}),
                     (server.url(database=database), {"PGPASSFILE": str(passwords)}),
                     ("postgresql://", {"PGSERVICE": "shop", "PGSERVICEFILE": str(services)}),
                     ("postgresql:///?service=shop", {"PGSERVICEFILE": str(services)})):
        with Store("postgres", url, env=env) as store:
            store.session(1)
            assert store.write().written == 1


def test_no_such_database(server):
    status, message = refusal(server.url(password=PASSWORD, database="nowhere"))
    assert status == 1
    assert message == (f'PostgreSQL at 127.0.0.1:{server.port}: database "nowhere" does not exist; '
                       "create it (createdb), or name another one in the URL")


@pytest.mark.parametrize("url, why", [
    ("http://h/d", "no such URL"),
    (f"postgresql://u:{WRONG}%@h/d", "invalid percent-encoded token"),
    (f"postgresql://u:{WRONG}@[::1/d", "end of string reached"),
    ("postgresql://h/d?sslmod=require", 'invalid URI query parameter: "sslmod"'),
    ("postgresql://h,i:1,2,3/d?service=none", 'definition of service "none" not found'),
    (f"postgresql://u:{WRONG}@h,i/d?hostaddr=1,2,3", "could not match")])
def test_no_url(url, why):
    status, message = refusal(url)
    assert status == 2 and message.startswith("--sink postgresql://…: " + why), message
    assert message.endswith("; it is postgresql://[user@]host[:port]/database[?option=value&…], special characters as %XX")


def test_too_many_connections(server, sql, database):
    sql("DROP ROLE IF EXISTS lonely", f"CREATE ROLE lonely LOGIN SUPERUSER CONNECTION LIMIT 0 PASSWORD '{PASSWORD}'")
    sql("ALTER ROLE lonely NOSUPERUSER")
    status, message = refusal(server.url("lonely", PASSWORD, database))
    assert status == 3
    assert 'too many connections for role "lonely"; end other connections, or raise max_connections' in message


def test_a_role_that_may_only_write(server, sql, database):
    role = f"""CREATE ROLE writer LOGIN PASSWORD '{PASSWORD}';
               GRANT USAGE ON SCHEMA clickstream TO writer;
               GRANT SELECT ON clickstream.schema_version TO writer;
               GRANT SELECT, INSERT ON clickstream.sources TO writer;
               GRANT SELECT, INSERT, UPDATE, DELETE ON clickstream.sessions, clickstream.windows TO writer"""
    sql(role)
    url = server.url("writer", PASSWORD, database)
    try:
        with Store("postgres", url, "--init") as store:  # nothing is missing
            store.session(1)
            store.window(1)
            assert store.write().written == 2
            assert store.supersede(0, epoch=1).kind == "done"
            sql("REVOKE UPDATE ON clickstream.windows FROM writer")
            store.window(1)
            reply = store.write()
            assert reply.kind == "again"
            assert reply.message == (f"PostgreSQL at 127.0.0.1:{server.port}: permission denied for table windows; "
                                     "let its owner grant what docs/sinks.md lists")
            status, message = refusal(url)
            assert (status, message) == (3, reply.message)
            sql("GRANT UPDATE ON clickstream.windows TO writer")
            assert store.write().written == 1
        for right in ("USAGE ON SCHEMA clickstream", "SELECT ON clickstream.schema_version", "SELECT ON clickstream.sources",
                      "INSERT ON clickstream.sessions", "SELECT ON clickstream.sessions", "DELETE ON clickstream.windows"):
            sql(f"REVOKE {right} FROM writer")
            status, message = refusal(url)
            assert status == 3 and "permission denied for " in message, right
            sql(f"GRANT {right} TO writer")
    finally:
        sql("DROP OWNED BY writer", "DROP ROLE writer")


# Failures of a server.


def test_read_only(server, database, url, sql):
    with Store("postgres", url) as store:
        sql(f'ALTER DATABASE "{database}" SET default_transaction_read_only = on')
        end_connections(sql)
        store.session(1)
        reply = store.write()
        assert reply.kind == "again"
        assert "cannot execute INSERT in a read-only transaction; it has to be the primary: " in reply.message
        status, message = refusal(url)
        assert status == 1 and message == reply.message
        server.sql(f'ALTER DATABASE "{database}" RESET default_transaction_read_only')
        assert store.write().written == 1


@pytest.fixture
def small_disk(server):
    if os.geteuid() != 0:
        pytest.skip("only root can make a small disk")
    disk = server.directory / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,uid=postgres,gid=postgres", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk(url, sql, small_disk):
    sql(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    sql("ALTER TABLE clickstream.sessions SET TABLESPACE small")
    with Store("postgres", url) as store:
        store.many(100)
        assert store.write().written == 100
        store.many(60_000, user=5000)
        reply = store.write()
        assert reply.kind == "again"
        assert "No space left on device; make room on its disk" in reply.message
        assert counts(sql)[0] == 100
        subprocess.run(["mount", "-o", "remount,size=256m", small_disk], check=True)
        assert store.write().written == 60_000
    sql("ALTER TABLE clickstream.sessions SET TABLESPACE pg_default")
    sql("DROP TABLESPACE small")


@contextlib.contextmanager
def locked(server, database):
    """Nobody else gets at the sessions meanwhile."""
    session = server.hold("BEGIN", "LOCK clickstream.sessions", database=database)
    try:
        yield
    finally:
        session.communicate(timeout=60)


def test_time_outs(server, database, url, sql):
    sql("DROP ROLE IF EXISTS hasty", f"CREATE ROLE hasty LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
    hasty = server.url("hasty", PASSWORD, database)
    for setting, kinds, said in (
            ("lock_timeout", ("again", "again"), "canceling statement due to lock timeout; see what holds a lock"),
            ("statement_timeout", ("again", "smaller"), "canceling statement due to statement timeout; raise the role's statement_timeout")):
        sql("ALTER ROLE hasty RESET ALL", f"ALTER ROLE hasty SET {setting} = '100ms'")
        with Store("postgres", hasty) as store:
            for rows in (1, 2):
                for user in range(rows):
                    store.session(1, user=user)
                with locked(server, database):
                    reply = store.write()
                assert reply.kind == kinds[rows - 1] and said in reply.message
                assert store.write().written == rows
    sql("DROP ROLE hasty")


def test_giving_up(server, database, url, sql):
    """Although the server goes on; and what it did by then does not count."""
    with Store("postgres", url) as store:
        store.session(1)
        store.give_up_after(200)
        with locked(server, database):
            reply = store.write()
            assert (reply.kind, reply.message) == ("again", f"PostgreSQL at 127.0.0.1:{server.port}: given up")
        wait_until(lambda: not waits(sql), what="the end of the statement")
        store.give_up_after(60_000)
        assert store.write().written == 1


def test_ended_by_an_administrator(server, database, url, sql):
    with Store("postgres", url) as store:
        end_connections(sql)  # while nothing is going on: nobody notices
        store.session(1)
        assert store.write().written == 1
        store.session(2)
        with locked(server, database):
            store.begin_write()
            ((pid,),) = wait_until(lambda: waits(sql), what="a statement that waits")
            sql(f"SELECT pg_terminate_backend({pid})")
            reply = store.end_write()
        assert reply.kind == "again"
        assert reply.message.endswith(f"127.0.0.1:{server.port}: terminating connection due to administrator command")
        assert store.write().written == 1


def test_rows_that_are_refused(url, sql):
    with Store("postgres", url) as store:
        store.session(5, user=1)
        store.session(6, user=2, events=2**63)
        reply = store.write()
        assert reply.kind == "smaller"
        assert 'violates check constraint "sessions_events_check"' in reply.message
        store.forget()
        assert counts(sql) == [0, 0]

        store.session(6, user=2, events=2**63, partition=3, epoch=1)
        reply = store.write()
        assert reply.kind == "smaller"
        assert reply.message.endswith('new row for relation "sessions" violates check constraint "sessions_events_check"')
        store.forget()

        store.window(7, pages=((b"/\xff", 1),))
        reply = store.write()
        assert reply.kind == "smaller" and reply.message.endswith('invalid byte sequence for encoding "UTF8": 0xff')
        store.forget()
        store.session(8)
        assert store.write().written == 1


def test_killed_in_the_middle():
    """kill -9 of all the server's processes while it writes; the same rows again once it is back."""
    with Postgres() as server:
        with Store("postgres", server.url(), "--init") as store:
            store.session(1, user=1)
            assert store.write().written == 1
            blocker = server.hold("BEGIN", "LOCK clickstream.sessions")
            store.session(2, user=2)
            store.begin_write()
            wait_until(lambda: waits(server.sql), what="a statement that waits")
            server.kill()
            blocker.communicate()
            reply = store.end_write()
            assert reply.kind == "again"
            assert f"PostgreSQL at 127.0.0.1:{server.port}: server closed the connection unexpectedly" in reply.message
            reply = store.write()
            assert reply.kind == "again" and reply.message.endswith("Connection refused; is the server running there?")
            server.start()
            assert store.write().written == 1
        assert server.sql("SELECT user_id FROM clickstream.sessions ORDER BY 1") == [["1"], ["2"]]


def test_shutting_down():
    with Postgres() as server:
        with Store("postgres", server.url(), "--init"):
            server.ask_to_stop()
            status, message = wait_until(lambda: refused_by(server), what="a server that shuts down")
            assert status == 3 and message.endswith(f"127.0.0.1:{server.port}: the database system is shutting down")


def refused_by(server):
    try:
        with Store("postgres", server.url()):
            return None
    except OpenFailed as failed:
        return failed.status, failed.message


# TLS.


@pytest.fixture(scope="module")
def secured():
    """It speaks TLS, as db.test; its certificate is its own authority."""
    server = Postgres("scram-sha-256", ssl="on")
    key, certificate = server.file("key.pem", ""), server.file("certificate.pem", "")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=db.test", "-addext",
                    "subjectAltName=DNS:db.test", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server.settings |= {"ssl_key_file": key, "ssl_cert_file": certificate}
    server.certificate = str(certificate)
    with server:
        yield server


def by_name(server, host="db.test", **options):
    """No name server knows that host."""
    return server.url(password=PASSWORD, host=host, hostaddr="127.0.0.1", **options)


def test_tls(secured, tmp_path):
    with Store("postgres", by_name(secured, sslmode="verify-full", sslrootcert=secured.certificate), "--init") as store:
        assert secured.sql("""SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                              WHERE application_name = 'clickstream'""") == [["t"]]
        store.session(1)
        assert store.write().written == 1
    own = tmp_path / ".postgresql"
    own.mkdir()
    shutil.copy(secured.certificate, own / "root.crt")
    with Store("postgres", by_name(secured, sslmode="verify-full"), env={"HOME": str(tmp_path)}) as store:
        store.session(2)
        assert store.write().written == 1


def test_tls_with_another_name(secured):
    status, message = refusal(by_name(secured, "other.test", sslmode="verify-full", sslrootcert=secured.certificate))
    assert status == 3
    assert message == (f'PostgreSQL at other.test:{secured.port}: server certificate for "db.test" does not match host name '
                       '"other.test"; name the host in the URL as the server\'s certificate does')


def test_tls_with_a_certificate_that_nobody_trusts(secured):
    status, message = refusal(by_name(secured, sslmode="verify-full"))
    assert status == 3
    assert f"PostgreSQL at db.test:{secured.port}: SSL error: certificate verify failed; give the file of the authority" in message
    assert message.endswith("sslrootcert=FILE in the URL")


def test_tls_without_the_file_of_the_authority(secured):
    status, message = refusal(by_name(secured, sslmode="verify-full", sslrootcert="/nowhere.pem"))
    assert status == 3
    assert 'root certificate file "/nowhere.pem" does not exist; give the file of the authority' in message


def test_a_server_that_speaks_no_tls(server):
    status, message = refusal(server.url(password=PASSWORD, sslmode="require"))
    assert status == 3
    assert "server does not support SSL, but SSL was required; turn on TLS in the server, or, " in message
