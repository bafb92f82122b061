"""store_driver for the Python tests: rows into a store, and what became of them."""

import os
import queue
import subprocess
import threading
import urllib.parse
from dataclasses import dataclass, field

from support.harness import PATIENCE, ROOT, environment

DRIVER = os.environ.get("CLICKSTREAM_STORE_DRIVER") or str(ROOT / "build/release/tests/store_driver")
SECOND = 1_000_000
START = 1_763_936_107_250_000  # 2025-11-23 22:15:07.25


@dataclass
class Reply:
    """What a call came to: `kind` written, done, again, smaller."""
    kind: str
    message: str = ""
    written: int = 0
    superseded: int = 0
    refused: list = field(default_factory=list)  # (partition, epoch, offset, JSON, reason)


class OpenFailed(Exception):
    """The store did not open: exit status and message."""

    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


def text(value):
    """A text as the driver reads it; may be bytes."""
    return urllib.parse.quote(value, safe="/ _-.")


class Store:
    """A running store_driver. Use it in a with statement."""

    def __init__(self, kind, url, *options, env=None):
        self._popen = subprocess.Popen([DRIVER, kind, url, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, encoding="utf-8", errors="surrogateescape", env=environment(env))
        self._lines = queue.Queue()
        self.said = []  # lines on standard error
        self._readers = [threading.Thread(target=self._read, daemon=True), threading.Thread(target=self._read_said, daemon=True)]
        for reader in self._readers:
            reader.start()
        if self._next() != "opened":
            status = self._popen.wait(PATIENCE)
            self._join()
            raise OpenFailed(status, "\n".join(self.said))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._popen.stdin.close()
        try:
            self._popen.wait(PATIENCE)
        finally:
            self._popen.kill()
            self._join()
        assert self._popen.returncode == 0, self.said

    def session(self, offset=0, user=1, session=1, start=START, seconds=61.3, spent=58.2, events=9, views=6, clicks=3,
                page="/home", partition=0, epoch=0):
        end = start + round(seconds * SECOND)
        self._say("session", partition, epoch, offset, user, session, start, end, round(spent * SECOND), events, views, clicks,
                  *([] if page is None else [text(page)]))

    def window(self, offset=0, size=60, hop=60, start=START // (60 * SECOND) * 60 * SECOND, views=3, clicks=1, sessions=2,
               users=2, pages=(("/home", 3),), partition=0, epoch=0):
        self._say("window", partition, epoch, offset, size * SECOND, hop * SECOND, start, views, clicks, sessions, users,
                  *(item for page, count in pages for item in (text(page), count)))

    def many(self, count, offset=0, user=1000, start=START, partition=0, epoch=0):
        self._say("many", count, partition, epoch, offset, user, start)

    def give_up_after(self, milliseconds):
        self._say("give-up", milliseconds)

    def forget(self):
        self._say("forget")

    def begin_write(self):
        """Asks for it; end_write() gives the reply."""
        self._say("write")

    def end_write(self):
        return self._reply()

    def write(self):
        self.begin_write()
        return self.end_write()

    def supersede(self, offset, epoch, partition=0):
        self._say("supersede", partition, epoch, offset)
        return self._reply()

    def _say(self, *fields):
        self._popen.stdin.write("\t".join(map(str, fields)) + "\n")
        self._popen.stdin.flush()

    def _reply(self):
        kind, _, rest = self._next().partition("\t")
        if kind != "written":
            return Reply(kind, rest)
        written, superseded, refused = map(int, rest.split("\t"))
        rows = [self._next().split("\t")[1:] for _ in range(refused)]
        return Reply(kind, "", written, superseded, [(int(p), int(e), int(o), row, why) for p, e, o, row, why in rows])

    def _next(self):
        line = self._lines.get(timeout=PATIENCE + 30)  # a call may take a minute
        return line if line is None else line.rstrip("\n")

    def _read(self):
        for line in self._popen.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _read_said(self):
        self.said.extend(line.rstrip("\n") for line in self._popen.stderr)

    def _join(self):
        for reader in self._readers:
            reader.join(PATIENCE)
