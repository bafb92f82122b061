"""stats of files, pipes and running consumers: every format against a golden file, and what can be wrong with an input."""

import gzip
import json
import os
import re
import signal
import subprocess
import time

import pytest
from support.batch import figures
from support.golden import LINES, compare_with_golden, event, text_of
from support.harness import Process, binary, environment, run

@pytest.fixture
def file(tmp_path):
    path = tmp_path / "events.ndjson"
    path.write_text(text_of(LINES))
    return path


def stats(*args, **options):
    result = run(["stats", *args], **options)
    assert result.returncode == 0, result.stderr
    return result.stdout


def as_json(*args, **options):
    return json.loads(stats("-o", "json", *args, **options))


@pytest.mark.parametrize("form", ["table", "json", "csv", "prom"])
def test_formats(file, form):
    compare_with_golden(f"stats.{form}", stats(file, "-o", form))


def test_books_and_figures(file):
    got = as_json(file)
    assert got["events"] == {"consumed": 10, "counted": 5, "duplicate": 1, "late": 1, "malformed": 3}
    reasons = {name: count for name, count in got["malformed_reasons"].items() if count}
    assert reasons == {"wrong_type_user_id": 1, "out_of_range_duration": 1, "missing_user_id": 1}
    assert got["sessions"] == {"total": 3, "open": 0, "bounced": 2, "with_click": 1, "total_duration_seconds": 35.000001}
    assert got["pages"] == [{"page": page, "page_views": 1} for page in ("/café", "/cart", "/home")]
    assert (got["page_views"], got["clicks"], got["users"], got["windows"]) == (3, 1, 2, [])


def test_files_pipes_and_compression(file, tmp_path):
    expected = {**as_json(file), "as_of": None}
    text = file.read_text()
    half = [tmp_path / "1.ndjson.gz", tmp_path / "2.ndjson"]
    half[0].write_bytes(gzip.compress(text_of(LINES[:3]).encode()) + gzip.compress(text_of(LINES[3:5]).encode()))
    half[1].write_text("\r\n\n  \n" + text_of(LINES[5:]).rstrip("\n").replace("\n", "\r\n"))
    packed = tmp_path / "all.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    subprocess.run(["zstd", "-q", file, "-o", tmp_path / "all.zst"], check=True)
    for args, pipe in ((half, None), ([packed], None), ([tmp_path / "all.zst"], None), (["-"], text), (["--input", "-"], text), (["--input", file], None)):
        assert {**as_json(*args, input=pipe), "as_of": None} == expected, args
    for name in ("all.gz", "all.zst"):
        piped = subprocess.run(["bash", "-c", f"cat {name} | {binary()} stats - -o json"], cwd=tmp_path, capture_output=True,
                               env=environment(), timeout=60)
        assert {**json.loads(piped.stdout), "as_of": None} == expected, name
        consumed = run(["consume", "--input", tmp_path / name, "--metrics-port", "none", "-o", "json"])
        assert json.loads(consumed.stdout.splitlines()[-1])["events"] == expected["events"], name


def test_a_name_that_looks_like_an_option(file, tmp_path):
    file.rename(tmp_path / "-odd")
    assert as_json("--", "-odd", cwd=tmp_path)["events"]["consumed"] == 10
    assert run(["stats", "-odd"], cwd=tmp_path).returncode == 2


def test_nothing_to_count(tmp_path):
    empty = tmp_path / "empty"
    empty.write_text("")
    got = as_json(empty)
    assert got["events"]["consumed"] == 0 and got["bounce_rate_percent"] is None and got["users"] == 0
    assert re.search(r"Bounce rate +-$", stats(empty), re.MULTILINE)
    broken = tmp_path / "broken"
    broken.write_text("x\n{}\n\0\n")
    assert as_json(broken)["events"] == {"consumed": 3, "counted": 0, "duplicate": 0, "late": 0, "malformed": 3}


@pytest.mark.parametrize("make, words", [
    (lambda path: None, "No such file or directory"),
    (lambda path: path.mkdir(), "it is a directory"),
    (lambda path: path.write_bytes(gzip.compress(b"x\n" * 100000, compresslevel=0)[:5000]), "unexpected end of file"),
])
def test_inputs_that_cannot_be_read(tmp_path, make, words):
    path = tmp_path / "input.gz"
    make(path)
    result = run(["stats", path])
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == f"clickstream stats: cannot read {path}: {words}"


def test_options_of_the_engine(file):
    assert as_json(file, "--gap", "2h")["sessions"]["total"] == 2 + 1  # one less, and the late one is in time now
    assert as_json(file, "--gap", "2h")["events"]["late"] == 0
    assert as_json(file, "--lateness", "2h")["events"]["late"] == 0
    assert as_json(file, "--max-pages", 1)["pages"] == [{"page": "_other_", "page_views": 2},
                                                        {"page": "/home", "page_views": 1}]
    assert len(re.findall(r"^/", stats(file, "--top", 2), re.MULTILINE)) == 2


def test_events_of_the_future_are_malformed(tmp_path):
    path = tmp_path / "future"
    path.write_text(text_of([event(0, timestamp=round(time.time()) + 3000), event(1, timestamp=round(time.time()) + 4000)]))
    assert as_json(path)["malformed_reasons"]["out_of_range_timestamp"] == 1
    assert as_json(path, "--max-ahead", "2h")["events"]["counted"] == 2
    assert as_json(path, "--max-ahead", "1m")["events"]["counted"] == 0


def test_expect(file, tmp_path):
    expected = tmp_path / "expected.json"
    expected.write_text(stats(file, "-o", "json"))
    right = run(["stats", file, "--expect", expected])
    assert right.returncode == 0 and right.stderr.endswith("all figures are as expected\n")
    expected.write_text(json.dumps({"clicks": 2, "sessions": {"total": 3}, "pages": [{"page": "/x", "page_views": 1}]}))
    wrong = run(["stats", file, "--expect", expected])
    assert wrong.returncode == 5
    assert re.search(r"^clicks +2 +1$", wrong.stderr, re.MULTILINE)
    assert re.search(r'^pages\["/x"\]\.page_views +1 +absent$', wrong.stderr, re.MULTILINE)
    assert "sessions.total" not in wrong.stderr
    assert wrong.stdout == stats(file).replace(stats(file).splitlines()[0], wrong.stdout.splitlines()[0])
    for content in ("{", "[]", ""):
        expected.write_text(content)
        bad = run(["stats", file, "--expect", expected])
        assert bad.returncode == 1 and "--expect: " in bad.stderr
    for path, words in ((tmp_path / "none", "No such file or directory"), (tmp_path, "Is a directory")):
        missing = run(["stats", file, "--expect", path])
        assert (missing.returncode, missing.stdout) == (1, "")
        assert missing.stderr == f"clickstream stats: cannot read {path}: {words}\n"


def test_expect_where_nothing_can_be_said(file, tmp_path):
    expected = tmp_path / "expected.json"
    with open("/dev/full", "w") as full:
        for clicks, status in ((1, 0), (2, 5)):
            expected.write_text(json.dumps({"clicks": clicks}))
            assert subprocess.run([binary(), "stats", file, "--expect", expected], stdout=subprocess.DEVNULL, stderr=full,
                                  env=environment(), timeout=60).returncode == status


def test_a_batch_computation_in_another_language_agrees(tmp_path):
    path, expected = tmp_path / "events", tmp_path / "expected.json"
    made = run(["produce", "--output", path, "--rate", 0, "--count", 20000, "--users", 500])
    assert made.returncode == 0
    events = [json.loads(line) for line in path.read_text().splitlines()]
    for one in events:
        one["duration"] /= 10  # some visitors fall silent for longer than the gap
    for i in range(0, len(events) - 3, 7):  # disorder and copies, both well within the lateness
        events[i], events[i + 2] = events[i + 2], events[i]
    events += events[-300:]
    path.write_text(text_of(events))
    wanted = figures(events, gap_seconds=5)
    assert wanted["events"]["duplicate"] == 300
    assert wanted["sessions"]["total"] > 50 + len({(one["user_id"], one["session_id"]) for one in events})
    expected.write_text(json.dumps(wanted))
    result = run(["stats", path, "--gap", "5s", "--expect", expected])
    assert result.returncode == 0, result.stderr


def test_a_running_consumer(tmp_path):
    with Process(["consume", "--input", "simulator", "--rate", 1000, "--metrics-port", 0]) as consumer:
        url = consumer.expect(r"live page at (\S+),", "stderr").group(1)
        for asked in (url, url + "/", url + "/stats.json"):
            assert json.loads(stats("--url", asked, "-o", "json"))["users"] is None
        with Process(["stats", "--url", url, "--watch", "-o", "json"]) as watch:
            seen = [json.loads(watch.expect(r"^\{.*\}$").group(0))["events"]["consumed"] for _ in range(2)]
            assert seen[0] < seen[1]
            assert watch.stop(signal.SIGINT) == 0
            shown = watch.stdout.splitlines()
            assert len(set(shown)) == len(shown), "the last was shown again at the end"
        wrong = run(["stats", "--url", url + "/other"])
        assert wrong.returncode == 1 and "404" in wrong.stderr
        consumer.stop()
    gone = run(["stats", "--url", url])
    assert gone.returncode == 1 and len(gone.stderr.splitlines()) == 1


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_cut_short_by_a_signal(tmp_path, number, status):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with Process(["stats", fifo]) as process, open(fifo, "w") as writer:
        writer.write("no json\n")
        writer.flush()
        process.expect("malformed: not_json", "stderr")
        assert process.stop(number) == status
        assert process.stdout == ""


def test_many_files_take_the_memory_of_a_few(tmp_path):
    # Once each file that had been read kept a megabyte and more. (The sanitizers keep 256 MB of what is freed.)
    paths = []
    for number in range(600):
        paths.append(tmp_path / f"{number}.ndjson")
        paths[-1].write_text(json.dumps(event(number)))
    process = subprocess.Popen([binary(), "stats", *paths], stdout=subprocess.DEVNULL, env=environment())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert usage.ru_maxrss < 500_000  # kB
