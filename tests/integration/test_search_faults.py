"""Rows in a search engine that is short of something, misbehaves, or asks who is there."""

import base64
import os
import subprocess

import pytest
from support.harness import ROOT, Process, free_port, wait_until
from support.network import BlackHole, closed_port
from support.search import SECRET, PretendedNode, SearchNode, items, opens, refusal
from support.secured import Certificates
from support.store import Store


@pytest.fixture
def pretended():
    with PretendedNode() as node:
        yield node


def written(store):
    """Tries again after `smaller`, ten times at most."""
    reply = store.write()
    for _ in range(10):
        if reply.kind == "smaller":
            reply = store.write()
    return reply


def test_requests_that_are_too_large():
    with SearchNode("os2", ["http.max_content_length=1mb"]) as node, Store("search", node.url, "--init") as store:
        store.many(4_000)
        reply = store.write()
        assert reply.kind == "smaller" and "takes no request of that size (status 413): raise http.max_content_length" in reply.message
        reply = written(store)  # it has learnt, and makes them smaller itself
        assert (reply.kind, reply.written) == ("written", 4_000)
        store.many(4_000, user=100_000)
        assert store.write().written == 4_000
        # One row that is too large by itself.
        store.session(user=1)
        store.window(pages=[(f"/{i}" + "x" * 2000, 1) for i in range(600)])
        reply = written(store)
        assert reply.written == 1 and "status 413" in reply.refused[0][4]
        assert node.count("clickstream-sessions") == 8_001


def test_a_node_that_is_too_busy():
    with SearchNode("os2", ["indexing_pressure.memory.limit=100kb"]) as node, Store("search", node.url, "--init") as store:
        store.many(2_000)
        reply = store.write()
        assert reply.kind == "again"
        assert reply.message.endswith("too busy for now: rejected_execution_exception (status 429)"), reply.message
        store.forget()
        store.many(50)
        assert store.write().written == 50


# --- What a real node does not do on demand


BUSY = (429, "es_rejected_execution_exception", "rejected execution of 7 at 2026")


def test_only_what_failed_is_sent_again(pretended):
    pretended.answers = [
        items(201, BUSY, (400, "mapper_parsing_exception", "failed to parse"), (409, "version_conflict_engine_exception", "")),
        items((503, "unavailable_shards_exception", "")), items(200), items(201)]
    with Store("search", pretended.url) as store:
        for user in range(4):
            store.session(user=user, offset=user)
        reply = store.write()
        assert reply.kind == "again" and "too busy for now: es_rejected_execution_exception (status 429)" in reply.message
        assert "not able to for now: unavailable_shards_exception (status 503)" in store.write().message
        reply = store.write()
        assert (reply.written, reply.superseded, len(reply.refused)) == (2, 1, 1)
        assert reply.refused[0][2] == 2 and reply.refused[0][4] == "mapper_parsing_exception: failed to parse"
        assert [len(ids) for ids in pretended.bulks] == [4, 1, 1] and "/1/" in pretended.bulks[1][0]
        store.session(user=0, offset=0)  # once they are reported, rows are rows again
        assert store.write().written == 1


HTML = "<html><body>Bad gateway</body></html>"
JSON = "application/json"


@pytest.mark.parametrize("answer, said", [
    ((200, JSON, '{"errors":false,"items":[{"index":{"status":201}}'), "answers something else to _bulk"),
    ((200, JSON, '{"errors":false}'), "answers something else to _bulk"),
    ((200, JSON, '{"items":[{"index":{"status":201}},{"index":{"status":201}}]}'), "another number of items"),
    ((200, JSON, '{"items":[{"index":{"status":999}}]}'), "does not say what became of it"),
    ((200, JSON, ""), "answers something else to _bulk"),
    ((200, JSON, '{"items":[{"index":{"status":201}}]}', 100), "the connection broke before the answer was complete"),
    ((200, "text/html", HTML), 'status 200, text/html, "<html><body>Bad gateway'),
    ((502, "text/html", HTML), 'status 502, text/html, "<html>'),
    ((400, "text/html", HTML), 'status 400, text/html, "<html>'),
    ((301, "text/html", ""), "answers with status 301; redirects are not followed"),
    ((401, JSON, '{"error":{"type":"security_exception","reason":"unable to authenticate"},"status":401}'),
     "check the user in the URL and CLICKSTREAM_SINK_PASSWORD"),
    ((403, "text/plain", "Forbidden"), "access refused (status 403)"),
    ((404, JSON, '{"error":"no handler found"}'), "no handler found (status 404)"),
    ((429, JSON, '{"error":{"type":"circuit_breaking_exception","reason":"would be [12/13]"}}'),
     "too busy for now: circuit_breaking_exception (status 429)"),
], ids=str)
def test_odd_answers(pretended, answer, said):
    pretended.answers = [answer, items(201)]
    with Store("search", pretended.url) as store:
        store.session()
        reply = store.write()
        assert reply.kind == "again" and said in reply.message, reply
        assert store.write().written == 1


def test_a_request_that_cannot_be_read(pretended):
    """The server does not say which row is to blame; of one alone it is known."""
    unreadable = (400, JSON, '{"error":{"type":"illegal_argument_exception","reason":"Malformed action/metadata line"}}')
    pretended.answers = [unreadable, unreadable]
    with Store("search", pretended.url) as store:
        store.session(user=1)
        store.session(user=2)
        reply = store.write()
        assert reply.kind == "smaller" and "Malformed action" in reply.message
        store.forget()
        store.session(user=1)
        assert len(store.write().refused) == 1


def test_giving_up(pretended):
    pretended.answers = [None, items(201)]
    with Store("search", pretended.url) as store:
        store.session()
        store.give_up_after(200)
        reply = store.write()
        assert reply.kind == "again" and "given up" in reply.message
        assert store.write().written == 1


# --- Who is there


def test_an_api_key(pretended):
    secrets = {"CLICKSTREAM_SINK_API_KEY": SECRET, "CLICKSTREAM_SINK_PASSWORD": SECRET}
    assert opens(pretended.url, env=secrets)
    assert {headers["Authorization"] for headers in pretended.headers} == {f"ApiKey {SECRET}"}
    # Not where the URL has a user; and no password without a user.
    pretended.headers.clear()
    assert opens(pretended.url.replace("//", "//alice:other@"), env=secrets)
    assert {headers["Authorization"] for headers in pretended.headers} == {"Basic " + base64.b64encode(b"alice:other").decode()}
    pretended.headers.clear()
    assert opens(pretended.url, env={"CLICKSTREAM_SINK_PASSWORD": SECRET})
    assert {headers["Authorization"] for headers in pretended.headers} == {None}
    assert refusal(pretended.url, env={"CLICKSTREAM_SINK_API_KEY": f"{SECRET}\nX: y"})[0] == 2


def test_unreachable():
    with closed_port() as port:
        status, message = refusal(f"elasticsearch+http://alice:{SECRET}@127.0.0.1:{port}")
        assert status == 3 and message == f"search engine 127.0.0.1:{port}: could not connect: Connection refused"
    with BlackHole() as silent:
        status, message = refusal(f"elasticsearch+http://127.0.0.1:{silent.port}")
        assert status == 3 and message == f"search engine 127.0.0.1:{silent.port}: no complete answer in time"
    status, message = refusal(f"elasticsearch+https://alice:{SECRET}@127.0.0.1:9200/No/Prefix")
    assert status == 2 and "--sink: a prefix of index names has" in message


@pytest.fixture(scope="module")
def guarded_node(tmp_path_factory):
    """nginx with TLS and a password before a node: its certificates, and the ports `good` and `misnamed`."""
    folder = tmp_path_factory.mktemp("nginx")
    certificates = Certificates(folder / "certificates")
    hashed = subprocess.run(["openssl", "passwd", "-apr1", SECRET], check=True, capture_output=True, text=True).stdout
    (folder / "passwords").write_text("alice:" + hashed)
    ports = {"broker": free_port(), "misnamed": free_port()}
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;\n" if os.geteuid() == 0 else ""
    with SearchNode("os2") as node:
        servers = "".join(
            f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {certificates[name + '.pem']};"
            f" ssl_certificate_key {certificates[name + '.key']}; client_max_body_size 100m;"
            f" auth_basic search; auth_basic_user_file {folder}/passwords;"
            f" location / {{ proxy_pass http://127.0.0.1:{node.port}; }} }}\n" for name, port in ports.items())
        (folder / "nginx.conf").write_text(
            f"{user}pid {folder}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{servers}}}\n")
        with Process(["nginx", "-p", folder, "-c", folder / "nginx.conf", "-g", "daemon off;"],
                     program=ROOT / "scripts/unpacked") as nginx:
            wait_until(lambda: (folder / "pid").exists() or not nginx.running(), what="nginx")
            assert nginx.running(), nginx.transcript()
            yield certificates, ports["broker"], ports["misnamed"], node
            nginx.stop()


def test_tls_and_password(guarded_node, tmp_path):
    certificates, port, misnamed, node = guarded_node
    url = f"elasticsearch+https://alice@127.0.0.1:{port}"
    trusted = {"CLICKSTREAM_SINK_CA": str(certificates["ca.pem"])}
    known = {"CLICKSTREAM_SINK_PASSWORD": SECRET}
    assert opens(url, "--init", env=trusted | known)
    assert opens(url.replace("alice", f"alice:{SECRET}"), env={"SSL_CERT_FILE": str(certificates["ca.pem"])})
    nameless = url.replace("alice@", "")
    assert opens(nameless, env=trusted | known | {"CLICKSTREAM_SINK_USER": "alice"})
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login alice password {SECRET}\n")
    assert opens(nameless, env=trusted | {"HOME": str(tmp_path)})
    assert opens(url, env=trusted | {"HOME": str(tmp_path)})
    with Store("search", url, env=trusted | known) as store:
        store.many(10_000)
        assert store.write().written == 10_000

    name = f"search engine 127.0.0.1:{port}: "
    for env in ({}, {"CLICKSTREAM_SINK_CA": str(certificates["other-ca.pem"])}):
        status, message = refusal(url, env=known | env)
        assert status == 3 and message.startswith(f"{name}its certificate is not trusted (")
        assert message.endswith("; CLICKSTREAM_SINK_CA names the file of the CA")
    assert "its certificate is not trusted" in refusal(url.replace(str(port), str(misnamed)), env=known | trusted)[1]
    status, message = refusal(url, env=known | {"CLICKSTREAM_SINK_CA": "/nowhere.pem"})
    assert status == 3 and "check CLICKSTREAM_SINK_CA" in message
    for env in ({}, {"CLICKSTREAM_SINK_PASSWORD": "wrong"}):
        status, message = refusal(url, env=trusted | env)
        assert status == 3 and message.startswith(f"{name}access refused (status 401); check the user in the URL and CLICKSTREAM_SINK_PASSWORD")
    status, message = refusal(f"elasticsearch+https://127.0.0.1:{node.port}")
    assert status == 3 and "without TLS it would be elasticsearch+http://" in message
