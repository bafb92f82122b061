"""The chaos test: a group of consumers under real traffic, whose members and whose broker are killed, frozen, replaced and
scaled at random, while a reader sees to it that no published figure falls (chaos_checker.py). At the end every figure has
to be the one that the traffic's maker knows.

What is done is planned before, from the seed alone (chaos_plan.py); only the moments vary. The run is right if there is no
differing figure, no fall, and no problem: a member that ended badly or did not drain in time, a crash point that was
never reached, partitions that nobody shows for long, a malformed event that is not among the dead letters.

With `sinks` the consumers write rows to real servers, which are killed, too (chaos_sinks.py): in the end the rows have to be
those of the events, each once, and none may change or go meanwhile.

With `control` the consumers are broken on purpose (CLICKSTREAM_BREAK): their state handling, or, with sinks, that rows are
there before a position is committed. Figures or rows must differ or fall: a test that cannot fail proves nothing.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from typing import NamedTuple

from support.chaos_checker import Checker, differing
from support.chaos_fleet import Fleet, Traffic
from support.chaos_plan import plan
from support.chaos_reader import Reader
from support.chaos_sinks import KINDS_OF_SINKS, SITE, USERS, Expected, Watch, some
from support.harness import binary, http_get
from support.kafka import Broker, Kafka

DRAIN = 8 + 4        # seconds from SIGTERM to the end: what is promised, and a margin for a busy machine
SHOWN_WITHIN = 60    # seconds until all partitions are shown and move on, once no harm is done
CAUGHT_UP_WITHIN = 90  # seconds until the figures are complete, once there is no more traffic
MALFORMED = 3        # events at a time
CRASHED_WITHIN = 25  # seconds for an instance to get to its crash point
RECOVERED_WITHIN = 120  # seconds more, for a search node that was killed, where the machine is busy
ROWS_WITHIN = 150    # seconds until all sessions have closed and all rows are written, by the idle rule
READY_WITHIN = 30    # seconds for an instance that has started
SUSPECT_FOR = 20     # seconds that a woken member, or one whose broker is back, may take to learn what it has lost

# A killed broker registers again only when its old registration has run out.
BROKER_PROPERTIES = """\
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
offsets.topic.num.partitions=1
group.min.session.timeout.ms=1000
"""


class Settings(NamedTuple):
    kills: int = 200
    instances: int = 3
    seed: int = 1
    partitions: int = 6
    rate: int = 300
    session_timeout: float = 6
    unkeyed: bool = False
    control: bool = False
    sinks: tuple = ()  # of KINDS_OF_SINKS


class Stuck(Exception):
    """What has to come does not: no use in going on."""


WINDOWS = ("--window", "5s", "--window", "15s/5s")
LEAST_WINDOWS = 10  # that an instance must show in the end


class Run:
    """`run()` does it all; the figures and problems are there afterwards."""

    def __init__(self, settings, broker, folder, say, sinks):
        """`sinks`: {name: server}."""
        self.settings = settings
        self.sinks = sinks
        self.sink_kills = Counter()
        self.sink_faults = []
        self._watches = {name: Watch(sink, settings.unkeyed) for name, sink in sinks.items()}
        self.broker = broker
        self.folder = folder
        self.checker = Checker()
        self.kills = self.stops = self.restarts = 0
        self.planned_points = set()
        self.reached = set()
        self.differing = []
        self.problems = []
        self.rows_compared = {}
        self._say = say
        self._begin = time.monotonic()
        self._actions = open(os.path.join(folder, "actions.log"), "w", encoding="utf-8")
        self._kafka = Kafka(broker.brokers)
        self._topic = Kafka.unused_name()
        kafka = ["-b", broker.brokers, "-t", self._topic]
        self._fleet = Fleet(folder, [
            "consume", *kafka, "-g", self._topic, "--metrics-port", 0, "--interval", 0, "--connect-timeout", 0,
            "--checkpoint-interval", "2s", "--gap", "10s", "--lateness", "1s", *WINDOWS,
            "-X", f"session.timeout.ms={int(settings.session_timeout * 1000)}",
            "-X", f"heartbeat.interval.ms={int(settings.session_timeout * 1000 / 3)}",
            *(["--partitioning", "unkeyed"] if settings.unkeyed else []),
            *(["--idle-timeout", "5s", "--sink-init"] if sinks else []),
            *(word for sink in sinks.values() for word in ("--sink", sink.url))],
            {"CLICKSTREAM_BREAK": "sink-after-commit" if sinks else "at-least-once"} if settings.control else {})
        self._traffic_args = [*kafka, "--rate", settings.rate, "--seed",
                              settings.seed, "--gap", "10s", "--lateness", "1s", *WINDOWS]
        if sinks:
            site = pathlib.Path(folder, "site.json")
            site.write_text(json.dumps(SITE), encoding="utf-8")
            self._traffic_args += ["--site", site, "--users", USERS]
        self._spoilt = []
        self._slots = {}
        self._traffic = None
        self._reader = None

    def run(self):
        """The right answer is for `verdict`."""
        try:
            # A broker may lose what is written to a partition in the moment that it comes into being.
            self._kafka.create_topic(self._topic, self.settings.partitions, message_timestamp_type="LogAppendTime")
            self._kafka.end_offsets(self._topic)
            self._traffic = Traffic(self._traffic_args, self.folder)
            for slot in range(self.settings.instances):
                self._start(slot, static=slot % 2 == 0)
            with contextlib.ExitStack() as threads:
                self._reader = threads.enter_context(Reader(self._fleet, self.checker))
                for watch in self._watches.values():
                    threads.enter_context(watch)
                try:
                    self._chaos()
                    self._finale()
                except Stuck as stuck:
                    self._problem(f"stuck: {stuck}")
                    self._last_answers()
            if self._reader.error:
                self._problem(f"the reader: {self._reader.error!r}")
            for name, watch in self._watches.items():
                self.sink_faults += [f"{name}: {fault}" for fault in watch.faults]
                if watch.samples < 3 or watch.seen == 0:
                    self._problem(f"{name} was looked at {watch.samples} times only, and showed {watch.seen} rows: {watch.error}")
        finally:
            for process in [*self._fleet.running(), *([self._traffic] if self._traffic else [])]:
                process.kill()
            self._actions.close()

    def failed(self):
        return bool(self.differing or self.checker.falls or self.sink_faults)

    def verdict(self):
        """(whether all is right, the summary)."""
        checker = self.checker
        text = (f"{self.kills} kills, {self.stops} stops, {self.restarts} broker restarts, "
                f"{len(self.reached)} crash points reached of {len(self.planned_points)}; "
                f"{len(self.differing)} differing figures, {len(checker.falls)} falls")
        text += (f"\n({checker.rounds} rounds of reading; {checker.starts} times a process began to show a partition; "
                 f"{checker.excused} times only one that had been cut off did)")
        for name, watch in self._watches.items():
            text += (f"\n{name}: killed {self.sink_kills[name]} times; {self.rows_compared.get(name, 'no')} rows compared; "
                     f"{watch.samples} looks at up to {watch.seen:,} rows meanwhile")
        if self.sinks:
            text += f"\n{len(self.sink_faults)} rows missing, doubled or wrong"
        if not self.settings.control:
            return not self.failed() and not self.problems, text
        failed = self.failed()
        return failed, text + ("\ncontrol: it failed, as it must" if failed else
                               "\ncontrol: IT DID NOT FAIL, although the state handling was broken on purpose")

    def details(self):
        """For whoever has to find out why."""
        parts = [f"seed {self.settings.seed}, logs in {self.folder}"]
        parts += [f"problem: {text}" for text in self.problems]
        parts += [f"fall: {fall}" for fall in self.checker.falls[:20]]
        if len(self.checker.falls) > 20:
            parts.append(f"and {len(self.checker.falls) - 20} more falls")
        parts += [f"row: {line}" for line in some(self.sink_faults)]
        if self.differing:
            parts.append(f"{'figure':<50} {'published':>20} {'truth':>20}")
            parts += [f"{name:<50} {one!s:>20} {other!s:>20}" for name, one, other in self.differing]
        return "\n".join(parts)

    def last_words(self):
        text = pathlib.Path(self.folder, "actions.log").read_text(encoding="utf-8").splitlines()
        parts = ["the last actions:", *(f"    {line}" for line in text[-15:])]
        parts += [f"{one}: {' '.join(one.command)}\n{one.last_words()}" for one in self._fleet.newest(4)]
        if self._traffic:
            parts.append(f"traffic:\n{self._traffic.last_words()}")
        return "\n".join(parts)

    # The chaos

    def _chaos(self):
        self._settle()
        settings = self.settings
        for action in plan(settings.seed, settings.kills, settings.instances, settings.session_timeout,
                           settings.sinks):
            self._log(f"{self.kills:3} kills so far; {action}")
            getattr(self, f"_do_{action.kind}")(action.slot, **action.options)
            time.sleep(action.pause)
            self._tend()

    def _do_settle(self, _):
        self._settle()
        self._spoil()

    def _do_kill(self, slot, down, static):
        self._kill(slot)
        time.sleep(down)
        self._start(slot, static)

    def _do_all(self, _, static):
        for slot in list(self._slots):
            self._kill(slot)
        for slot in range(self.settings.instances):
            self._start(slot, static if slot else not static)

    def _do_crash(self, slot, point, passing, static):
        # Of an unkeyed topic only one does anything: this one, when it is alone.
        others = [other for other in self._slots if other != slot] if self.settings.unkeyed else []
        for other in others:
            self._kill(other)
        self._kill(slot)
        if not self._crashed(self._start(slot, static, point, passing)):
            self._kill(slot)
            if not self._crashed(self._start(slot, static, point)):  # the first time will do
                self._kill(slot)
        self._start(slot, static)
        for other in others:
            self._start(other, static)

    def _do_stop(self, slot, frozen, static):
        instance = self._freeze(slot)
        time.sleep(frozen)
        self._wake(instance)

    def _do_twin(self, slot, frozen, static):
        """Another takes a frozen one's place, and its instance id if it has one, before it wakes."""
        self._kill(slot)
        self._start(slot, static)
        self._settle()
        zombie = self._freeze(slot)
        self._start(slot, static)
        twin = self._slots[slot]
        time.sleep(frozen)
        self._wake(zombie)
        # Of two with one id whoever joins last may stay: the woken one joins anew, when it finds its session over.
        # Without an id, they are two members.
        deadline = time.monotonic() + (SUSPECT_FOR if static else 0)
        while time.monotonic() < deadline and zombie.status() is None and twin.status() is None:
            time.sleep(0.1)
        if twin.status() is not None:
            zombie, twin = twin, zombie
        self._slots[slot] = twin
        zombie.send(signal.SIGTERM)
        self._ended(zombie, zombie.wait(DRAIN))

    def _do_scale(self, slot, point, static):
        """To one instance and back, which loses partitions and is to die of that; of an unkeyed topic it loses nothing."""
        unkeyed = self.settings.unkeyed
        self._kill(slot)
        survivor = self._start(slot, static, None if unkeyed else point)
        if not unkeyed:
            self._settle(of=survivor, partitions=1)
        others = [other for other in self._slots if other != slot]
        self._terminate(others)
        self._settle(of=survivor)
        for other in others:
            self._start(other, static)
        if unkeyed:
            return
        if not self._crashed(survivor):
            self._kill(slot)
        if self._slots.get(slot, survivor) is survivor:
            self._start(slot, not static)

    def _do_broker(self, slot, down, victim, static):
        cut_off = self._fleet.running()
        for instance in cut_off:
            self.checker.suspect(instance.name)
        self.broker.kill()
        time.sleep(down)
        if victim:
            self._kill(slot)
            self._start(slot, static)
        self.broker.restart()
        self.restarts += 1
        for instance in cut_off:
            self.checker.suspect(instance.name, time.monotonic() + SUSPECT_FOR)

    def _do_sink(self, slot, name, down, victim, static):
        # One that is about to open its sinks would rightly give up.
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline and not all(self._ready(one) for one in self._slots.values()):
            self._tend()
            time.sleep(0.1)
        self.sinks[name].kill()
        self.sink_kills[name] += 1
        time.sleep(down)
        if victim:
            self._kill(slot)
        self.sinks[name].restart()
        if victim:
            self._start(slot, static)

    @staticmethod
    def _ready(instance):
        try:
            return bool(instance.url()) and http_get(instance.url() + "/readyz", timeout=1).status == 200
        except OSError:
            return False

    def _spoil(self):
        """Adds some malformed events."""
        events = [{"user_id": len(self._spoilt) + number, "spoilt": True} for number in range(MALFORMED)]
        self._kafka.produce(self._topic, events)
        self._spoilt += [json.dumps(event) for event in events]

    # The end

    def _finale(self):
        self._log("no more harm; one instance is left")
        self._settle()
        self._terminate([slot for slot in self._slots if slot != 0])
        self._settle()
        self._traffic.send(signal.SIGTERM)
        status = self._traffic.wait(60)
        if status != 0:
            raise Stuck(f"the traffic ended with {status}:\n{self._traffic.last_words()}")
        truth = self._truth()
        sent = truth["events"]["consumed"]
        written = sum(self._kafka.end_offsets(self._topic).values())
        if written != sent:
            raise Stuck(f"the topic holds {written} events of {sent}: not the consumers' doing")
        self._log(f"the traffic is over, {sent} events")
        self._compare(truth)
        self._log("killed once more, to see whether the figures come back")
        self._kill(0)
        self._start(0, static=False)
        self._compare(truth)
        if self.sinks:
            self._await_rows()
        self._terminate([0])
        if self.sinks:
            self._compare_rows(truth)
        if not self.settings.control:
            self._check_dead_letters()

    def _truth(self):
        """Of the traffic and what is malformed."""
        truth = self._traffic.truth()
        for count in ("consumed", "malformed"):
            truth["events"][count] += len(self._spoilt)
        truth["malformed_reasons"]["missing_event_id"] += len(self._spoilt)
        return truth

    def _check_dead_letters(self):
        """Each of the malformed events at least once, and nothing else."""
        topic = f"{self._topic}-dead-letter"
        letters = [one["payload"] for one in self._kafka.records(topic)] if self._kafka.partitions(topic) else []
        missing, foreign = set(self._spoilt) - set(letters), set(letters) - set(self._spoilt)
        self._log(f"{len(letters)} dead letters of {len(self._spoilt)} malformed events")
        if missing or foreign:
            self._problem(f"dead letters missing: {sorted(missing)[:5]}, {len(missing)} in all; "
                          f"not expected: {sorted(foreign)[:5]}, {len(foreign)} in all")

    def _compare(self, truth):
        """With the figures of slot 0, once they are complete."""
        deadline = time.monotonic() + CAUGHT_UP_WITHIN
        before = None
        while time.monotonic() < deadline:
            figures = self._figures(0)
            if figures and figures == before and figures["events"]["consumed"] >= truth["events"]["consumed"]:
                break
            before = figures
            time.sleep(1.5)  # longer than from one commit to the next
        if not figures:
            raise Stuck(f"{self._slots[0]} does not show {self._partitions()} partitions without lag")
        self.differing += differing(figures, truth)
        if len(figures["windows"]) < LEAST_WINDOWS:
            self._problem(f"only {len(figures['windows'])} windows are shown: they prove little")

    def _await_rows(self):
        """Until all sessions have closed, and for a while nothing waits to be written."""
        deadline = time.monotonic() + ROWS_WITHIN
        quiet = 0
        while quiet < 3:
            figures = self._figures(0)
            queued = re.findall(r"^clickstream_sink_queued_rows\{.*\} (\S+)$", http_get(self._slots[0].url() + "/metrics").text,
                                re.MULTILINE)
            still = figures and figures["sessions"]["open"] == 0 and queued and not any(map(float, queued))
            quiet = quiet + 1 if still else 0
            if time.monotonic() > deadline:
                raise Stuck(f"{figures and figures['sessions']['open']} sessions are open, {queued} rows wait to be written")
            time.sleep(1.5)  # longer than from one commit to the next
        self._log("all sessions have closed")

    def _compare_rows(self, truth):
        payloads = [json.loads(one["payload"]) for one in self._kafka.records(self._topic)]
        expected = Expected(truth, [event for event in payloads if "spoilt" not in event])
        del payloads
        for name, sink in self.sinks.items():
            found = sink.rows()
            different = expected.differing(found)
            sessions = sum(row["type"] == "session" for row in found)
            self.rows_compared[name] = f"{sessions:,} session and {len(found) - sessions:,} window"
            self._log(f"{name}: {len(found)} rows, {len(different)} differences")
            self.sink_faults += [f"{name}: {figure}: {one}, expected {other}" for figure, one, other in different]

    def _figures(self, slot):
        """/stats.json, if the instance has all partitions and has read them to their ends."""
        instance = self._slots[slot]
        counters, lags = self._reader.latest.get(instance, ({}, {}))
        if instance.status() is not None:
            raise Stuck(f"{instance} ended with {instance.status()}:\n{instance.last_words()}")
        if len(counters) < self._partitions() or any(lags.values()):
            return None
        try:
            figures = json.loads(http_get(instance.url() + "/stats.json").text)
        except OSError:
            return None
        del figures["as_of"]
        return figures

    # Instances

    def _start(self, slot, static, point=None, passing=1):
        instance = self._slots[slot] = self._fleet.start(slot, static, point, passing)
        if point:
            self.planned_points.add(point)
        return instance

    def _kill(self, slot):
        """Whatever is there: it may have gone by itself."""
        self._tend(restart=False)
        instance = self._slots.pop(slot, None)
        if instance:
            instance.kill()
            self.kills += 1

    def _freeze(self, slot):
        self._tend()
        instance = self._slots[slot]
        self.checker.suspect(instance.name)
        instance.freeze()
        self.stops += 1
        return instance

    def _wake(self, instance):
        instance.wake()
        self.checker.suspect(instance.name, time.monotonic() + SUSPECT_FOR)

    def _terminate(self, slots):
        self._tend()
        instances = [self._slots.pop(slot) for slot in slots]
        for instance in instances:
            instance.send(signal.SIGTERM)
        deadline = time.monotonic() + DRAIN
        for instance in instances:
            self._ended(instance, instance.wait(max(0, deadline - time.monotonic())))

    def _ended(self, instance, status):
        """After a SIGTERM."""
        if status is None:
            self._problem(f"{instance} is still there {DRAIN} s after SIGTERM:\n{instance.last_words()}")
            instance.kill()
        elif not instance.may_end_with(status):
            self._problem(f"{instance} ended with {status}:\n{instance.last_words()}")

    def _crashed(self, instance):
        """Waits until the instance has killed itself: whether it has."""
        status = instance.wait(CRASHED_WITHIN)
        if status == -signal.SIGKILL:
            if self._slots.get(instance.slot) is instance:  # else it has been seen already
                self._self_killed(instance)
            return True
        if status is None:
            self._log(f"{instance} did not get to {instance.point}")
        return False

    def _self_killed(self, instance):
        self.kills += 1
        self.reached.add(instance.point)
        del self._slots[instance.slot]
        self._log(f"{instance} killed itself at {instance.point}")

    def _tend(self, restart=True):
        """Looks after instances that have ended by themselves."""
        for slot, instance in list(self._slots.items()):
            status = instance.status()
            if status is None:
                continue
            if instance.point and status == -signal.SIGKILL:
                self._self_killed(instance)
            else:
                if not (status == 1 and instance.may_end_with(status)):
                    self._problem(f"{instance} ended with {status}:\n{instance.last_words()}")
                else:
                    self._log(f"{instance} was replaced, and ended")
                del self._slots[slot]
            if restart:
                self._start(slot, instance.static)

    def _partitions(self):
        return 1 if self.settings.unkeyed else self.settings.partitions

    def _settle(self, of=None, partitions=None):
        """Waits until so many partitions, all by default, are shown, and figures grow; by one instance, if it is given, or until
        that has come to its crash point."""
        begin = time.monotonic()
        before = self.checker.counted()
        wanted = partitions or self._partitions()
        patience = SHOWN_WITHIN + (RECOVERED_WITHIN if self.sinks else 0)
        while of is None or of.status() is None:
            if of is None:
                self._tend()
            instances = [of] if of else list(self._slots.values())
            latest = self._reader.latest
            shown = {partition for one in instances if one in latest for partition in latest[one][0]}
            if len(shown) >= wanted and self.checker.counted() > before:
                self._log(f"all as it should be after {time.monotonic() - begin:.1f} s: {len(shown)} partitions are shown")
                return
            if self._reader.error:
                raise Stuck("no reader")
            if self._traffic.status() is not None:
                raise Stuck(f"the traffic ended with {self._traffic.status()}:\n{self._traffic.last_words()}")
            if time.monotonic() > begin + patience:
                raise Stuck(f"{len(shown)} of {wanted} partitions are shown by {', '.join(map(str, instances))}, and "
                            f"{self.checker.counted() - before:.0f} events were counted in {patience} s")
            time.sleep(0.1)

    def _last_answers(self):
        for instance, (counters, lags) in self._reader.latest.items():
            self._log(f"{instance} shows the partitions {sorted(counters)}, with the lags {lags}")

    def _problem(self, text):
        self.problems.append(text)
        self._log(f"PROBLEM: {text}")

    def _log(self, text):
        line = f"[{time.monotonic() - self._begin:7.1f} s] {text}"
        print(line, file=self._actions, flush=True)
        self._say(line)


def run_chaos(settings, folder, say=print, broker=None, keep=False):
    """A run with its logs in `folder`, on a broker of its own unless there is one: the Run, which has ended."""
    own = None
    if broker is None:
        own = broker = start_broker(folder)
    try:
        with contextlib.ExitStack() as servers:
            sinks = {}
            for name in settings.sinks:
                sinks[name] = KINDS_OF_SINKS[name]()
                servers.callback(sinks[name].end, folder)
            run = Run(settings, broker, folder, say, sinks)
            run.run()
        never = run.planned_points - run.reached
        if never:
            run.problems.append(f"crash points never reached: {', '.join(sorted(never))}")
        if run.checker.starts < run.kills // 5:
            run.problems.append(f"the reader saw too little: {run.checker.starts} times a process began to show a partition")
        return run
    finally:
        if own:
            shutil.copy(os.path.join(own.directory, "server.log"), os.path.join(folder, "broker.log"))
            own.stop(keep)


def start_broker(folder):
    """One that is quickly back when it was killed; its data in `folder`."""
    properties = os.path.join(folder, "broker.properties")
    pathlib.Path(properties).write_text(BROKER_PROPERTIES)
    return Broker.start(os.path.join(folder, "kafka"), properties=properties)


def main():
    default = Settings()
    parser = argparse.ArgumentParser(
        prog="scripts/chaos", allow_abbrev=False,
        description="Kills, freezes and scales a group of consumers, and their broker, at random, under real traffic. "
                    "Exit status 0: no published figure ever fell, all ended as the truth, nothing else was wrong.")
    parser.add_argument("--kills", type=int, default=default.kills, help="how many instances to kill -9 (%(default)s)")
    parser.add_argument("--instances", type=int, default=default.instances, help="members of the group (%(default)s)")
    parser.add_argument("--seed", type=int, default=default.seed, help="same seed, same actions (%(default)s)")
    parser.add_argument("--partitions", type=int, default=default.partitions, help="of the topic (%(default)s)")
    parser.add_argument("--rate", type=int, default=default.rate, help="events a second (%(default)s)")
    parser.add_argument("--session-timeout", type=float, default=default.session_timeout, metavar="SECONDS",
                        help="of the members (%(default)s)")
    parser.add_argument("--unkeyed", action="store_true", help="all partitions as one unit, the other members stand by")
    parser.add_argument("--sink", action="append", default=[], choices=tuple(KINDS_OF_SINKS), dest="sinks",
                        help="have rows written to such a server, and kill it, too; may be repeated")
    parser.add_argument("--control", action="store_true",
                        help="break the state handling, or that of rows, on purpose: exit status 0 if the test then fails, as it must")
    parser.add_argument("--keep", action="store_true", help="keep logs and the broker's data of a good run, too")
    options = vars(parser.parse_args())
    if options["kills"] < 0 or min(options["instances"], options["partitions"], options["rate"]) < 1:
        parser.error("--kills is at least 0; --instances, --partitions and --rate are at least 1")
    keep = options.pop("keep")
    options["sinks"] = tuple(dict.fromkeys(options["sinks"]))
    if not os.access(binary(), os.X_OK):
        print(f"chaos: no {binary()}: scripts/test builds it", file=sys.stderr)
        return 1

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is cleaned up
    folder = tempfile.mkdtemp(prefix="clickstream-chaos-")
    print(f"chaos: {' '.join(f'{name}={value}' for name, value in options.items())}; logs in {folder}")
    run = run_chaos(Settings(**options), folder, lambda line: print(line, flush=True), keep=keep)
    right, summary = run.verdict()
    if not right or run.settings.control:
        print(run.details())
    if not right:
        print(run.last_words())
    print(summary)
    if right and not keep:
        shutil.rmtree(folder)
    return 0 if right else 1
