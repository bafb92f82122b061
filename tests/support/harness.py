"""What the CLI and integration tests share: the real binary, a long-running process, ports, HTTP, waiting.

Everything has a deadline, and what is awaited is an event: nobody sleeps and hopes.
"""

import codecs
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds: ample for anything, under the sanitizers and on a busy machine


def binary():
    """The clickstream executable under test."""
    return os.environ.get("CLICKSTREAM_BIN") or str(ROOT / "build/release/src/cli/clickstream")


def environment(extra=None):
    """The environment for a program under test: this one's without CLICKSTREAM_ settings, plus `extra`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CLICKSTREAM_")}
    env.pop("NO_COLOR", None)
    env.update(extra or {})
    return env


def run(args, input=None, env=None, timeout=PATIENCE, cwd=None):
    """Runs clickstream to its end: a CompletedProcess with returncode, and stdout and stderr as text."""
    stdin = {"stdin": subprocess.DEVNULL} if input is None else {"input": input}
    return subprocess.run(
        [binary(), *map(str, args)], capture_output=True, encoding="utf-8", errors="surrogateescape",
        env=environment(env), timeout=timeout, cwd=cwd, **stdin)


class Background:
    """In a with statement: a thread that does `_run` of the subclass, which ends once `_stop` is set."""

    def __init__(self):
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


class Process:
    """A running clickstream (or any other `program`). Use it in a with statement: it is killed at the end."""

    def __init__(self, args, env=None, cwd=None, program=None):
        self.command = [program or binary(), *map(str, args)]
        self._popen = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(env), cwd=cwd)
        self.pid = self._popen.pid
        self._changed = threading.Condition()
        self._text = {"stdout": "", "stderr": ""}
        self._seen = {"stdout": 0, "stderr": 0}
        self._open = 2
        self._readers = [
            threading.Thread(target=self._read, args=(name, getattr(self._popen, name)), daemon=True)
            for name in self._text]
        for reader in self._readers:
            reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait()
        for reader in self._readers:
            reader.join(PATIENCE)

    def _read(self, name, pipe):
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with pipe:
            while chunk := os.read(pipe.fileno(), 65536):
                with self._changed:
                    self._text[name] += decoder.decode(chunk)
                    self._changed.notify_all()
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    @property
    def stdout(self):
        return self._text["stdout"]

    @property
    def stderr(self):
        return self._text["stderr"]

    def expect(self, pattern, stream="stdout", timeout=PATIENCE):
        """Waits for `pattern` (multi-line regular expression) in what has come since the last match: the match."""
        regex = re.compile(pattern, re.MULTILINE)
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                match = regex.search(self._text[stream], self._seen[stream])
                if match:
                    self._seen[stream] = match.end()
                    return match
                left = deadline - time.monotonic()
                if not self._open or left <= 0:
                    why = "the process ended" if not self._open else f"{timeout} s passed"
                    raise AssertionError(f"{why} without {pattern!r} on {stream}\n{self.transcript()}")
                self._changed.wait(left)

    def send_signal(self, number=signal.SIGTERM):
        self._popen.send_signal(number)

    def wait(self, timeout=PATIENCE):
        """Waits for the end, and for the last of the output: the exit status (negative: the signal)."""
        try:
            self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s\n{self.transcript()}") from None
        for reader in self._readers:
            reader.join(timeout)
        return self._popen.returncode

    def stop(self, number=signal.SIGTERM, timeout=PATIENCE):
        self.send_signal(number)
        return self.wait(timeout)

    def running(self):
        return self._popen.poll() is None

    def transcript(self):
        """All it said, for a failure's message."""
        return f"$ {' '.join(self.command)}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


def wait_until(condition, timeout=PATIENCE, what="the condition"):
    """Asks until `condition()` is true or the time is up: its last value."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come about within {timeout} s; last: {value!r}"
        time.sleep(0.05)


def free_port(count=1):
    """A port P of 127.0.0.1 such that P … P + count - 1 are free.

    They lie below the range from which the system gives ports to outgoing connections, so nobody gets them by chance.
    """
    for _ in range(1000):
        first = random.randrange(20000, 32000)
        sockets = []
        try:
            for port in range(first, first + count):
                sockets.append(socket.create_server(("127.0.0.1", port)))
            return first
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise AssertionError("no free port")


class Answer:
    """An HTTP answer: status, headers, body (bytes) and text."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self):
        return self.body.decode()


def http_get(url, headers=None, method="GET", timeout=10):
    """Asks `url`; any status is an answer. OSError when there is none."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers=headers or {}, method=method)
    try:
        with opener.open(request, timeout=timeout) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())
