"""produce without a broker: how much, how fast, the same again, and what can go wrong with files and pipes."""

import json
import re
import resource
import shlex
import signal
import subprocess
import time

import pytest
from support.harness import Process, binary, environment, run

NOW = ["--rate", "0"]


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
