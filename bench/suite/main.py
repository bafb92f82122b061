"""What scripts/bench runs: measures everything, prints the goals, writes docs/performance.md."""

import argparse
import os
import pathlib
import signal
import sys
import tempfile

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1]), str(pathlib.Path(__file__).resolve().parents[2] / "tests")]
from suite import goals, growth, live, machine, micro, report, throughput  # noqa: E402
from suite.inputs import long_visits, open_sessions, topic_of, write_events  # noqa: E402
from suite.measure import say  # noqa: E402
from support.harness import ROOT  # noqa: E402
from support.kafka import Broker, Kafka  # noqa: E402

FULL = {"events": 2_000_000, "rounds": 9, "engine": [10_000, 100_000, 1_000_000, 10_000_000], "sessions": 1_000_000, "partitions": [1, 3, 12, 48],
        "pages": [10, 100, 1_000, 10_000, 100_000], "instances": [1, 2, 3, 4], "probes": 250, "rate": 10_000, "growth_rounds": 3}
QUICK = {"events": 100_000, "rounds": 1, "engine": [10_000, 100_000], "sessions": 20_000, "partitions": [1, 12],
         "pages": [10, 10_000], "instances": [1, 2], "probes": 20, "rate": 1_000, "growth_rounds": 1}


def options():
    parser = argparse.ArgumentParser(prog="scripts/bench", add_help=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--events", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--output", type=pathlib.Path)
    return parser.parse_args()


def percentiles(seconds):
    return {"p50": live.percentile(seconds, 0.5), "p99": live.percentile(seconds, 0.99), "probes": len(seconds)}


def measure(folder, broker, asked, quick):
    kafka = Kafka(broker.brokers)
    events, rounds = asked["events"], asked["rounds"]
    found = {"events": events, "rounds": rounds, "left_out": []}
    left_out = found["left_out"]
    path = write_events(folder / "events.ndjson", "--rate", 0, "--count", events)
    found["size"] = path.stat().st_size / events
    say(f"{events} events of {found['size']:.0f} bytes")
    found["kafka"] = throughput.from_kafka(kafka, path, events, rounds, left_out)
    found["file"] = throughput.from_file(path, events, rounds, left_out)
    found["produce"] = throughput.to_kafka(kafka, path, events, rounds)
    found["micro"] = micro.run(quick, left_out)
    found["engine"] = {count: micro.engine(count, quick, left_out) for count in asked["engine"]}
    found["latency"] = {"rate": asked["rate"], **percentiles(live.latency(kafka, asked["rate"], asked["probes"]))}
    found["partitions"] = growth.partitions(kafka, path, events, asked["partitions"], asked["growth_rounds"])
    found["pages"] = growth.pages(path, events, asked["pages"], asked["growth_rounds"])
    found["instances"] = growth.instances(kafka, broker.directory, path, events, asked["instances"], asked["growth_rounds"])
    path.unlink()

    say(f"{asked['sessions']} open sessions")
    events = 12 * asked["sessions"]
    path = write_events(folder / "open.ndjson", *open_sessions(long_visits(folder / "site.json", 1000), events))
    found["scrape"] = live.scrape(kafka, topic_of(kafka, path, events, 3), events, 100)
    found["checkpoint"] = live.checkpoint(kafka, path, events)
    return found


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # as any other way out: the broker is stopped
    asked = options()
    sizes = dict(QUICK if asked.quick else FULL)
    for name in ("events", "rounds"):
        if getattr(asked, name):
            sizes[name] = getattr(asked, name)
    output = asked.output or ROOT / ("build/bench" if asked.quick else "docs")
    described = machine.described()
    with tempfile.TemporaryDirectory(prefix="clickstream-bench-") as folder:
        broker = Broker.start()
        try:
            found = measure(pathlib.Path(folder), broker, sizes, asked.quick)
        finally:
            broker.stop()
    judged = goals.all_goals(found)
    setting = f"{sizes['events']:,} events, {sizes['rounds']} rounds"
    report.write(output, found, judged, described, setting, os.cpu_count(), asked.quick)
    print(report.printed(judged))
    if asked.quick:
        print("A small run: to see that it works, not for its figures.")
    for name in found["left_out"]:
        print(f"LEFT OUT: {name}")
    print(f"Written: {output / 'performance.md'}")


if __name__ == "__main__":
    main()
