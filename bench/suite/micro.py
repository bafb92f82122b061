"""What the parts cost, by the Google Benchmark programs in bench/."""

import json

from suite.inputs import BUILT
from suite.measure import say, timed

PROGRAMS = ["simulator_benchmark", "encode_benchmark", "decode_benchmark"]
ENGINE = "engine_benchmark"


def run(quick, left_out):
    """{name: {items_per_second, real_time, time_unit, and its counters}} of the programs; in order."""
    found = {}
    for program in PROGRAMS:
        found.update(one_program(program, quick, left_out))
    return found


def engine(sessions, quick, left_out):
    """The same of the engine with so many open sessions."""
    return one_program(ENGINE, quick, left_out, str(sessions))


def one_program(program, quick, left_out, *args):
    path = BUILT / program
    if not path.exists():
        left_out.append(program)
        say(f"LEFT OUT, since it is not built: {program}")
        return {}
    say(" ".join([program, *args]))
    out = timed([path, *args, "--benchmark_format=json", f"--benchmark_min_time={0.05 if quick else 1}"]).stdout
    results = json.loads(out[out.index("{"):])["benchmarks"]
    for one in results:
        if one.get("error_occurred"):
            raise RuntimeError(f"{program}: {one['name']}: {one['error_message']}")
    return {one["name"].split("/iterations:")[0]: one for one in results}
