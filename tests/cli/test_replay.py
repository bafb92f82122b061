"""replay without a broker: what is sent, when, what becomes of the rest, and how a stopped run goes on."""

import gzip
import json
import os
import random
import re
import signal
import subprocess
import time

import pytest
from support.access_log import counted, made_up
from support.harness import PATIENCE, Process, binary, environment, run

MAX = ["--speed", "max"]


def event(n, seconds, user=1, **fields):
    return {"event_id": f"e{n}", "user_id": user, "session_id": 1, "page": "/", "action": "page_view", "duration": 0,
            "timestamp": 1_700_000_000 + seconds, **fields}


def text_of(*events):
    return "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in events)


def recorded(count, rate=100, seed=1):
    made = run(["produce", "--output", "-", "--rate", rate, "--speed", "max", "--count", count, "--seed", seed,
                "--start", "2024-01-01"])
    assert made.returncode == 0
    return made.stdout


def replayed(*args, **options):
    result = run(["replay", "--output", "-", *args], **options)
    assert result.returncode == 0, result.stderr
    return result.stdout


def account(result):
    """The line at the end, without when and who."""
    return [line.split(" info    ")[1] for line in result.stderr.splitlines() if " info    read " in line]


@pytest.fixture
def messy(tmp_path):
    """A file in which every third line is no event."""
    lines = []
    for n, line in enumerate(recorded(3000).splitlines()):
        lines += [line, "" if n % 3 else f'{{"bad": {n}}}', "rubbish  \u2028 \\" if n % 5 == 0 else " "]
    path = tmp_path / "messy.ndjson"
    path.write_text("\n".join(lines))
    return path


def test_events_are_sent_byte_for_byte_in_their_order():
    odd = ('{"timestamp":1.7e9,  "event_id":"\\u0041","user_id":7,"session_id":1,"page":"/\u00e4?q","action":"scroll",'
           '"duration":0.50,"extra":[1,{"timestamp":5}]}')
    early = text_of(event(2, -5))
    text = odd + "\r\n" + early + "\n" + odd
    assert replayed("-", *MAX, input=text) == odd + "\n" + early + odd + "\n"


def test_files_follow_each_other_plain_or_compressed(tmp_path):
    text = recorded(3000)
    third = len(text.splitlines(keepends=True)) // 3
    parts = ["".join(text.splitlines(keepends=True)[i * third:(i + 1) * third]) for i in range(3)]
    paths = [tmp_path / name for name in ("a", "b.gz", "c.zst")]
    paths[0].write_text(parts[0])
    paths[1].write_bytes(gzip.compress(parts[1].encode()))
    (tmp_path / "c").write_text(parts[2])
    subprocess.run(["zstd", "-q", tmp_path / "c"], check=True)
    assert replayed(*paths, *MAX) == text
    assert replayed(*paths[:2], "-", *MAX, input=parts[2]) == text
    for path in paths[1:]:
        with open(path, "rb") as file:
            piped = subprocess.run(["bash", "-c", f"cat | {binary()} replay - --speed max --output - 2>/dev/null"],
                                   stdin=file, capture_output=True, env=environment(), timeout=PATIENCE)
        assert piped.stdout.decode() == parts[paths.index(path)]


@pytest.mark.parametrize("speed, seconds", [("1", 1.2), ("0.5", 2.4), ("2", 0.6)])
def test_gaps_are_kept(speed, seconds):
    """Each line's moment, as its reader sees it; what is out of order comes when the newest before it did."""
    text = text_of(event(1, 0), event(2, 0.5), event(3, 0.1), event(4, 1.2))
    with subprocess.Popen([binary(), "replay", "-", "--speed", speed, "--output", "-"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()) as process:
        process.stdin.write(text.encode())
        process.stdin.close()
        moments = [(json.loads(line)["event_id"], time.monotonic()) for line in process.stdout]
    assert [name for name, _ in moments] == ["e1", "e2", "e3", "e4"]
    gaps = [moment - moments[0][1] for _, moment in moments]
    assert gaps == pytest.approx([0, seconds * 0.5 / 1.2, seconds * 0.5 / 1.2, seconds], abs=0.15)


def test_the_pace_over_ten_minutes(tmp_path):
    """At 300 times the speed it takes two seconds, from the first line to the last."""
    path = tmp_path / "events"
    path.write_text(recorded(6000, rate=10))
    times = [json.loads(line)["timestamp"] for line in path.read_text().splitlines()]
    with subprocess.Popen([binary(), "replay", path, "--speed", "300", "--output", "-"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, env=environment()) as process:
        moments = [time.monotonic() for _ in process.stdout]
    assert len(moments) == 6000
    assert moments[-1] - moments[0] == pytest.approx((times[-1] - times[0]) / 300, rel=0.05)


def test_rebase_shifts_all_times_by_the_same_amount():
    before = recorded(500)
    after = replayed("-", *MAX, "--rebase", "2025-06-01T12:00:00.25Z", input=before)
    times = [[json.loads(line)["timestamp"] for line in text.splitlines()] for text in (before, after)]
    assert times[1][0] == 1748779200.25
    assert [round((b - a) * 1e6) for a, b in zip(*times)] == [round((times[1][0] - times[0][0]) * 1e6)] * 500
    without = [re.sub(r'"timestamp":[0-9.]+', "", text) for text in (before, after)]
    assert without[0] == without[1] != before


def test_what_is_rebased_never_comes_before_its_time():
    """Ten seconds that began nine seconds ago: the last one takes a second at any speed."""
    text = text_of(*(event(n, n / 10) for n in range(101)))
    begin = time.time()
    result = run(["replay", "-", "--output", "-", "--speed", "60", "--rebase", "-9s"], input=text)
    assert result.returncode == 0 and 0.9 < time.time() - begin < 5
    assert json.loads(result.stdout.splitlines()[-1])["timestamp"] == pytest.approx(begin + 1, abs=0.5)
    assert result.stderr.count("caught up with the clock: from here on they come in real time") == 1

    begin = time.time()
    result = run(["replay", "-", "--output", "-", *MAX, "--rebase", "now"], input=text_of(event(1, 0), event(2, 0.7)))
    assert 0.6 < time.time() - begin < 5
    assert json.loads(result.stdout.splitlines()[0])["timestamp"] == pytest.approx(begin, abs=0.5)


def test_every_line_is_accounted_for(messy, tmp_path):
    rejects = tmp_path / "rejects"
    result = run(["replay", messy, "--output", "-", *MAX, "--rejects", rejects])
    assert result.returncode == 0
    assert result.stdout.splitlines() == [line for line in messy.read_text().split("\n") if line.startswith('{"event')]
    bad = [line for line in messy.read_text().split("\n") if line.startswith(('{"bad', "rubbish"))]
    assert rejects.read_text().split("\n")[:-1] == bad and len(bad) == 1600
    assert account(result) == [
        "read 9,000 lines: 3,000 events sent, 1,600 rejected (1,000 missing_event_id, 600 not_json), 4,400 empty"]
    named = re.findall(r"warning (rejected: \S+ at line [0-9,]+) of (.*)$", result.stderr, re.MULTILINE)
    assert [one[0] for one in named] == [f"rejected: {reason} at line {line}" for reason, line in (
        ("missing_event_id", 2), ("not_json", 3), ("missing_event_id", 11), ("not_json", 18), ("missing_event_id", 20),
        ("not_json", 33))]
    assert [one[1] for one in named] == [str(messy)] * 4 + [f"{messy}; further ones are only counted"] * 2


def test_the_file_of_rejects_begins_anew(tmp_path):
    rejects = tmp_path / "rejects"
    for line in ("first", "second"):
        run(["replay", "-", "--output", "-", *MAX, "--rejects", rejects], input=line + "\n")
        assert rejects.read_text() == line + "\n"
    missing = run(["replay", "-", "--output", "-", "--rejects", tmp_path / "no" / "rejects"], input="x\n")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr == f"clickstream replay: cannot write to {tmp_path}/no/rejects: No such file or directory\n"
    full = run(["replay", "-", "--output", "-", *MAX, "--rejects", "/dev/full"], input="x\n" + text_of(event(1, 0)))
    assert full.returncode == 1
    assert full.stderr.endswith("clickstream replay: cannot write to /dev/full: No space left on device\n")


def test_nothing_is_sent_unless_all_files_can_be_read(tmp_path):
    good = tmp_path / "good"
    good.write_text(text_of(event(1, 0)))
    for bad, words in ((tmp_path / "none", "No such file or directory"), (tmp_path, "it is a directory")):
        result = run(["replay", good, bad, "--output", "-"])
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr == f"clickstream replay: cannot read {bad}: {words}\n"


def test_a_truncated_file_gives_what_there_is_then_the_error(tmp_path):
    text = recorded(20_000)
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(text.encode())[:-100_000])
    result = run(["replay", path, "--output", "-", *MAX])
    assert result.returncode == 1 and len(result.stdout) > 500_000 and text.startswith(result.stdout)
    assert result.stderr.endswith(f"clickstream replay: cannot read {path}: unexpected end of file\n")
    assert account(result) == [f"read {(n := len(result.stdout.splitlines())):,} lines: {n:,} events sent"]


def test_what_is_read_is_not_written_over(tmp_path):
    path = tmp_path / "events"
    path.write_text(text_of(event(1, 0)))
    other = tmp_path / "other"
    other.symlink_to(path)
    for option in ("--output", "--rejects"):
        for name in (path, other):
            result = run(["replay", path, "--output", "-", option, name])
            assert (result.returncode, result.stdout) == (2, "") and "is what is read" in result.stderr
    assert path.read_text() == text_of(event(1, 0))


def test_no_lines_at_all():
    result = run(["replay", "-", "--output", "-"], input="")
    assert (result.returncode, result.stdout, account(result)) == (0, "", ["read 0 lines: 0 events sent"])
    result = run(["replay", "-", "--output", "-"], input="\n \n")
    assert (result.returncode, result.stdout, account(result)) == (0, "", ["read 2 lines: 0 events sent, 2 empty"])


def test_a_live_pipe_is_sent_as_it_comes(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with Process(["replay", fifo, "--output", "-"]) as process:
        with open(fifo, "w", buffering=1) as pipe:
            pipe.write("\n")
            for n in range(3):
                pipe.write(text_of(event(n, n / 100)))
                process.expect(rf'"event_id": "e{n}"')
        assert process.wait() == 0


@pytest.mark.parametrize("extra, words", [
    (["--resume", "5"], "--resume: '5' is no position such as 1200:40, which a stopped run names"),
    (["--resume", "5:x"], "--resume: '5:x'"),
    (["--resume", "5:0", "--rebase", "now"], "--rebase: with --resume, give the moment that the stopped run has named"),
    (["--map", "user_id"], "--map: 'user_id' is no FIELD=COLUMN such as user_id=visitor"),
    (["--map", "user_id=visitor"], "--map: names the columns of a CSV, which the input is not"),
    (["--map", "who=visitor", "--input-format", "csv"], "--map: "),
    (["--input-format", "apache"], "--input-format: 'apache' is none of ndjson, csv, common, combined"),
    (["--speed", "0"], "--speed: must be more than 0, or max"),
    (["--rebase", "1999-01-01"], "--rebase: an event's time must lie between the years 2000 and 2100"),
])
def test_wrong_usage(tmp_path, extra, words):
    path = tmp_path / "events"
    path.write_text(text_of(event(1, 0)))
    result = run(["replay", path, "--output", "-", *extra])
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"clickstream replay: {words}") and len(result.stderr.splitlines()) == 1


def test_resume_needs_the_same_input():
    result = run(["replay", "-", "--output", "-", "--resume", "3:0"], input=text_of(event(1, 0), event(2, 0)))
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.endswith("--resume: the input has 2 events, but 3 are said to have been sent\n")


def test_resume_starts_the_pace_with_the_first_event_sent():
    text = text_of(event(1, 0), event(2, 3600), event(3, 3590), event(4, 3600.5))
    begin = time.monotonic()
    rest = replayed("-", "--resume", "1:0", input=text)
    assert 0.45 < time.monotonic() - begin < 5
    assert [json.loads(line)["event_id"] for line in rest.splitlines()] == ["e2", "e3", "e4"]
    begin = time.monotonic()
    assert len(replayed("-", "--resume", "2:0", input=text).splitlines()) == 2
    assert 0.45 < time.monotonic() - begin < 5, "from the newest so far on, not from what came after it out of order"


def stopped(process, number=signal.SIGINT):
    """Stops it: the arguments with which it goes on; none where it was at its end before."""
    status = process.stop(number)
    if status == 0:
        return None
    assert status == 128 + number
    sent, hint = re.search(r"warning stopped at line [0-9,]+ of \S+, after ([0-9,]+) events?; go on with (.*)$",
                           process.stderr, re.MULTILINE).groups()
    assert hint.startswith(f"--resume {sent.replace(',', '')}:")
    return hint.split()


@pytest.mark.parametrize("kind", ["ndjson", "access log", "rebased"])
@pytest.mark.parametrize("seed", [1, 2])
def test_stopped_at_random_and_resumed_it_sends_what_one_run_sends(messy, tmp_path, kind, seed):
    """Events and rejects, to the byte, of as many runs as it takes."""
    path, speed, extra = messy, "15", []
    if kind == "access log":
        path, speed = tmp_path / "access.log", "7200"
        path.write_text("\n".join(made_up(5000, seed=seed)))
    if kind == "rebased":
        extra = ["--rebase", "2025-02-03"]
    outputs = {name: tmp_path / name for name in ("once", "once.rejects", "parts", "parts.rejects")}
    whole = run(["replay", path, *extra, *MAX, "--output", outputs["once"], "--rejects", outputs["once.rejects"]])
    assert whole.returncode == 0 and outputs["once.rejects"].stat().st_size > 0
    rng, hint, stops = random.Random(seed), [], 0
    while hint is not None:
        args = ["replay", path, *(extra if not hint else hint), "--speed", speed]
        with Process([*args, "--output", outputs["parts"], "--rejects", outputs["parts.rejects"]]) as process:
            process.expect("sending events from", "stderr")
            time.sleep(rng.uniform(0, 0.6))  # any moment will do
            hint = stopped(process, rng.choice([signal.SIGINT, signal.SIGTERM]))
        stops += hint is not None
    assert stops >= 2
    for suffix in ("", ".rejects"):
        assert outputs[f"parts{suffix}"].read_bytes() == outputs[f"once{suffix}"].read_bytes()
    if kind == "rebased":
        assert json.loads(outputs["parts"].read_text().splitlines()[0])["timestamp"] == 1738540800


def test_stopped_while_it_skips_it_says_no_less_than_it_was_told(tmp_path):
    """A pipe that has given less than what is to be skipped."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with Process(["replay", fifo, "--output", "-", "--resume", "5:2"]) as process:
        with open(fifo, "w", buffering=1) as pipe:
            pipe.write(text_of("rubbish", event(1, 0), "rubbish", "rubbish"))
            process.expect("rejected: not_json at line 4 of", "stderr")
            assert stopped(process) == ["--resume", "5:3"]
    assert process.stdout == "" and process.stderr.count("rejected: not_json at") == 1


def test_a_closed_pipe_is_silent():
    result = subprocess.run(["bash", "-c", f"{binary()} replay - --output - --speed max 2>err.$$ | head -1; "
                             "echo ${PIPESTATUS[0]}; grep -v 'info    sending' err.$$; rm err.$$"], input=recorded(5000),
                            capture_output=True, text=True, env=environment(), timeout=PATIENCE)
    lines = result.stdout.splitlines()
    assert len(lines) == 2 and lines[1] == "0", result.stdout


def test_an_access_log_end_to_end(tmp_path):
    """Against what plain Python makes of it: nothing is shared but the file."""
    for seed in (1, 2):
        lines = made_up(5000, seed=seed)
        path = tmp_path / "access.log"
        path.write_text("\n".join(lines) + "\n")
        result = run(["replay", path, "--output", tmp_path / "events", *MAX])
        assert result.returncode == 0
        figures = json.loads(run(["stats", tmp_path / "events", "-o", "json"]).stdout)
        expected = counted(lines)
        assert {one["page"]: one["page_views"] for one in figures["pages"]} == expected["pages"]
        assert figures["users"] == expected["visitors"]
        assert figures["sessions"]["total"] == expected["visits"] > expected["visitors"]
        assert figures["events"]["malformed"] == figures["events"]["late"] == figures["events"]["duplicate"] == 0
        line = account(result)[0]
        for reason, count in expected["others"].items():
            words = f"{count:,} {reason}"
            assert re.search(rf"\b{words}\b", line), (words, line)


def test_a_log_from_before_2000_is_read_where_its_times_are_shifted(tmp_path):
    log = tmp_path / "access.log"
    log.write_text('192.0.2.7 - - [01/Jul/1995:00:00:01 -0400] "GET /history/ HTTP/1.0" 200 6245\n'
                   '192.0.2.7 - - [01/Jul/1995:00:00:06 -0400] "GET /shuttle/ HTTP/1.0" 200 3985\n')
    result = run(["replay", log, *MAX, "--output", "-"])
    assert account(result) == ["read 2 lines: 0 events sent, 2 rejected (2 out_of_range_timestamp)"]
    events = [json.loads(line) for line in replayed(log, *MAX, "--rebase", "2024-01-01").splitlines()]
    assert [(one["timestamp"], one["duration"], one["page"]) for one in events] == [
        (1_704_067_200, 5, "/history/"), (1_704_067_205, 0, "/shuttle/")]


def test_a_csv_of_other_names(tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text("visitor;when;url;secs\nann;2024-01-01T00:00:00Z;/a;1.5\nbob;1704067201;/b;2\n;;;\n")
    result = run(["replay", path, "--output", "-", *MAX, "--map", "user_id=visitor,page=url",
                  "--map", "timestamp=when,duration=secs"])
    assert result.returncode == 0, result.stderr
    made = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["page"], one["duration"], one["timestamp"]) for one in made] == [
        ("/a", 1.5, 1704067200), ("/b", 2, 1704067201)]
    assert re.fullmatch(r"read 4 lines: 2 events sent, 1 rejected \(1 \S+\), 1 empty", account(result)[0])
    lacking = run(["replay", path, "--output", "-", *MAX])
    assert (lacking.returncode, lacking.stdout) == (1, "")
    assert f"clickstream replay: line 1 of {path}: the header lacks the column" in lacking.stderr
