"""A web server's access log made up for a test, and what a few plain lines of Python make of it."""

import datetime
import random
import re
from collections import Counter

BROWSERS = ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15"]
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
RUBBISH = ["this is no log line", "\x16\x03\x01", '10.0.0.1 - - [99/Foo/2024:00:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "x"']
START = datetime.datetime(2024, 3, 9, 22, tzinfo=datetime.timezone.utc)
LINE = re.compile(r'(\S+) \S+ \S+ \[([^]]+)\] "(\S+) (\S+) [^"]*" (\d+) \S+ "[^"]*" "([^"]*)"')


def made_up(count, seconds=4 * 3600, seed=1, rubbish=0.02):
    """`count` lines of the combined format over so many seconds, a few of them slightly out of order or no log lines."""
    rng = random.Random(seed)
    lines = []
    for second in sorted(rng.uniform(0, seconds) for _ in range(count)):
        if rng.random() < rubbish:
            lines.append(rng.choice(RUBBISH))
            continue
        at = START + datetime.timedelta(seconds=second - rng.choice([0, 0, 0, 2]))
        kind = rng.random()
        method = "POST" if kind < 0.05 else "GET"
        status = 404 if 0.05 < kind < 0.1 else 200
        path = rng.choice(["/style.css", "/img/logo.PNG?v=2"] if kind > 0.8 else ["/", "/shop", "/shop?page=2", "/about"])
        agent = BOT if 0.7 < kind < 0.8 else rng.choice(BROWSERS)
        lines.append(f'10.0.{rng.randrange(2)}.{rng.randrange(20)} - - [{at:%d/%b/%Y:%H:%M:%S +0000}] '
                     f'"{method} {path} HTTP/1.1" {status} 512 "-" "{agent}"')
    return lines


def counted(lines):
    """Page views by page, visitors, visits (a silence of over 30 minutes ends one), and what else there was."""
    views, times, others = Counter(), {}, Counter()
    for line in lines:
        match = LINE.fullmatch(line)
        if not match or "Foo" in line:
            others["rejected"] += 1
            continue
        host, time, method, path, status, agent = match.groups()
        if int(status) >= 400:
            others["status"] += 1
        elif method != "GET":
            others["method"] += 1
        elif re.search(r"\.(css|png)$", path.split("?")[0], re.IGNORECASE):
            others["static_file"] += 1
        elif "bot" in agent:
            others["bot"] += 1
        else:
            views[path.split("?")[0]] += 1
            stamp = datetime.datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z").timestamp()
            times.setdefault((host, agent), []).append(stamp)
    visits = 0
    for stamps in times.values():
        stamps.sort()
        visits += 1 + sum(later - earlier > 1800 for earlier, later in zip(stamps, stamps[1:]))
    return {"pages": dict(views), "visitors": len(times), "visits": visits, "others": dict(others)}
