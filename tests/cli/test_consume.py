"""consume without a broker: the block byte for byte, HTTP, the log, bad input, and how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest
from support.golden import LINES, compare_with_golden, event, text_of
from support.harness import ROOT, Process, binary, environment, http_get, run, wait_until

HEADING = "📊 Metrics Consumer started with Prometheus exporter...\n"
QUIET = ["--metrics-port", "none", "--interval", "0"]


def url_of(process):
    return process.expect(r"live page at (\S+),", "stderr").group(1)


def test_the_block(tmp_path):
    path = tmp_path / "events"
    path.write_text(text_of(LINES))
    result = run(["consume", "--input", path, *QUIET])
    assert result.returncode == 0
    assert result.stdout.startswith(HEADING + "===== LIVE METRICS =====\n")
    text = re.sub(r"\d+ events/s", "(rate) events/s", re.sub(r"\d\d:\d\d:\d\d UTC", "(clock) UTC", result.stdout))
    compare_with_golden("consume.block", text)


def test_json_lines():
    result = run(["consume", "--input", "-", "-o", "json", *QUIET], input=text_of(LINES))
    (line,) = result.stdout.splitlines()
    assert {**json.loads(line), "as_of": 0} == {**json.loads(run(["stats", "-", "-o", "json"], input=text_of(LINES)).stdout), "as_of": 0}


def test_http_shows_what_stats_shows(tmp_path):
    with Process(["consume", "--input", "simulator", "--rate", 2000, "--metrics-port", 0, "--interval", "500ms"]) as process:
        url = url_of(process)
        process.expect(r"^Sessions: \d+ \(\d+ open\) \| CTR: [\d.]+% \| Avg Session: [\d.]+ s \| \d+ events/s \| lag - ")
        metrics = http_get(url + "/metrics")
        assert metrics.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        checked = subprocess.run([ROOT / "scripts/promtool", "check", "metrics"], input=metrics.text, text=True,
                                 capture_output=True, timeout=120)
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
        for name in ("clicks_total", "sessions", "bounce_rate_percent", "process_resident_memory_bytes",
                     'clickstream_events_total{partition="0",result="late"}', "clickstream_watermark_timestamp_seconds"):
            assert re.search(rf"^{re.escape(name)}[ {{]", metrics.text, re.MULTILINE), name
        stats = json.loads(http_get(url + "/stats.json").text)
        assert stats["users"] is None and stats["events"]["counted"] > 0
        assert http_get(url + "/healthz").text == "ok\n"
        assert http_get(url + "/readyz").text == "ready\n"
        page = http_get(url + "/")
        assert page.headers["Content-Type"].startswith("text/html") and "Bounce rate" in page.text
        assert http_get(url + "/other").status == 404
        assert http_get(url + "/metrics", method="POST").status == 405
        assert process.stop(signal.SIGINT) == 0
        assert process.stdout.endswith(" UTC\n=========================\n")


@pytest.mark.parametrize("speed, start", [("1", None), ("3600", 1_704_067_200), ("max", 1_704_067_200)])
def test_the_time_of_simulated_visitors(speed, start):
    """Now and in real time, or from 2024 on and faster."""
    begin = time.time()
    with Process(["consume", "--input", "simulator", "--rate", 1000, "--speed", speed, "--metrics-port", 0]) as process:
        url = url_of(process)

        def has_come(moment):
            text = http_get(url + "/metrics").text
            found = re.search(r"^clickstream_watermark_timestamp_seconds\S* (\S+)$", text, re.MULTILINE)
            return found and float(found.group(1)) > moment and found

        found = wait_until(lambda: has_come(start + 60 if start else begin - 10))
        assert float(found.group(1)) < (start + 365 * 86400 if start else time.time())


def test_a_live_pipe_is_counted_as_it_comes():
    """The moment of reading is a record's time: events of the moment are no second ahead of it."""
    popen = subprocess.Popen([binary(), "consume", "--input", "-", "--metrics-port", "0", "--interval", "0",
                              "--max-ahead", "0"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    try:
        url = re.search(r"live page at (\S+),", popen.stderr.readline()).group(1)
        for number in range(1, 4):
            popen.stdin.write(text_of([event(number, timestamp=time.time())]))
            popen.stdin.flush()
            wait_until(lambda: json.loads(http_get(url + "/stats.json").text)["events"]["counted"] == number)
        out, err = popen.communicate(timeout=30)  # closes its standard input
        assert popen.returncode == 0 and "Page Views: {'/home': 3}" in out and err == ""
    finally:
        popen.kill()


def test_an_open_pipe_shows_what_stats_says_of_the_same_lines():
    popen = subprocess.Popen([binary(), "consume", "--input", "-", "--metrics-port", "0", "--log-level", "info"],
                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                             env=environment())
    try:
        url = re.search(r"live page at (\S+),", popen.stderr.readline()).group(1)
        popen.stdin.write(text_of(LINES))
        popen.stdin.flush()
        shown = wait_until(lambda: (got := json.loads(http_get(url + "/stats.json").text))["events"]["consumed"] == 10 and got)
        expected = json.loads(run(["stats", "-", "-o", "json"], input=text_of(LINES)).stdout)
        assert shown["sessions"].pop("open") == 2 and expected["sessions"].pop("open") == 0
        assert {**shown, "as_of": None} == {**expected, "as_of": None}
    finally:
        popen.kill()
        popen.communicate()


def test_the_address_may_be_ipv6():
    with Process(["consume", "--input", "simulator", "--listen", "::1", "--metrics-port", 0, "--interval", 0]) as process:
        said = process.expect(r"live page at (\S+),|built without IPv6$", "stderr")
        if said.group(1):
            assert said.group(1).startswith("http://[::1]:") and http_get(said.group(1) + "/healthz").status == 200
        else:  # some systems' civetweb
            assert process.wait() == 1
            assert process.stdout == "" and process.stderr.startswith("clickstream consume: cannot listen on [::1]:0: ")


def test_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run(["consume", "--input", "simulator", "--metrics-port", port])
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"clickstream consume: cannot listen on 127.0.0.1:{port}: Address already in use")
    assert len(result.stderr.splitlines()) == 1


def test_an_address_that_is_none():
    result = run(["consume", "--input", "simulator", "--listen", "no-such-host.invalid", "--metrics-port", 0])
    assert result.returncode == 1 and "cannot listen on no-such-host.invalid" in result.stderr


def test_the_log(tmp_path):
    path = tmp_path / "logs" / "deep" / "analytics.log"
    result = run(["consume", "--input", "-", *QUIET, "--log-file", path, "--log-format", "json"], input=text_of(LINES))
    assert result.returncode == 0
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["level"] for line in lines] == ["warning"] * 3 + ["info"]
    assert lines[-1]["message"].startswith("Sessions: 3 (0 open) | CTR: 33.33% | ")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines)
    assert [json.loads(line) for line in result.stderr.splitlines()] == lines[:3]
    quiet = run(["consume", "--input", "-", *QUIET, "--log-level", "error"], input=text_of(LINES))
    assert quiet.stderr == ""
    cannot = run(["consume", "--input", "-", "--log-file", "/proc/none/x"], input="")
    assert cannot.returncode == 1 and "cannot write the log" in cannot.stderr and len(cannot.stderr.splitlines()) == 1


def test_malformed_records_are_named_once_and_counted():
    broken = "no json\n" * 3 + "\0\0\0\0\1x\n" + text_of([event(1, page="")]) * 2
    result = run(["consume", "--input", "-", *QUIET], input=broken)
    assert result.returncode == 0
    assert "malformed 6 |" in result.stdout
    assert re.findall("malformed: (.*); further ones are only counted", result.stderr) == [
        "not_json at record 0", "out_of_range_page at record 4"]
    assert len(re.findall("looks like Avro", result.stderr)) == 1


def test_words_of_visitors_are_harmless_in_a_terminal():
    result = run(["consume", "--input", "-", *QUIET], input=text_of([event(1, page="/\x1b[2J\n'\\")]))
    assert r"Page Views: {" in result.stdout and "\x1b" not in result.stdout
    assert len(result.stdout.splitlines()) == 8


def test_a_file_that_cannot_be_read(tmp_path):
    result = run(["consume", "--input", tmp_path, "--metrics-port", "none"])
    assert (result.returncode, result.stdout) == (1, HEADING)
    assert result.stderr == f"clickstream consume: cannot read {tmp_path}: it is a directory\n"


def test_a_signal_ends_the_wait_for_a_named_pipes_writer(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with Process(["consume", "--input", fifo, "--metrics-port", 0, "--interval", 0]) as process:
        wait_until(lambda url=url_of(process): http_get(url + "/readyz").status == 200)
        assert process.stop(signal.SIGINT) == 0
        assert process.stdout.count("===== LIVE METRICS =====") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_drains_and_ends(number):
    with Process(["consume", "--input", "simulator", "--rate", 100, "--metrics-port", 0, "--interval", 0]) as process:
        url_of(process)
        assert process.stop(number) == 0
        assert process.stdout.count("===== LIVE METRICS =====") == 1


def test_standard_output_closed(tmp_path):
    errors = tmp_path / "errors"
    result = subprocess.run(["bash", "-c", f"{binary()} consume --input simulator --rate 100 --metrics-port none "
                             f"--interval 200ms 2>{errors} | head -3; echo ${{PIPESTATUS[0]}}"],
                            capture_output=True, text=True, env=environment(), timeout=60)
    assert result.stdout.splitlines()[-1] == "0" and errors.read_text() == ""


def test_standard_output_full():
    with open("/dev/full", "w") as full:
        result = subprocess.run([binary(), "consume", "--input", "simulator", "--metrics-port", "none"], stdout=full,
                                stderr=subprocess.PIPE, text=True, env=environment(), timeout=60)
    assert result.returncode == 1
    assert result.stderr == "clickstream consume: cannot write to standard output: No space left on device\n"
