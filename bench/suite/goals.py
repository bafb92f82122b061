"""The goals, each beside what was measured."""

import dataclasses

from suite import throughput


@dataclasses.dataclass
class Goal:
    what: str
    target: str
    measured: str
    share: float  # of the goal: 1 or more is reached

    @property
    def reached(self):
        return "not measured" if self.share is None else "reached" if self.share >= 1 else "not reached"


def at_least(what, unit, target, measured, detail=""):
    return goal(what, f"≥ {target:,g}{unit}", measured, unit, detail, lambda: measured / target)


def at_most(what, unit, target, measured, detail=""):
    return goal(what, f"≤ {target:,g}{unit}", measured, unit, detail, lambda: target / measured)


def goal(what, target, measured, unit, detail, share):
    if measured is None:
        return Goal(what, target, "-", None)
    number = f"{measured:,.0f}" if measured >= 100 else f"{measured:.3g}"
    return Goal(what, target, f"{number}{unit}{detail}", share())


def at_least_times(what, target, results, mine, limit):
    """The rate of one, compared with that of another."""
    if mine not in results or limit not in results:
        return at_least(what, "", target, None)
    ratios = results[mine].ratios(results[limit])
    return at_least(what, "", target, results[mine].ratio(results[limit]), f"; rounds {min(ratios):.2f} to {max(ratios):.2f}")


def value(results, name, key, scale=1.0):
    return results[name][key] * scale if name in results else None


def milliseconds(result):
    return result and result["real_time"] * {"ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1e3}[result["time_unit"]]


def all_goals(found):
    kafka, file, produce = found["kafka"], found["file"], found["produce"]
    sessions = min(found["engine"], key=lambda count: abs(count - 1_000_000))
    million, most = found["engine"][sessions], max(found["engine"])
    scrape, checkpoint, latency = found["scrape"], found["checkpoint"], found["latency"]
    return [
        at_least_times("`consume` from Kafka, as a share of librdkafka's fetch-only rate (a stretch: 0.6)", 0.5,
                       kafka, throughput.CONSUME, throughput.FETCH_ONLY),
        at_least_times("`stats FILE`, times DuckDB with 2 threads, which does not deduplicate", 1.3,
                       file, throughput.STATS, throughput.DUCKDB),
        at_least_times("`produce --rate 0`, as a share of a bare librdkafka producer", 0.8,
                       produce, throughput.PRODUCE, throughput.BARE_PRODUCER),
        at_least("the simulator alone, without encoding", " M events/s", 3,
                 value(found["micro"], "simulate/500", "items_per_second", 1e-6)),
        at_most("an open session of 12 events, deduplication included", " bytes", 256,
                value(million, "fill", "bytes_per_session"), f", of {sessions:,}"),
        at_most("10,000,000 open sessions, at the most while growing", " GB", 2.6,
                value(found["engine"][most], "fill", "peak_bytes_per_session", 1e-2), f", reckoned from {most:,}" if most < 10**7 else ""),
        at_most("GET /metrics with 1,000,000 open sessions, 1,000 pages, 3 partitions: median", " ms", 10,
                scrape["seconds"] * 1e3, f" with {scrape['sessions']:,} and {scrape['pages']:,}; p99 {scrape['p99'] * 1e3:.1f} ms"),
        at_most("an event sent → seen at /metrics, at 10,000 events/s: p99", " s", 1.5,
                latency["p99"], f" at {latency['rate']:,}/s; p50 {latency['p50']:.2f} s; {latency['probes']} probes"),
        at_most("pause of a checkpoint of 1,000,000 sessions", " ms", 200,
                checkpoint["pause"] * 1e3, f" for {checkpoint['sessions']:,}, {checkpoint['bytes'] / 1e6:.0f} MB"),
        at_most("restoring 1,000,000 sessions", " s", 1,
                value({"restore": {"s": milliseconds(million["restore"]) / 1e3}}, "restore", "s") if "restore" in million else None,
                f" for {sessions:,}; from the start of the process until it is ready {checkpoint['ready']:.1f} s"),
    ]
