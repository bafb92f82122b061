"""clickstream in a terminal: a pseudo-terminal, and pyte as the terminal's other half."""

import fcntl
import os
import pty
import resource
import select
import signal
import struct
import subprocess
import termios
import time

import pyte

from support.harness import PATIENCE, binary, environment


class Terminal:
    """A process in a terminal of its own. Use it in a with statement: the process is killed at the end.

    pyte cuts rows in a narrower terminal, as xterm does; so the process is told that it is xterm.
    """

    def __init__(self, args, columns=80, rows=24, env=None, stdout=None, program=None):
        self.screen = pyte.HistoryScreen(columns, rows, history=1000)
        self._stream = pyte.ByteStream(self.screen)
        self.bytes = b""
        self._leader, follower = pty.openpty()
        self._set_size(columns, rows)
        self.process = subprocess.Popen(
            program or [binary(), *map(str, args)], stdin=follower, stdout=stdout or follower, stderr=follower,
            env=environment({"TERM": "xterm", "XTERM_VERSION": "XTerm(379)", **(env or {})}),
            start_new_session=True, preexec_fn=self._take)
        os.close(follower)

    @staticmethod
    def _take():  # in the new process: Ctrl-C and a resize of this terminal are for it; no core dumps
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.close()

    def close(self):
        if self._leader is not None:
            os.close(self._leader)
            self._leader = None

    def _set_size(self, columns, rows):
        fcntl.ioctl(self._leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns):
        self._read(0)
        self.screen.resize(columns=columns)
        self._set_size(columns, self.screen.lines)

    def type(self, text):
        os.write(self._leader, text.encode())

    def send_while_stopped(self, *numbers):
        """All at once, so that none is handled before the others have come. For the process it is as after Ctrl-Z and fg:
        what it draws next goes below."""
        for number in (signal.SIGSTOP, *numbers, signal.SIGCONT):
            self.process.send_signal(number)

    def _read(self, timeout):
        if not select.select([self._leader], [], [], timeout)[0]:
            return True
        try:
            chunk = os.read(self._leader, 65536)
        except OSError:  # nobody has it open any more
            return False
        self.bytes += chunk
        self._stream.feed(chunk)
        return True

    def wait_for(self, condition, what):
        """Until `condition()` of what has been shown."""
        deadline = time.monotonic() + PATIENCE
        open_ = True
        while not condition():
            assert open_ and time.monotonic() < deadline, "\n".join([f"not shown: {what}", *self.shown()])
            open_ = self._read(0.1)

    def wait(self):
        """For the end, and all that is written until then: the exit status."""
        deadline = time.monotonic() + PATIENCE
        while self._read(0.1):
            assert time.monotonic() < deadline, "\n".join(["still running", *self.shown()])
        return self.process.wait(PATIENCE)

    @property
    def text(self):
        return self.bytes.decode()

    def shown(self):
        """The rows in view, without the blanks at their ends."""
        return [row.rstrip() for row in self.screen.display]

    def history(self):
        """The rows that have left the view at its top."""
        return ["".join(row[x].data for x in range(self.screen.columns)).rstrip() for row in self.screen.history.top]
