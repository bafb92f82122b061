"""docs/performance.md and its pictures; and what is printed of it."""

import datetime

from suite import chart, throughput
from suite.goals import milliseconds
from suite.inputs import BENCH

SMALL = """**This was a small run: of use to see that everything is there, not for its figures.** To start,
to join its group and to leave it is most of what a consumer of a small input does.

"""

TEXT = """# Performance

Written by `scripts/bench` on {date}, which measures all of it again: {setting}.

{small}{machine}

A noisy machine changes rates by a third, ratios within a round by a quarter. So contestants take turns, every other round backwards; a ratio is that to the
limit in the same round, and the median of {rounds} rounds is shown (of the Python clients, {python_rounds}), after one that does not count: it brings
programs into memory. Times are those of whole processes, from start to end.

## Goals

{goals}

*Of the goal*: 1 or more is reached.
{left_out}
## Reading from Kafka

{events:,} events of simulated visitors, {size:.0f} bytes each, in 3 partitions. Ours joins a group, keeps its state in Kafka and deduplicates; the others do neither, and join none.

{kafka}

## Reading a file

The same events. `stats` deduplicates; the others don't. Only *lag() for the gap* ends sessions as `stats` does; plain GROUP BY is what the goal is measured against.

{file}

## Writing to Kafka

Idempotent, lz4, keyed by user, 3 partitions. Ours simulates the visitors and writes the JSON; the other sends lines that are ready.

{produce}

## Parts

{micro}

## As work grows

### Open sessions

The engine alone, with sessions of 12 events that arrive scattered (`bench/engine_benchmark.cpp`).

{engine}

A consumer with {scrape[sessions]:,} open sessions, {scrape[pages]:,} pages and 3 partitions took {resident:.2f} GB in all, with what it had fetched; its /metrics are {page_size:.0f} kB.

### Partitions

`consume --until-end` of {events:,} events.

{partitions}

### Pages

`stats FILE`, which has no limit of pages, with {events:,} events.

{pages}

### Instances

A group that finds {events:,} events in 12 partitions. All of it runs on the {cores} cores that the broker has, too: more instances than these share
them out, and no more. [Scaling](scaling.md) has what to plan with.

{instances}

{where}"""


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join("---" for _ in heads) + " |"]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def goals_table(goals):
    return table(["goal", "at", "measured", "of the goal", ""],
                 [(one.what, one.target, one.measured, "-" if one.share is None else f"{one.share:.2f}", one.reached) for one in goals])


def contest_table(results):
    limit = next(iter(results.values()))
    return table(["", "seconds", "M events/s", "of the first", "µs of processor an event", "memory, MB"],
                 [(one.name, f"{one.seconds:.2f}", f"{one.rate / 1e6:.3g}", f"{one.ratio(limit):.2f}",
                   f"{1e6 * one.processor / one.events:.2f}", f"{one.memory / 1e6:,.0f}") for one in results.values()])


def micro_table(results):
    return table(["", "M items/s", "ns an item"],
                 [(f"`{name}`", f"{one['items_per_second'] / 1e6:.3g}", f"{1e9 / one['items_per_second']:,.0f}")
                  for name, one in results.items()])


class Growth:
    """A table of what grows, and its picture."""

    def __init__(self, name, heads, rows, panels):
        self.name = name
        self.heads = heads
        self.rows = rows      # (x, value…), of numbers
        self.panels = panels  # the columns that are drawn

    def markdown(self):
        if not self.rows:
            return "Not measured."
        rows = [[f"{row[0]:,}", *(f"{one:,.3g}" if one < 1000 else f"{one:,.0f}" for one in row[1:])] for row in self.rows]
        picture = f"\n\n![{self.heads[self.panels[0]]}, {self.heads[self.panels[1]]}](images/growth-{self.name}.svg)" if self.drawn else ""
        return table(self.heads, rows) + picture

    @property
    def drawn(self):
        return len(self.rows) > 1

    def svg(self):
        columns = list(zip(*self.rows))
        return chart.two_panels(self.heads[0], columns[0], [(self.heads[index], columns[index]) for index in self.panels])


def growths(found):
    engine = [(count, one["fill"]["items_per_second"] / 1e6, one["open_and_close"]["items_per_second"] / 1e6,
               one["fill"]["bytes_per_session"], count * one["fill"]["peak_bytes_per_session"] / 1e6,
               milliseconds(one["save"]), milliseconds(one["restore"])) for count, one in found["engine"].items() if one]

    def process(results, *more):
        return [(count, one["rate"] / 1e6, 1e6 * one["processor"], one["memory"] / 1e6, *(1e6 * one[name] for name in more))
                for count, one in results.items()]

    heads = ["M events/s", "µs of processor an event", "memory, MB"]
    return {
        "engine": Growth("sessions", ["open sessions", "M events/s, filling", "M events/s, as many closing as opening",
                                      "bytes a session", "memory at the most, MB", "ms to save", "ms to restore"], engine, (1, 4)),
        "partitions": Growth("partitions", ["partitions", *heads], process(found["partitions"]), (1, 3)),
        "pages": Growth("pages", ["pages", *heads], process(found["pages"]), (1, 3)),
        "instances": Growth("instances", ["instances", *heads, "broker, µs an event"], process(found["instances"], "broker"), (1, 3)),
    }


def write(folder, found, goals, machine, setting, cores, quick):
    """performance.md in the folder, the pictures in its images/."""
    pictures = folder / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    grown = growths(found)
    for one in grown.values():
        if one.drawn:
            (pictures / f"growth-{one.name}.svg").write_text(one.svg())
    left_out = f"\n**Left out**, because it could not be had: {', '.join(found['left_out'])}.\n" if found["left_out"] else ""
    scrape = found["scrape"]
    (folder / "performance.md").write_text(TEXT.format(
        date=f"{datetime.date.today():%-d %B %Y}", setting=setting, small=SMALL if quick else "", rounds=found["rounds"],
        python_rounds=min(found["rounds"], throughput.ROUNDS_OF_PYTHON),
        machine=table(["", ""], machine), goals=goals_table(goals), left_out=left_out, events=found["events"], size=found["size"],
        kafka=contest_table(found["kafka"]), file=contest_table(found["file"]), produce=contest_table(found["produce"]),
        micro=micro_table(found["micro"]), scrape=scrape, resident=scrape["memory"] / 1e9, page_size=scrape["bytes"] / 1e3, cores=cores,
        where=(BENCH / "where_the_time_goes.md").read_text(), **{name: one.markdown() for name, one in grown.items()}))


def printed(goals):
    """The goals for a terminal."""
    rows = [(one.reached, one.target, one.measured, one.what) for one in goals]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[3]]) for row in rows)
