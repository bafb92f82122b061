"""The figures of a finite list of events, computed at once: sort, cut, add up. In another language than the engine, and
in another way; for inputs without late events, whose copies of an id are identical."""

from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal


def micros(seconds):
    return int((Decimal(repr(seconds)) * 1_000_000).quantize(Decimal(1), ROUND_HALF_UP))


def page_path(page):
    return page.split("?")[0].split("#")[0] or "/"


def sessions_of(events, gap):
    """The events of one user and session id, cut where covered time is silent for longer than the gap."""
    cut = []
    end = None
    for event in sorted(events, key=lambda one: micros(one["timestamp"])):
        start = micros(event["timestamp"])
        if end is None or start - end > gap:
            cut.append([])
            end = start
        cut[-1].append(event)
        end = max(end, start + micros(event["duration"]))
    return cut


def figures(events, gap_seconds=1800):
    """As `stats -o json` has them, without ratios, malformed reasons and windows."""
    by_key = defaultdict(dict)
    for event in events:
        by_key[event["user_id"], event["session_id"]].setdefault(event["event_id"], event)
    sessions = [one for group in by_key.values() for one in sessions_of(group.values(), gap_seconds * 1_000_000)]
    counted = [event for group in by_key.values() for event in group.values()]
    views = Counter(page_path(event["page"]) for event in counted if event["action"] == "page_view")
    actions = [Counter(event["action"] for event in one) for one in sessions]
    duration = sum(max(micros(event["timestamp"]) + micros(event["duration"]) for event in one)
                   - min(micros(event["timestamp"]) for event in one) for one in sessions)
    return {
        "events": {"counted": len(counted), "duplicate": len(events) - len(counted), "late": 0},
        "page_views": sum(views.values()),
        "clicks": sum(one["click"] for one in actions),
        "users": len({event["user_id"] for event in counted}),
        "sessions": {
            "total": len(sessions),
            "open": 0,
            "bounced": sum(1 for one in actions if one["page_view"] <= 1 and one["click"] == 0),
            "with_click": sum(1 for one in actions if one["click"]),
            "total_duration_seconds": float(Decimal(duration) / 1_000_000),
        },
        "pages": [{"page": page, "page_views": count}
                  for page, count in sorted(views.items(), key=lambda item: (-item[1], item[0]))],
    }


def distinct(events):
    """Without later copies of an id within a user's session id."""
    by_key = {}
    for event in events:
        by_key.setdefault((event["user_id"], event["session_id"], event["event_id"]), event)
    return list(by_key.values())


def session_rows(events, gap_seconds=1800):
    """What a sink has to hold of them, as sorted tuples."""
    by_key = defaultdict(list)
    for event in distinct(events):
        by_key[event["user_id"], event["session_id"]].append(event)
    rows = []
    for (user, session), group in by_key.items():
        for one in sessions_of(group, gap_seconds * 1_000_000):
            begins = [micros(event["timestamp"]) for event in one]
            views = [(micros(event["timestamp"]), page_path(event["page"])) for event in one if event["action"] == "page_view"]
            clicks = sum(event["action"] == "click" for event in one)
            rows.append((user, session, min(begins),
                         max(begin + micros(event["duration"]) for begin, event in zip(begins, one)),
                         sum(micros(event["duration"]) for event in one), len(one), len(views), clicks,
                         len(views) <= 1 and clicks == 0, min(views)[1] if views else None))
    return sorted(rows, key=repr)


def window_rows(events, size, hop):
    """{start: (page views, clicks, sessions, users, {page: views})}, of whole seconds."""
    windows = defaultdict(list)
    for event in distinct(events):
        moment = micros(event["timestamp"])
        start = moment // (hop * 1_000_000) * hop
        while start + size > moment / 1_000_000:
            windows[start].append(event)
            start -= hop
    return {start: (sum(event["action"] == "page_view" for event in one), sum(event["action"] == "click" for event in one),
                    len({(event["user_id"], event["session_id"]) for event in one}), len({event["user_id"] for event in one}),
                    dict(Counter(page_path(event["page"]) for event in one if event["action"] == "page_view")))
            for start, one in windows.items()}
