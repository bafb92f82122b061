"""Whole processes, from their start to their end: time, processor time, memory; several side by side in alternating rounds."""

import dataclasses
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from support.harness import environment

LONGEST = 3600.0  # seconds that anything here may take


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


@dataclasses.dataclass
class Run:
    seconds: float
    processor: float  # seconds, user and system
    memory: int       # bytes, at the most
    stdout: str
    stderr: str


def timed(command, env=None):
    """Runs it to its end, which has to be a good one."""
    command = [str(word) for word in command]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begin = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment(env))
        timer = threading.Timer(LONGEST, process.kill)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
        seconds = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        stdout, stderr = out.read().decode(), err.read().decode()
    if process.returncode != 0:
        raise RuntimeError(f"$ {' '.join(command)}\n{stdout}{stderr}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, stdout, stderr)


@dataclasses.dataclass
class Contestant:
    name: str
    command: object  # () -> its words: a fresh group or topic each time
    env: dict = None
    most_rounds: int = None  # of one that takes long


@dataclasses.dataclass
class Result:
    name: str
    runs: list
    events: int

    @property
    def seconds(self):
        return statistics.median(run.seconds for run in self.runs)

    @property
    def rate(self):
        return self.events / self.seconds

    @property
    def processor(self):
        return statistics.median(run.processor for run in self.runs)

    @property
    def memory(self):
        return max(run.memory for run in self.runs)

    def ratios(self, to):
        """Of the rates, in the same round."""
        return [other.seconds / mine.seconds for mine, other in zip(self.runs, to.runs)]

    def ratio(self, to):
        return statistics.median(self.ratios(to))


def contest(contestants, events, rounds):
    """{name: Result}; every other round goes through them backwards. Each has to say how many events it saw.

    Round 0 brings programs and libraries into memory, and does not count."""
    results = {one.name: Result(one.name, [], events) for one in contestants}
    for number in range(rounds + 1):
        for one in contestants if number % 2 == 0 else contestants[::-1]:
            if one.most_rounds is not None and not 1 <= number <= one.most_rounds:
                continue
            run = timed(one.command(), one.env)
            if str(events) not in run.stdout + run.stderr:
                raise RuntimeError(f"{one.name} did not see {events} events: {run.stdout[:500]!r} {run.stderr[:500]!r}")
            if number > 0:
                results[one.name].runs.append(run)
            say(f"round {number}: {one.name}: {run.seconds:.2f} s")
    return results
