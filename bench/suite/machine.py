"""What was measured on, and with what."""

import os
import pathlib
import platform
import re
import subprocess
import sys

from suite.inputs import BUILT, wheels
from support.harness import ROOT, binary


def first_line(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.partition("\n")[0]


def found(pattern, path):
    match = re.search(pattern, pathlib.Path(path).read_text(), re.MULTILINE)
    return match.group(1) if match else "unknown"


def release(folder):
    """`name-1.2.3-…` -> 1.2.3"""
    return re.search(r"-(\d+(?:\.\d+)*)", pathlib.Path(folder).name).group(1)


def package(folder, name):
    return next((release(one) for one in pathlib.Path(folder).glob(f"{name}-*.dist-info")), "unknown")


def described():
    """(what, which) pairs."""
    processor = found(r"^model name\s*: (.*)", "/proc/cpuinfo")
    gigabytes = int(found(r"^MemTotal:\s+(\d+)", "/proc/meminfo")) * 1024 / 1e9
    system = found('^PRETTY_NAME="(.*)"', "/etc/os-release")
    cache = BUILT.parent / "CMakeCache.txt"
    compiler = first_line(found("^CMAKE_CXX_COMPILER:[A-Z]+=(.*)", cache), "--version")
    flags = found("^CMAKE_CXX_FLAGS_RELWITHDEBINFO:[A-Z]+=(.*)", cache)
    versions = subprocess.run([binary(), "--version"], capture_output=True, text=True).stdout
    librdkafka = re.search(r"librdkafka (\S+)", versions)
    rows = [("processor", f"{processor}, {os.cpu_count()} cores"),
            ("memory", f"{gigabytes:.0f} GB"),
            ("system", f"{system}, Linux {platform.release()}"),
            ("compiler", f"{compiler}, {flags}"),
            ("clickstream", first_line("git", "-C", str(ROOT), "describe", "--always", "--dirty")),
            ("librdkafka", librdkafka.group(1) if librdkafka else "unknown"),
            ("Apache Kafka", f"{release(first_line(ROOT / 'scripts/kafka', 'libs'))}, one broker on the same machine"),
            ("Python", sys.version.split()[0])]
    if folder := wheels("duckdb"):
        rows.append(("DuckDB", package(folder, "duckdb")))
    if folder := wheels("kafka"):
        rows.append(("confluent-kafka, orjson", f"{package(folder, 'confluent_kafka')}, {package(folder, 'orjson')}"))
    import kafka  # pylint: disable=import-outside-toplevel
    return [*rows, ("kafka-python", kafka.__version__)]
