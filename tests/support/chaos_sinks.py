"""The sinks of a chaos run: real servers that are killed with all they do, a watch over the rows that they show meanwhile, and
at the end the comparison of all rows with the traffic's truth, and with what its events come to (batch.py).
"""

import itertools
import json
import pathlib
import shutil
from collections import Counter

from support import batch, rows
from support.harness import Background
from support.postgres import Postgres
from support.search import SearchNode

GAP = 10  # seconds
KINDS = (("5s", 5, 5), ("15s/5s", 15, 5))  # of windows: name, size, hop

# Short stays: a session closes when its last stay is over and a gap after it, and the end of a run waits for all of them.
SITE = {
    "leave_at_once": 0.3,
    "landing": {"/": 0.7, "/blog": 0.3},
    "pages": {
        "/": {"stay": 0.4, "click": 0.4, "next": {"/list": 0.6, "/blog": 0.25}},
        "/blog": {"stay": 0.6, "click": 0.15, "next": {"/blog": 0.35, "/": 0.3}},
        "/list": {"stay": 0.4, "click": 0.5, "next": {"/list": 0.25, "/item": 0.5, "/": 0.1}},
        "/item": {"stay": 0.5, "click": 0.3, "next": {"/list": 0.45, "/cart": 0.3}},
        "/cart": {"stay": 0.3, "click": 0.6, "next": {"/list": 0.3}},
    },
}
USERS = 100_000
WATCHED_USERS = 2_000  # the first of them
PACE = 2.0  # seconds from one sample to the next


class PostgresSink:
    """A server that loses nothing it has confirmed."""

    def __init__(self):
        self._server = Postgres(fsync="on")
        self._server.start()
        self.url = self._server.url()
        self.kill = self._server.kill
        self.restart = self._server.start

    def end(self, folder):
        self._server.stop()
        shutil.copy(self._server.directory / "log", pathlib.Path(folder, "postgresql.log"))
        shutil.rmtree(self._server.directory)

    def rows(self, users=None):
        """Of all users, or the first so many; and all windows."""
        some = "" if users is None else f"WHERE user_id < {users}"
        sessions = self._server.sql(f"""SELECT json_build_object('type', 'session', {self._PLACE}, 'user_id', user_id,
            'session_id', session_id, 'start', {self._time('started_at')}, 'end', {self._time('ended_at')},
            'event_duration_seconds', extract(epoch FROM event_duration), 'events', events, 'page_views', page_views,
            'clicks', clicks, 'bounced', bounced, 'entry_page', entry_page) FROM clickstream.sessions {some}""")
        windows = self._server.sql(f"""SELECT json_build_object('type', 'window', {self._PLACE}, 'window', kind,
            'start', {self._time('started_at')}, 'page_views', page_views, 'clicks', clicks, 'sessions', sessions,
            'users', users, 'pages', pages) FROM clickstream.windows""")
        return [json.loads(row) for (row,) in sessions + windows]

    _PLACE = "'partition', partition, 'epoch', epoch, 'offset', input_offset"

    @staticmethod
    def _time(column):
        return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


class SearchSink:
    def __init__(self):
        self._node = SearchNode("os2")
        self.url = self._node.url
        self.restart = self._node.start

    def kill(self):
        # It writes its log again before it takes rows: minutes for that of a whole run, where the machine is busy.
        self._node.ask("PUT", "/clickstream-*/_settings", {"index.translog.flush_threshold_size": "8mb"})
        self._node.kill()

    def end(self, folder):
        shutil.copy(pathlib.Path(self._node.directory, "log"), pathlib.Path(folder, "search.log"))
        self._node.__exit__()

    def rows(self, users=None):
        some = {"match_all": {}} if users is None else {"range": {"user_id": {"lt": users}}}
        return self._all("sessions", some) + self._all("windows", {"match_all": {}})

    def _all(self, name, query):
        self._whole(self._node.ask("POST", f"/clickstream-{name}/_refresh"))
        page = self._node.ask("POST", f"/clickstream-{name}/_search?scroll=1m", {"size": 5000, "query": query, "sort": ["_doc"]})
        found = []
        while hits := self._whole(page)["hits"]["hits"]:
            found += [hit["_source"] for hit in hits]
            page = self._node.ask("POST", "/_search/scroll", {"scroll": "1m", "scroll_id": page["_scroll_id"]})
        self._node.ask("DELETE", "/_search/scroll", {"scroll_id": page["_scroll_id"]})
        return found

    @staticmethod
    def _whole(answer):
        assert answer["_shards"]["failed"] == 0 and not answer.get("timed_out"), answer
        return answer


KINDS_OF_SINKS = {"postgresql": PostgresSink, "search": SearchSink}


class Watch(Background):
    """In a with statement: a thread that looks at some of a sink's rows again and again. What a row says never changes, and
    its version never falls; what two samples in a row have shown is in all later ones. (One alone may have shown a row whose
    writing was never confirmed.)"""

    def __init__(self, sink, offsets_vary):
        super().__init__()
        self._sink = sink
        self._offsets_vary = offsets_vary
        self._last = {}
        self._known = set()
        self.samples = 0
        self.seen = 0
        self.faults = []
        self.error = None

    def _run(self):
        while not self._stop.wait(PACE):
            try:
                found = self._sink.rows(WATCHED_USERS)
            except (AssertionError, OSError, ValueError, KeyError) as error:
                self.error = error  # it may be down, or have no tables yet
                continue
            self.samples += 1
            self.judge(found)

    def judge(self, found):
        """A sample's rows."""
        now = {rows.key(row): row for row in found}
        self.seen = max(self.seen, len(now))
        self.faults += [f"gone: {self._last[key]}" for key in self._known - now.keys()]
        for key, before in self._last.items():
            row = now.get(key, before)
            if rows.version(row) < rows.version(before):
                self.faults.append(f"a version fell: {before} -> {row}")
            elif row != before and not (self._offsets_vary and {**row, "offset": 0} == {**before, "offset": 0}):
                self.faults.append(f"changed: {before} -> {row}")
        self._known = (self._known | self._last.keys()) & now.keys()
        self._last = now


class Expected:
    """What the rows have to be, by the traffic's truth and by its events."""

    def __init__(self, truth, events):
        self.sums = {
            "sessions": truth["sessions"]["total"], "bounced": truth["sessions"]["bounced"],
            "with_click": truth["sessions"]["with_click"],
            "duration": batch.micros(truth["sessions"]["total_duration_seconds"]),
            "page_views": truth["page_views"], "clicks": truth["clicks"], "events": truth["events"]["counted"]}
        self.truth_windows = {
            name: {one["start"]: tuple(one[figure] for figure in ("page_views", "clicks", "sessions", "users"))
                   for one in truth["windows"] if one["window"] == name} for name, _, _ in KINDS}
        self.sessions = Counter(batch.session_rows(events, GAP))
        self.windows = {name: batch.window_rows(events, size, hop) for name, size, hop in KINDS}

    def differing(self, found):
        """[(figure, of the rows, expected)]"""
        sessions = [rows.session(row) for row in found if row["type"] == "session"]
        sums = {"sessions": len(sessions), "bounced": sum(one[8] for one in sessions),
                "with_click": sum(one[7] > 0 for one in sessions), "duration": sum(one[3] - one[2] for one in sessions),
                "page_views": sum(one[6] for one in sessions), "clicks": sum(one[7] for one in sessions),
                "events": sum(one[5] for one in sessions)}
        different = [(f"sum of {name}", sums[name], self.sums[name]) for name in sums if sums[name] != self.sums[name]]
        twice = [key for key, count in Counter(map(rows.key, found)).items() if count > 1]
        different += [("rows of one key", key, "one") for key in twice]
        counted = Counter(sessions)
        different += [("a session", "missing", row) for row in (self.sessions - counted).elements()]
        different += [("a session", row, "none such") for row in (counted - self.sessions).elements()]
        for name, _, _ in KINDS:
            windows = rows.windows(found, name)
            different += self._different(f"window {name}", windows, self.windows[name])
            different += self._different(f"window {name}, by the truth", {start: one[:4] for start, one in windows.items()},
                                         self.truth_windows[name])
        return different

    @staticmethod
    def _different(what, one, other):
        return [(f"{what} of {start}", one.get(start), other.get(start)) for start in sorted(one.keys() | other.keys())
                if one.get(start) != other.get(start)]


def some(faults, most=20):
    """The first of many, as lines."""
    lines = [str(fault) for fault in itertools.islice(faults, most)]
    return lines + ([f"and {len(faults) - most} more"] if len(faults) > most else [])
