"""What a terminal shows: bars and redraws that leave nothing behind; and readers of the output that are stuck."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest
from support.golden import LINES, event, text_of
from support.harness import PATIENCE, binary, environment, run

COLUMNS = [80, 40]


@pytest.fixture(autouse=True)
def terminals():
    """A machine without terminal devices (a chroot without /dev/pts) cannot show any of this."""
    try:
        for one in pty.openpty():
            os.close(one)
    except OSError as error:
        pytest.skip(f"NO TERMINAL TO TEST WITH: {error} (is /dev/pts mounted?)")


def in_terminal(args, columns=80):
    """Runs clickstream to its end with a terminal of so many columns: its exit status and all that it wrote there."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    seen = b""
    with subprocess.Popen([binary(), *map(str, args)], stdin=follower, stdout=follower, stderr=follower,
                          env=environment({"TERM": "xterm"})) as process:
        os.close(follower)
        try:
            while select.select([leader], [], [], PATIENCE)[0]:
                try:
                    chunk = os.read(leader, 65536)
                except OSError:  # nobody has it open any more
                    break
                seen += chunk
            status = process.wait(PATIENCE)
        finally:
            process.kill()
            os.close(leader)
    return status, seen.decode()


def screen(text):
    """The lines that remain in the end, on a terminal that is wide and high enough."""
    lines, column = [""], 0
    for part in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+|\x1b", text):
        if part == "\r":
            column = 0
        elif part == "\n":
            lines.append("")
        elif part == "\x1b[K":
            lines[-1] = lines[-1][:column]
        elif part == "\x1b[H":
            lines, column = [""], 0
        elif part == "\x1b[2J":
            lines = [""]
        else:
            assert "\x1b" not in part, f"{part!r} is no sequence that we use"
            lines[-1] = lines[-1][:column] + part + lines[-1][column + len(part):]
            column += len(part)
    return lines


def bars(text):
    return re.findall(r"\r\x1b\[K(\[[#-]+\] +\d+%[^\r\n]*)", text)


@pytest.mark.parametrize("columns", COLUMNS)
def test_a_bar_leaves_nothing_behind_and_keeps_off_log_lines(tmp_path, columns):
    path = tmp_path / "events"
    path.write_text(text_of(LINES))
    status, text = in_terminal(["stats", path], columns)
    assert status == 0 and bars(text) and all(len(bar) < columns for bar in bars(text))
    shown = screen(text)
    assert [bool(re.match(r"20\d\d-\S+Z warning malformed: ", line)) for line in shown[:4]] == [True] * 3 + [False]
    assert shown[4:-1] == run(["stats", path]).stdout.splitlines()[1:]


@pytest.mark.parametrize("columns", COLUMNS)
def test_a_bar_for_slow_visitors(tmp_path, columns):
    path = tmp_path / "events"
    status, text = in_terminal(["produce", "--output", path, "--rate", 20, "--for", "1s"], columns)
    assert status == 0 and len(bars(text)) > 3 and all(len(bar) < columns for bar in bars(text))
    shares = [int(re.search(r"(\d+)%", bar).group(1)) for bar in bars(text)]
    assert shares == sorted(shares) and shares[0] < 20 and shares[-1] > 50
    assert [line.split("Z info")[-1].split()[0] for line in screen(text)[:-1]] == ["simulating", "sent"]


@pytest.mark.parametrize("columns", COLUMNS)
def test_a_bar_for_a_recording_that_is_read_at_once_and_sent_slowly(tmp_path, columns):
    path = tmp_path / "events"
    run(["produce", "--output", path, "--rate", 100, "--speed", "max", "--count", 200])
    status, text = in_terminal(["replay", path, "--output", tmp_path / "copy"], columns)
    assert status == 0 and len(bars(text)) > 7 and all(len(bar) < columns for bar in bars(text))
    shares = [int(re.search(r"(\d+)%", bar).group(1)) for bar in bars(text)]
    assert shares == sorted(shares) and shares[0] < 10
    if columns == 80:  # else there is no room for the bar, once there are all figures
        assert shares[-1] > 80
        assert re.search(r"\d\d%  1\d\d events  \d+/s  0:0[01] left$", bars(text)[-1])
    assert [line.split("Z info")[-1].split()[0] for line in screen(text)[:-1]] == ["sending", "read"]


def test_no_bar_among_the_events_themselves():
    status, text = in_terminal(["produce", "--output", "-", "--rate", 0, "--count", 200, "--log-level", "error"])
    assert status == 0 and "\x1b" not in text and len(text.splitlines()) == 200


@pytest.mark.parametrize("columns", COLUMNS)
def test_blocks_and_bar_share_a_terminal(tmp_path, columns):
    path = tmp_path / "events"
    path.write_text(text_of(event(n) for n in range(50_000)))
    status, text = in_terminal(["consume", "--input", path, "--metrics-port", "none", "--interval", "10ms"], columns)
    assert status == 0 and bars(text)
    shown = screen(text)
    blocks = shown.count("===== LIVE METRICS =====")
    assert blocks > 1 and len(shown) == 1 + 7 * blocks + 1  # the heading, the blocks, the cursor's line
    assert shown[1::7] == ["===== LIVE METRICS ====="] * blocks + [""]


def test_no_bar_where_nobody_knows_how_much_is_to_come(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen(["bash", "-c", f"echo x > {fifo}"]):
        status, text = in_terminal(["stats", fifo, "--log-level", "error"])
    assert status == 0 and "Events consumed" in text and "\x1b" not in text


def test_watch_redraws_in_place(tmp_path):
    path = tmp_path / "events"
    path.write_text(text_of(LINES))
    status, text = in_terminal(["stats", "--watch", path])
    assert status == 0 and text.count("\x1b[H\x1b[2J") == 1
    assert screen(text)[1:-1] == run(["stats", path]).stdout.splitlines()[1:]


def with_stuck_reader(args):
    """A process whose standard output is a full pipe."""
    reader, writer = os.pipe()
    process = subprocess.Popen([binary(), *args], stdout=writer, stderr=subprocess.PIPE, text=True, env=environment())
    deadline = time.monotonic() + PATIENCE
    while select.select([], [writer], [], 0)[1]:
        assert time.monotonic() < deadline and process.poll() is None
        os.sched_yield()
    os.close(writer)
    return process, reader


STUCK = [["produce", "--output", "-", "--rate", "0", "--log-level", "warn"],
         ["consume", "--input", "simulator", "--metrics-port", "none", "--interval", "1ms"]]


def test_a_stuck_reader_holds_the_end_up_for_eight_seconds_at_most():
    begin = time.monotonic()
    started = [with_stuck_reader(args) for args in STUCK]
    for process, _ in started:
        process.terminate()
    for process, reader in started:
        _, errors = process.communicate(timeout=PATIENCE)
        os.close(reader)
        assert process.returncode == 1
        assert errors.endswith(": cannot write to standard output: its reader is stuck\n")
    assert 7.9 < time.monotonic() - begin < 7.9 + PATIENCE / 2


@pytest.mark.parametrize("args", STUCK, ids=["produce", "consume"])
def test_a_second_signal_ends_at_once(args):
    process, reader = with_stuck_reader(args)
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    os.close(reader)
    assert process.returncode in (130, 143)
    assert time.monotonic() - begin < 7, "it waited for its reader"
