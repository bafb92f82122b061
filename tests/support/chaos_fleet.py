"""The processes of a chaos run: consumers, and the traffic. Each writes to a file of its own."""

import json
import os
import re
import signal
import subprocess
import threading
import time

from support.harness import binary, environment

FENCED = re.compile("fenc", re.IGNORECASE)  # in what a static member says that was replaced


class Logged:
    """A clickstream whose output goes to `log`."""

    def __init__(self, args, log, env=None):
        self.command = [binary(), *map(str, args)]
        self._log = log
        with open(log, "wb") as output:
            self._popen = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                           env=environment(env))

    def send(self, number):
        self._popen.send_signal(number)  # nothing, where it has ended

    def kill(self):
        self.send(signal.SIGKILL)
        self._popen.wait()

    def status(self):
        """None while it runs."""
        return self._popen.poll()

    def wait(self, timeout):
        """Its exit status; None if it still runs then."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def said(self):
        with open(self._log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def last_words(self, lines=15):
        return "".join(f"    {line}\n" for line in self.said().splitlines()[-lines:])


class Instance(Logged):
    """A consumer. `name` is of this process alone; `point` is where it is to kill itself."""

    def __init__(self, number, slot, args, folder, env, static, point):
        self.name = f"instance {number}"
        self.slot = slot
        self.static = static
        self.point = point
        self.frozen = False
        self.was_frozen = False
        self.started = time.monotonic()
        self._url = None
        super().__init__(args, os.path.join(folder, f"instance-{number:03}.log"), env)

    def __str__(self):
        return f"{self.name} in slot {self.slot}{' (static)' if self.static else ''}"

    def url(self):
        """Where it serves its figures; None as long as it does not."""
        if self._url is None:
            found = re.search(r"metrics at (http://\S+)/metrics$", self.said(), re.MULTILINE)
            self._url = found and found.group(1)
        return self._url

    def freeze(self):
        self.frozen = self.was_frozen = True
        self.send(signal.SIGSTOP)

    def wake(self):
        self.send(signal.SIGCONT)
        self.frozen = False

    def may_end_with(self, status):
        """Whether an end that nobody asked for, or by SIGTERM, is a good one."""
        return status == 0 or (status == 1 and self.static and bool(FENCED.search(self.said())))


class Fleet:
    """All instances that were ever started; the reader asks for those that run."""

    def __init__(self, folder, command, env):
        self._folder = folder
        self._command = command
        self._env = env
        self._lock = threading.Lock()
        self._all = []

    def start(self, slot, static, point=None, passing=1):
        args = [*self._command, *(["--instance-id", f"chaos-{slot}"] if static else [])]
        env = {**self._env, **({"CLICKSTREAM_CRASH_AT": f"{point}:{passing}"} if point else {})}
        with self._lock:
            instance = Instance(len(self._all) + 1, slot, args, self._folder, env, static, point)
            self._all.append(instance)
        return instance

    def running(self):
        with self._lock:
            return [one for one in self._all if one.status() is None]

    def newest(self, count):
        with self._lock:
            return self._all[-count:]


class Traffic(Logged):
    """Visitors, in real time, until stopped; then the right answer."""

    def __init__(self, args, folder):
        self._truth = os.path.join(folder, "truth.json")
        super().__init__(["produce", *args, "--truth", self._truth], os.path.join(folder, "produce.log"))

    def truth(self):
        with open(self._truth, encoding="utf-8") as file:
            return json.load(file)
