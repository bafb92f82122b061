"""produce without a broker: how much, how fast, the same again, and what can go wrong with files and pipes."""

import json
import re
import resource
import shlex
import signal
import subprocess
import time

import pytest
from support.batch import figures
from support.harness import Process, binary, environment, run

NOW = ["--rate", "0"]
WINDOWS = ["--window", "1m", "--window", "5m/1m"]
FAULTS = ["--duplicates", "1%", "--disorder", "5s", "--late", "0.1%", "--malformed", "0.1%", "--offline", "1%"]


def produced(*args, **options):
    result = run(["produce", "--output", "-", *args], **options)
    assert result.returncode == 0, result.stderr
    return result.stdout


def events(text):
    return [json.loads(line) for line in text.splitlines()]


def test_count_is_exact():
    made = events(produced(*NOW, "--count", 12345))
    assert len(made) == 12345
    assert len({event["event_id"] for event in made}) == 12345
    assert list(made[0]) == ["event_id", "user_id", "session_id", "page", "action", "duration", "timestamp"]
    assert {event["action"] for event in made} == {"page_view", "click"}
    times = [event["timestamp"] for event in made]
    assert times == sorted(times) and times[-1] <= time.time()


def test_for_is_exact_too():
    assert len(events(produced("--speed", "max", "--rate", 500, "--for", "1h"))) == 1_800_000
    assert len(events(produced("--speed", "max", "--rate", "0.5", "--for", "10m"))) == 300


def test_count_and_for_whichever_comes_first():
    both = ["--speed", "max", "--rate", 500]
    assert len(events(produced(*both, "--for", "1h", "--count", 7))) == 7
    assert len(events(produced(*both, "--for", "1s", "--count", 100_000))) == 500
    assert len(events(produced("--count", 4, "--for", "1d", "--start", "-1h", "--speed", "max"))) == 4


def test_a_large_count_is_taken():
    with Process(["produce", "--output", "/dev/null", *NOW, "--count", "50_000_000"]) as process:
        process.expect("simulating visitors from", "stderr")
        assert process.stop(signal.SIGINT) == 130


def test_real_time():
    begin = time.monotonic()
    made = events(produced("--rate", 500, "--for", "2s"))
    seconds = time.monotonic() - begin
    assert len(made) == 1000
    assert 1.9 < seconds < 10
    assert abs(made[0]["timestamp"] + 2 - made[-1]["timestamp"]) < 0.01


def test_sixty_times_as_fast():
    begin = time.time()
    made = events(produced("--rate", 100, "--for", "2m", "--speed", 60))
    assert len(made) == 12000
    assert 1.9 < time.time() - begin < 10
    assert begin - 1 < made[-1]["timestamp"] < begin + 5, "two minutes that end at the start of the run"


def test_simulated_time_never_passes_the_clock():
    """An hour that began half a second ago: from now on it is real time, whatever the speed."""
    begin = time.monotonic()
    with Process(["produce", "--output", "-", "--rate", 100, "--speed", "max", "--for", "1h", "--start", "now"]) as process:
        line = process.expect(r"^\{.*\}$").group(0)
        assert json.loads(line)["timestamp"] <= time.time()
        process.expect(r"(?:^\{.*\}\n){50}")
        assert time.monotonic() - begin > 0.45
        assert process.stop(signal.SIGINT) == 130


def test_same_seed_and_start_same_bytes():
    args = [*NOW, "--count", 5000, "--seed", 7, "--start", "2024-01-01T00:00:00Z"]
    first = produced(*args)
    assert produced(*args) == first
    assert events(first)[0]["timestamp"] >= 1704067200
    assert produced(*args[:-1], "1704067200") == first
    assert produced(*args[:-1], "2024-01-01T01:00:00+01:00") == first
    assert produced(*NOW, "--count", 5000, "--seed", 8, "--start", "2024-01-01") != first
    assert produced(*NOW, "--count", 9) != produced(*NOW, "--count", 9), "without --seed each run is another"


def test_population_and_daily_cycle():
    made = events(produced(*NOW, "--count", 3000, "--users", 5))
    assert {event["user_id"] for event in made} == {1, 2, 3, 4, 5}
    day = events(produced("--speed", "max", "--for", "1d", "--rate", 1, "--daily-cycle", "--start", "2024-01-01", "--seed", 1))
    by_hour = [sum(1 for event in day if int(event["timestamp"]) % 86400 // 3600 == hour) for hour in range(24)]
    assert max(by_hour) > 2 * min(by_hour) and 75_000 < len(day) < 98_000


def test_a_site_of_ones_own(tmp_path):
    path = tmp_path / "site.json"
    path.write_text(json.dumps({"leave_at_once": 0.3, "landing": {"/only": 1},
                                "pages": {"/only": {"stay": 5, "click": 0.1, "next": {"/only": 0.5}}}}))
    assert {event["page"] for event in events(produced(*NOW, "--count", 100, "--site", path))} == {"/only"}
    path.write_text('{"landing": {}}')
    wrong = run(["produce", "--output", "-", "--site", path])
    assert wrong.returncode == 2 and wrong.stderr.startswith(f"clickstream produce: {path}: ")
    for path, words in ((tmp_path / "none", "No such file or directory"), (tmp_path, "Is a directory")):
        missing = run(["produce", "--output", "-", "--site", path])
        assert (missing.returncode, missing.stdout) == (1, "")
        assert missing.stderr == f"clickstream produce: cannot read {path}: {words}\n"


def test_truth_is_what_stats_finds(tmp_path):
    truth, file = tmp_path / "t.json", tmp_path / "e.ndjson"
    made = run(["produce", "--output", file, *NOW, "--count", 20000, "--truth", truth, "--gap", "1m"])
    assert made.returncode == 0 and made.stdout == ""
    assert re.search(r"sent 20000 events in .*, all delivered", made.stderr)
    assert run(["stats", file, "--expect", truth, "--gap", "1m"]).returncode == 0
    assert run(["stats", file, "--expect", truth, "--gap", "10ms"]).returncode == 5
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".part"] == []


@pytest.mark.parametrize("gap", ["30m", "1s"])
def test_the_truth_is_exact_with_faults(tmp_path, gap):
    truth, file = tmp_path / "t.json", tmp_path / "e.ndjson"
    made = run(["produce", "--output", file, *NOW, "--count", 500_000, "--gap", gap, "--truth", truth, *FAULTS,
                *WINDOWS])
    assert made.returncode == 0, made.stderr
    said = re.search(r"sent (\d+) records in .*, all delivered: 500000 events, (\d+) duplicate, (\d+) late, (\d+) malformed",
                     made.stderr)
    consumed, duplicate, late, malformed = map(int, said.groups())
    assert consumed == 500_000 + duplicate + late + malformed == file.read_bytes().count(b"\n")
    assert 4_500 < duplicate < 5_500 and 400 < late < 600 and 400 < malformed < 600
    expected = json.loads(truth.read_text())
    assert expected["events"] == {"consumed": consumed, "counted": 500_000, "duplicate": duplicate, "late": late,
                                  "malformed": malformed}
    assert min(expected["malformed_reasons"].values()) > 10
    assert {one["window"] for one in expected["windows"]} == {"1m", "5m/1m"}
    stats = ["stats", file, "--expect", truth, "--gap", gap, *WINDOWS]
    assert run(stats).returncode == 0
    assert run([*stats, "--lateness", "4s"]).returncode == 5, "there is disorder"


def test_the_truth_with_faults_is_that_of_the_events_alone(tmp_path):
    """Counted by other code than the engine's."""
    truth, file = tmp_path / "t.json", tmp_path / "e.ndjson"
    args = [*NOW, "--count", 20_000, "--seed", 3, "--start", "2024-01-01", "--gap", "1m"]
    assert run(["produce", "--output", file, *args, *FAULTS, "--truth", truth]).returncode == 0
    visitors = set(produced(*args).encode().splitlines())
    good = [line for line in file.read_bytes().splitlines() if line in visitors]
    expected = json.loads(truth.read_text())
    assert set(good) == visitors, "faults change no event"
    assert len(good) == 20_000 + expected["events"]["duplicate"]
    found = figures([json.loads(line) for line in good], 60)
    assert found.pop("events") == {"counted": 20_000, "duplicate": expected["events"]["duplicate"], "late": 0}
    assert {name: expected[name] for name in found} == found


def test_same_seed_and_start_same_faults():
    args = ["produce", "--output", "-", *NOW, "--count", "3000", "--start", "2024-01-01", *FAULTS, "--malformed", "10%"]

    def bytes_of(*more):
        return subprocess.run([binary(), *args, *more], capture_output=True, check=True, env=environment(), timeout=60).stdout

    first = bytes_of("--seed", "7")
    assert bytes_of("--seed", "7") == first
    assert bytes_of("--seed", "8") != first
    assert b"\xff" in first and b"\n\n" not in first and first.count(b"\n") > 3250


def test_disorder_keeps_within_its_time():
    times = [event["timestamp"] for event in events(produced(*NOW, "--count", 50_000, "--disorder", "5s"))]
    newest, most = 0, 0
    for time_of_event in times:
        most = max(most, newest - time_of_event)
        newest = max(newest, time_of_event)
    assert 4.9 < most <= 5


def test_real_time_with_disorder(tmp_path):
    truth, file = tmp_path / "t.json", tmp_path / "e.ndjson"
    begin = time.time()
    with Process(["produce", "--output", "-", "--rate", 500, "--disorder", "5s", "--duplicates", "10%", "--truth", truth]) as process:
        process.expect(r"(?:^\{.*\}\n){500}")
        assert process.stop(signal.SIGINT) == 0
    made = events(process.stdout)
    seconds = time.time() - begin
    assert max(event["timestamp"] for event in made) <= time.time(), "nothing is sent before it happens"
    expected = json.loads(truth.read_text())["events"]
    assert expected["consumed"] == len(made) and expected["counted"] <= 500 * seconds + 1
    file.write_text(process.stdout)
    assert run(["stats", file, "--expect", truth]).returncode == 0


def test_what_is_held_is_sent_at_the_end():
    begin = time.monotonic()
    made = events(produced("--rate", 500, "--for", "2s", "--disorder", "10s"))
    assert len(made) == 1000
    assert 1.9 < time.monotonic() - begin < 10


@pytest.mark.parametrize("args, error", [
    (["--duplicates", "5"], "--duplicates: '5' is more than 100%; did you mean 5%?"),
    (["--late", "-1%"], "--late: '-1%' is no share such as 1%, 0.1% or 0.01"),
    (["--disorder", "10001ms"],
     "--disorder: longer than --lateness: some events would come too late to count, and the truth be wrong"),
    (["--disorder", "5s", "--lateness", "4s"],
     "--disorder: longer than --lateness: some events would come too late to count, and the truth be wrong"),
    (["--offline", "1%", "--lateness", "0"], "--offline: nobody is offline for a --lateness of 0"),
    (["--late", "1%", "--start", "2000-01-01T01:31:00Z"],
     "--late: too early a --start: an event that is late by --gap and --lateness would lie before the year 2000"),
    (["--window", "1500ms"], "--window: '1500ms' is no window such as 1m or 5m/1m, in whole seconds"),
])
def test_faults_that_cannot_be(args, error):
    result = run(["produce", "--output", "-", "--count", 1, *args])
    assert (result.returncode, result.stdout, result.stderr) == (2, "", f"clickstream produce: {error}\n")


def test_late_events_of_the_earliest_start():
    start = ["--late", "100%", "--count", 1000, *NOW, "--start"]
    assert min(event["timestamp"] for event in events(produced(*start, "2000-01-01T01:31:10Z"))) >= 946684800
    assert run(["produce", "--output", "-", *start, "2000-01-01T01:31:09Z"]).returncode == 2


def test_only_produce_makes_faults():
    result = run(["consume", "--input", "simulator", "--duplicates", "1%"])
    assert result.returncode == 2 and "duplicates" in result.stderr


def test_what_cannot_be_written_is_known_before_the_work():
    for option in ("--truth", "--output"):
        result = run(["produce", "--output", "-", option, "/no/such/folder/file"])
        assert (result.returncode, result.stdout) == (1, "")
        assert "cannot write" in result.stderr and "No such file or directory" in result.stderr
        folder = run(["produce", "--output", "-", option, "/"])
        assert (folder.returncode, folder.stdout) == (1, "")
        assert "cannot write" in folder.stderr and "s a directory" in folder.stderr and len(folder.stderr.splitlines()) == 1


def test_a_path_that_cannot_be_looked_up_is_an_error_too(tmp_path):
    """It used to end the program by an exception."""
    path = tmp_path / ("a" * 300)
    result = run(["produce", "--output", "-", *NOW, "--count", 1, "--truth", path])
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"clickstream produce: cannot write {path}: File name too long\n"


def in_shell(words, cwd):
    """Runs clickstream with redirections that subprocess cannot do."""
    return subprocess.run(["bash", "-c", f"{shlex.quote(binary())} {words}"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, env=environment(), timeout=60, cwd=cwd)


def test_closed_standard_descriptors_do_not_become_files(tmp_path):
    """The events used to come to stand in the log, and the log among the events."""
    few = "produce --rate 0 --count 10"
    assert in_shell(f"{few} --output events 2>&-", tmp_path).returncode == 0
    assert len(events((tmp_path / "events").read_text())) == 10
    result = in_shell(f"{few} --output - --log-file log >&-", tmp_path)
    assert result.returncode == 1
    assert result.stderr.endswith("clickstream produce: cannot write to standard output: Bad file descriptor\n")
    assert "event_id" not in (tmp_path / "log").read_text()
    result = in_shell("stats - <&-", tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "clickstream stats: cannot read standard input: Bad file descriptor\n"


def test_a_full_disk():
    with open("/dev/full", "w") as full:
        result = subprocess.run([binary(), "produce", "--output", "-", *NOW, "--count", "5000"], stdout=full,
                                stderr=subprocess.PIPE, text=True, env=environment(), timeout=60)
    assert result.returncode == 1
    assert "clickstream produce: cannot write to standard output: No space left on device\n" in result.stderr


def test_a_file_ends_with_a_whole_line_when_the_disk_is_full(tmp_path):
    path = tmp_path / "events.ndjson"

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_001, 100_001))

    result = subprocess.run([binary(), "produce", "--output", path, *NOW, "--count", "5000"], preexec_fn=limit,
                            stderr=subprocess.PIPE, text=True, env=environment(), timeout=60)
    assert result.returncode == 1 and "File too large" in result.stderr
    text = path.read_text()
    assert 99_000 < len(text) <= 100_001 and text.endswith("}\n")
    events(text)


def test_a_closed_pipe_is_silent():
    result = subprocess.run(["bash", "-c", f"{binary()} produce --output - --rate 0 2>err.$$ | head -1; "
                             "echo ${PIPESTATUS[0]}; grep -v ' info ' err.$$; rm err.$$"],
                            capture_output=True, text=True, env=environment(), timeout=60)
    lines = result.stdout.splitlines()
    assert len(lines) == 2 and lines[1] == "0", result.stdout


@pytest.mark.parametrize("number, bounded, status", [
    (signal.SIGINT, True, 130), (signal.SIGTERM, True, 143), (signal.SIGINT, False, 0), (signal.SIGTERM, False, 0)])
def test_signals(number, bounded, status):
    args = ["produce", "--output", "-", "--rate", 2, *(["--count", 100000] if bounded else [])]
    with Process(args) as process:
        process.expect(r"^\{.*\}$")  # paced lines come in time, not when there is a block of them
        assert process.stop(number) == status
        assert process.stdout.endswith("}\n")
