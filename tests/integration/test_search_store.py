"""Rows in a search engine, against real nodes of OpenSearch and Elasticsearch."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.harness import wait_until
from support.search import TEMPLATES, SearchNode, opens, refusal
from support.store import SECOND, START, Store


@pytest.fixture(scope="module", params=["os2", "es7"])
def node(request):
    with SearchNode(request.param) as node:
        yield node


@pytest.fixture
def prefix():
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def store(node, prefix):
    with Store("search", f"{node.url}/{prefix}", "--init") as store:
        yield store


# --- What is written


def test_documents(node, store, prefix):
    store.session(offset=42, user=2**63 - 1, session=32, start=START + 1, page="/caf\u00e9")
    store.session(offset=43, user=1, session=1, page=None, views=0, clicks=0)
    store.window(offset=57, size=300, hop=60, views=4, pages=[("/home", 3), ("/" + "x" * 2047, 1)])
    reply = store.write()
    assert (reply.kind, reply.written, reply.superseded, reply.refused) == ("written", 3, 0, [])
    sessions = node.documents(f"{prefix}-sessions")
    first = sessions[f"user-events/clickstream/{2**63 - 1}/32/{START + 1}"]
    assert first["start"] == "2025-11-23T22:15:07.250001Z" and first["end"] == "2025-11-23T22:16:08.550001Z"
    assert (first["offset"], first["duration_seconds"], first["entry_page"]) == (42, 61.3, "/caf\u00e9")
    second = sessions[f"user-events/clickstream/1/1/{START}"]
    assert second["entry_page"] is None and second["bounced"] is True
    (window,) = node.documents(f"{prefix}-windows").values()
    assert window["window"] == "5m/1m" and window["pages"][0] == {"page": "/home", "page_views": 3}
    # As the server has understood it: to the microsecond, and the longest page is found.
    found = node.ask("POST", f"/{prefix}-sessions/_search", {
        "query": {"range": {"start": {"gte": "2025-11-23T22:15:07.250001Z"}}},
        "docvalue_fields": [{"field": "start", "format": "strict_date_optional_time_nanos"}]})
    assert [hit["fields"]["start"] for hit in found["hits"]["hits"]] == [["2025-11-23T22:15:07.250001Z"]]
    found = node.ask("POST", f"/{prefix}-windows/_search", {
        "query": {"nested": {"path": "pages", "query": {"term": {"pages.page": "/" + "x" * 2047}}}}})
    assert found["hits"]["total"]["value"] == 1


def test_an_older_version_never_wins(node, store, prefix):
    def write(offset, epoch, events):
        store.session(offset=offset, epoch=epoch, events=events)
        store.window(offset=offset, epoch=epoch, views=events)
        reply = store.write()
        return reply.written, reply.superseded

    def there():
        (session,) = node.documents(f"{prefix}-sessions").values()
        (window,) = node.documents(f"{prefix}-windows").values()
        assert session["events"] == window["page_views"]
        return session["epoch"], session["offset"], session["events"]

    assert write(0, 0, 1) == (2, 0)
    assert write(5, 0, 2) == (2, 0)
    assert write(4, 0, 3) == (0, 2) and there() == (0, 5, 2)
    assert write(5, 0, 2) == (2, 0) and there() == (0, 5, 2)
    assert write(1, 1, 4) == (2, 0) and there() == (1, 1, 4)
    assert write(9, 0, 5) == (0, 2) and there() == (1, 1, 4)


def test_the_same_rows_again(node, store, prefix):
    for _ in range(2):
        store.many(20_000)
        assert store.write().written == 20_000
    assert node.count(f"{prefix}-sessions") == 20_000


def test_a_source_with_a_long_name(node, prefix):
    for topic in ("t" * 2000, "t" * 2001, "a/b"):
        with Store("search", f"{node.url}/{prefix}", "--init", "--topic", topic, "--group", "caf\u00e9") as store:
            store.session()
            assert store.write().written == 1
    assert {doc["topic"] for doc in node.documents(f"{prefix}-sessions").values()} == {"t" * 2000, "t" * 2001, "a/b"}


def test_supersede(node, store, prefix):
    for offset in range(10):
        store.session(offset=offset, user=offset)
        store.session(offset=offset, user=100 + offset, partition=1)
        store.window(offset=offset, start=offset * 60 * SECOND)
    store.session(offset=8, user=200, epoch=1)
    assert store.write().written == 31
    with Store("search", f"{node.url}/{prefix}", "--group", "another") as other:
        other.session(offset=8, user=300)
        assert other.write().written == 1
    # At once, before a refresh has made the rows visible.
    assert store.supersede(offset=4, epoch=1).kind == "done"
    sessions = node.documents(f"{prefix}-sessions").values()
    assert sorted(doc["user_id"] for doc in sessions) == [0, 1, 2, 3, *range(100, 110), 200, 300]
    assert sorted(doc["offset"] for doc in node.documents(f"{prefix}-windows").values()) == [0, 1, 2, 3]
    # What is computed again takes the places; what came to be before does not.
    store.session(offset=6, user=6, epoch=1)
    store.session(offset=6, user=6, epoch=0)
    reply = store.write()
    assert (reply.written, reply.superseded) == (1, 1)
    assert store.supersede(offset=0, epoch=1).kind == "done"
    assert [doc["epoch"] for doc in node.documents(f"{prefix}-windows").values()] == []


def test_supersede_without_rows(node, store, prefix):
    assert store.supersede(offset=0, epoch=3).kind == "done"
    node.ask("DELETE", f"/{prefix}-windows")
    assert store.supersede(offset=0, epoch=3).kind == "done"


def test_kill_and_restart(node, store, prefix):
    store.many(10_000, user=1_000_000)
    assert store.write().written == 10_000
    node.kill()  # what was acknowledged is on disk
    store.many(40_000)
    reply = store.write()
    assert reply.kind == "again" and f"127.0.0.1:{node.port}: could not connect: Connection refused" in reply.message
    node.start()
    assert node.count(f"{prefix}-sessions") == 10_000
    store.begin_write()
    wait_until(lambda: node.count(f"{prefix}-sessions") > 10_000, what="the first rows")
    node.kill()
    reply = store.end_write()
    assert reply.kind == "again" and f"127.0.0.1:{node.port}: " in reply.message
    node.start()
    reply = wait_until(lambda: (got := store.write()).kind == "written" and got, what="the write")
    assert (reply.written, reply.superseded, reply.refused) == (40_000, 0, [])
    assert node.count(f"{prefix}-sessions") == 50_000


def test_what_is_asked(node, store, prefix):
    """Sessions by hour, bounce rates by entry page, mean duration, top pages of windows."""
    hour = START // (3600 * SECOND) * 3600 * SECOND
    for i, (page, views) in enumerate([("/home", 1), ("/home", 5), ("/home", 5), ("/home", 5), ("/cart", 1)]):
        store.session(offset=i, user=i, start=hour + i * 1200 * SECOND, page=page, views=views, clicks=0, seconds=10 * (i + 1))
    for partition in range(2):
        store.window(start=hour, partition=partition, views=10, pages=[("/a", 1), ("/b", 2 + partition), ("/c", 2)])
    assert store.write().written == 7
    node.count(f"{prefix}-sessions,{prefix}-windows")

    def ask(index, aggregations):
        return node.ask("POST", f"/{prefix}-{index}/_search?size=0", {"aggs": aggregations})["aggregations"]

    found = ask("sessions", {
        "hours": {"date_histogram": {"field": "start", "fixed_interval": "1h"}},
        "pages": {"terms": {"field": "entry_page"}, "aggs": {"bounce_rate": {"avg": {"field": "bounced"}}}},
        "seconds": {"avg": {"field": "duration_seconds"}}})
    assert [(one["key_as_string"], one["doc_count"]) for one in found["hours"]["buckets"]] == [
        ("2025-11-23T22:00:00.000Z", 3), ("2025-11-23T23:00:00.000Z", 2)]
    assert [(one["key"], one["bounce_rate"]["value"]) for one in found["pages"]["buckets"]] == [("/home", 0.25), ("/cart", 1.0)]
    assert found["seconds"]["value"] == 30.0
    top = {"terms": {"field": "pages.page", "size": 2, "order": {"views": "desc"}},
           "aggs": {"views": {"sum": {"field": "pages.page_views"}}}}
    found = ask("windows", {"windows": {
        "date_histogram": {"field": "start", "fixed_interval": "1m"},
        "aggs": {"page_views": {"sum": {"field": "page_views"}}, "pages": {"nested": {"path": "pages"}, "aggs": {"top": top}}}}})
    (window,) = found["windows"]["buckets"]
    assert window["page_views"]["value"] == 20
    assert [(one["key"], one["views"]["value"]) for one in window["pages"]["top"]["buckets"]] == [("/b", 5), ("/c", 4)]


# --- The schema


def test_init(node, prefix):
    url = f"{node.url}/{prefix}"
    status, message = refusal(url)
    assert status == 1 and f"there is no index {prefix}-sessions; create it with --sink-init" in message
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: opens(url, "--init"), range(4)))
    assert opens(url) and opens(url, "--init")
    for name, shipped in TEMPLATES.items():
        found = node.ask("GET", f"/_index_template/{prefix}-{name}")["index_templates"][0]["index_template"]
        assert found["index_patterns"] == [f"{prefix}-{name}"]
        assert found["template"]["mappings"] == shipped["template"]["mappings"]
        index = node.ask("GET", f"/{prefix}-{name}")[f"{prefix}-{name}"]
        assert index["mappings"] == shipped["template"]["mappings"]
        assert index["settings"]["index"]["translog"]["durability"] == "request"


def test_the_template_alone_will_do(node, prefix):
    url = f"{node.url}/{prefix}"
    assert opens(url, "--init")
    node.ask("DELETE", f"/{prefix}-sessions,{prefix}-windows")
    with Store("search", url) as store:
        store.session()
        store.window()
        assert store.write().written == 2
    assert node.ask("GET", f"/{prefix}-sessions")[f"{prefix}-sessions"]["mappings"]["dynamic"] == "strict"


def test_a_template_of_another_version(node, prefix):
    url = f"{node.url}/{prefix}"
    assert opens(url, "--init")
    node.ask("DELETE", f"/{prefix}-sessions")
    path = f"/_index_template/{prefix}-sessions"
    template = node.ask("GET", path)["index_templates"][0]["index_template"]
    for version in (0, 2):
        template["template"]["mappings"]["_meta"]["clickstream_schema"] = version
        node.ask("PUT", path, template)
        status, message = refusal(url)
        assert status == 1 and f"template {prefix}-sessions has version {version}, and not 1; --sink-init puts" in message
    status, message = refusal(url, "--init")
    assert status == 1 and "has version 2, newer than this program's 1" in message
    template["template"]["mappings"]["_meta"]["clickstream_schema"] = 0
    node.ask("PUT", path, template)
    assert opens(url, "--init") and opens(url)


def test_an_index_that_does_not_fit(node, prefix):
    url = f"{node.url}/{prefix}"
    assert opens(url, "--init")
    index = f"{prefix}-windows"

    def with_index(mappings, settings=None):
        node.ask("DELETE", f"/_index_template/{index}") if mappings is not None else None
        node.ask("DELETE", f"/{index}")
        node.ask("PUT", f"/{index}", {"mappings": mappings or {}, "settings": settings or {}})
        return url

    properties = TEMPLATES["windows"]["template"]["mappings"]["properties"]
    assert opens(with_index({"properties": properties}))  # made by hand
    node.ask("DELETE", f"/{index}")
    opens(url, "--init")
    pages = {**properties, "pages": {"type": "nested", "properties": {"page": {"type": "keyword"}}}}
    assert "its mapping has no pages.page_views of the right type" in refusal(with_index({"properties": pages}))[1]
    node.ask("PUT", f"/_index_template/{index}", {"index_patterns": [index], "priority": 500})
    other = {"properties": {**properties, "users": {"type": "float"}}}
    status, message = refusal(with_index(other), "--init")
    assert status == 1 and f"the index {index} cannot be used: its mapping has no users of the right type" in message
    node.ask("DELETE", f"/{index}")
    node.ask("PUT", f"/{index}", {"mappings": {"properties": properties, "_meta": {"clickstream_schema": 7}}})
    assert "its schema has version 7, and not 1" in refusal(url)[1]


def test_an_index_that_would_lose_rows(node, store, prefix):
    node.ask("PUT", f"/{prefix}-sessions/_settings", {"index.translog.durability": "async"})
    status, message = refusal(f"{node.url}/{prefix}")
    assert status == 1 and "a crash would lose rows: set its index.translog.durability to request" in message


# --- What goes wrong while it runs


@pytest.mark.parametrize("block", ["write", "read_only", "read_only_allow_delete"])
def test_a_read_only_index(node, store, prefix, block):
    def set_to(value):
        node.ask("PUT", f"/{prefix}-sessions/_settings", {f"index.blocks.{block}": value})

    set_to(True)
    store.session()
    store.window()
    reply = store.write()
    assert reply.kind == "again" and f"set index.blocks.{block} to null" in reply.message
    if block != "read_only_allow_delete":
        set_to(None)
        store.forget()
        store.session()
        assert store.write().written == 1
        set_to(True)
        reply = store.supersede(offset=0, epoch=1)
        assert reply.kind == "again" and f"set index.blocks.{block} to null" in reply.message
        store.session()
    set_to(None)
    assert store.write().kind == "written"
    assert node.count(f"{prefix}-sessions") == 1


def test_a_closed_index(node, store, prefix):
    node.ask("POST", f"/{prefix}-sessions/_close")
    store.session()
    reply = store.write()
    assert reply.kind == "again" and "open the index" in reply.message
    node.ask("POST", f"/{prefix}-sessions/_open")
    assert store.write().written == 1


def test_an_index_that_is_gone(node, store, prefix):
    node.ask("PUT", "/_cluster/settings", {"persistent": {"action.auto_create_index": "false"}})
    try:
        node.ask("DELETE", f"/{prefix}-sessions")
        store.session()
        store.window()
        reply = store.write()
        assert reply.kind == "again" and f"no such index [{prefix}-sessions]" in reply.message
        assert "--sink-init creates it" in reply.message
        assert opens(f"{node.url}/{prefix}", "--init")
        assert store.write().written == 2
    finally:
        node.ask("PUT", "/_cluster/settings", {"persistent": {"action.auto_create_index": None}})


def test_rows_that_are_refused(node, store, prefix):
    node.ask("PUT", f"/{prefix}-windows/_settings", {"index.mapping.nested_objects.limit": 2})
    store.window(offset=1, start=0, pages=[("/a", 1), ("/b", 1)])
    store.window(offset=2, start=60 * SECOND, pages=[("/a", 1), ("/b", 1), ("/c", 1)], partition=3)
    store.session(offset=3, page=b"/\xff")  # no UTF-8
    store.session(offset=4, user=2)
    reply = store.write()
    assert (reply.kind, reply.written, reply.superseded) == ("written", 2, 0)
    by_offset = {offset: (partition, row, reason) for partition, _, offset, row, reason in reply.refused}
    assert sorted(by_offset) == [2, 3]
    partition, row, reason = by_offset[2]
    assert partition == 3 and '"page":"/c"' in row and "nested documents" in reason
    assert "UTF-8" in by_offset[3][2]
