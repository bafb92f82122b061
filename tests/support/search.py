"""Real search nodes for the tests, by scripts/search-node; and a server that only pretends to be one."""

import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request

from support.harness import PATIENCE, ROOT, free_port, wait_until
from support.store import OpenFailed, Store

SCRIPT = ROOT / "scripts/search-node"
TEMPLATES = {name: json.loads((ROOT / f"deploy/search/{name}.json").read_text()) for name in ("sessions", "windows")}

SECRET = "s3cret-9"


class SearchNode:
    """`kind`: os2 or es7. Settings: of its configuration. Use it in a with statement."""

    def __init__(self, kind, settings=()):
        self.kind = kind
        self.settings = settings
        self.directory = tempfile.mkdtemp(prefix="clickstream-search-")
        self.port = free_port()
        self.url = f"elasticsearch+http://127.0.0.1:{self.port}"
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([SCRIPT, "stop", self.directory], check=True, capture_output=True, timeout=PATIENCE)
        shutil.rmtree(self.directory)

    def start(self):
        """On the same port, with the same data."""
        # Not by a pipe: the node would keep it open.
        with tempfile.TemporaryFile("w+") as said:
            result = subprocess.run([SCRIPT, "start", self.kind, self.directory, "--port", str(self.port), *self.settings],
                                    stdout=said, stderr=said, timeout=300)
            said.seek(0)
            assert result.returncode == 0, said.read()

    def kill(self):
        """kill -9."""
        pid = int(pathlib.Path(self.directory, "pid").read_text())
        os.kill(pid, signal.SIGKILL)

        def gone():
            try:
                return not pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                return True

        wait_until(gone, what="the end of the node")

    def ask(self, method, path, body=None, status=200):
        """Its answer, as JSON; `status` is what it has to be."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE) as answer:
                code, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                code, text = error.code, error.read()
        assert code == status, text
        return json.loads(text) if text else None

    def documents(self, index):
        """{id: document}, of all there are now."""
        self.ask("POST", f"/{index}/_refresh")
        found = self.ask("POST", f"/{index}/_search", {"size": 10_000, "query": {"match_all": {}}})
        return {hit["_id"]: hit["_source"] for hit in found["hits"]["hits"]}

    def count(self, index):
        self.ask("POST", f"/{index}/_refresh")
        return self.ask("GET", f"/{index}/_count")["count"]


class PretendedNode:
    """Has the indices, and answers each `_bulk` with the next of `answers`: (status, content type, body), a function of
    the items' ids that gives one, or None: no answer at all. What is asked is in `bulks` (ids) and `headers`."""

    def __init__(self):
        self.answers = []
        self.bulks = []
        self.headers = []
        node = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                kind = self.path.rpartition("-")[2]
                node.headers.append(self.headers)
                self.say(200, "application/json", json.dumps({self.path[1:]: TEMPLATES[kind]["template"]}))

            def do_POST(self):
                lines = self.rfile.read(int(self.headers["Content-Length"])).splitlines()
                ids = [json.loads(line)["index"]["_id"] for line in lines[::2]]
                node.bulks.append(ids)
                node.headers.append(self.headers)
                answer = node.answers.pop(0)
                if callable(answer):
                    answer = answer(ids)
                if answer is None:
                    node.silent.wait(PATIENCE)
                    self.close_connection = True
                else:
                    self.say(*answer)

            def say(self, status, kind, body, missing=0):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body) + missing))
                self.end_headers()
                self.wfile.write(body.encode())
                self.close_connection = missing > 0

            def log_message(self, *_):
                pass

        self.silent = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"elasticsearch+http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.silent.set()
        self._server.shutdown()
        self._server.server_close()


def items(*outcomes):
    """The answer to `_bulk` of these: a status, or (status, type, reason)."""
    made = [{"index": {"status": one}} if isinstance(one, int)
            else {"index": {"status": one[0], "error": {"type": one[1], "reason": one[2]}}} for one in outcomes]
    return 200, "application/json", json.dumps({"items": made})


def refusal(url, *options, env=None):
    """How opening it fails: status and message."""
    try:
        with Store("search", url, *options, env=env):
            raise AssertionError("it opens")
    except OpenFailed as failed:
        assert SECRET not in failed.message
        assert "\n" not in failed.message
        return failed.status, failed.message


def opens(url, *options, env=None):
    with Store("search", url, *options, env=env) as store:
        assert SECRET not in "".join(store.said)
    return True
