"""What a terminal shows: bars and blocks that are drawn in place; and readers of the output that are stuck."""

import contextlib
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import time

import pyte
import pytest
from support.golden import LINES, event, text_of
from support.harness import PATIENCE, binary, environment, run
from support.terminal import Terminal

COLUMNS = [80, 40]


@pytest.fixture(autouse=True)
def terminals():
    """A machine without terminal devices (a chroot without /dev/pts) cannot show any of this."""
    try:
        for one in pty.openpty():
            os.close(one)
    except OSError as error:
        pytest.skip(f"NO TERMINAL TO TEST WITH: {error} (is /dev/pts mounted?)")


def in_terminal(args, columns=80, env=None):
    """Runs clickstream to its end with a terminal of so many columns: its exit status and all that it wrote there."""
    with Terminal(args, columns, env=env) as terminal:
        return terminal.wait(), terminal.text


def screen(text):
    """The lines that remain in the end, on a terminal that is wide and high enough."""
    whole = pyte.Screen(300, 300)
    pyte.Stream(whole).feed(text)
    return [row.rstrip() for row in whole.display[:whole.cursor.y + 1]]


def bars(text):
    return re.findall(r"\x1b\[[JK](\[[#-]+\] +\d+%[^\r\n\x1b]*)", text)


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
    args = ["consume", "--input", path, "--metrics-port", "none", "--interval", "10ms"]
    with Terminal(args, columns) as terminal:
        assert terminal.wait() == 0
        assert bars(terminal.text) and terminal.text.count(TOP) > 1
        assert_one_block(terminal, ended=True)
        assert terminal.shown()[0].startswith("📊") and not terminal.history()


def test_no_bar_where_nobody_knows_how_much_is_to_come(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen(["bash", "-c", f"echo x > {fifo}"]):
        status, text = in_terminal(["stats", fifo, "--log-level", "error"])
    assert status == 0 and "Events consumed" in text and "\x1b" not in text


TOP = "===== LIVE M"  # as far as it is seen in 20 columns
BOTTOM = "================="
SIMULATOR = ["consume", "--input", "simulator", "--rate", 200, "--metrics-port", "none", "--interval", "50ms"]


def block_of(terminal):
    """The rows of the one block in view."""
    rows = terminal.shown()
    tops = [y for y, row in enumerate(rows) if row.startswith(TOP)]
    bottoms = [y for y, row in enumerate(rows) if row.startswith(BOTTOM)]
    assert len(tops) == len(bottoms) == 1 and tops[0] < bottoms[0], "\n".join(rows)
    return rows[tops[0]:bottoms[0] + 1]


def assert_one_block(terminal, ended=False):
    """In view, none in the history, nothing wider than the terminal, the cursor below, hidden until the end."""
    block = block_of(terminal)
    assert not any(TOP in row or BOTTOM in row for row in terminal.history())
    rows, cursor = terminal.shown(), terminal.screen.cursor
    below = rows.index(block[-1]) + 1
    assert (cursor.x, cursor.y) == (0, below) and not any(rows[below:])
    assert all(row[terminal.screen.columns - 1].data == " "
               for y, row in terminal.screen.buffer.items() if below - len(block) <= y < below)
    assert cursor.hidden != ended
    return block


def blocks_drawn(terminal, count):
    """Waits for so many more, and for the whole of the last."""
    mark = b"\x1b[?7h"  # rows wrap again
    before = terminal.bytes.count(mark)
    terminal.wait_for(lambda: terminal.bytes.count(mark) >= before + count
                      and terminal.bytes.endswith((mark, mark + b"\x1b[J")), f"{count} blocks")


@pytest.mark.parametrize("columns", [80, 40, 20])
def test_consume_redraws_one_block_in_place(columns):
    with Terminal(SIMULATOR + ["--window", "1s", "--lateness", "0s"], columns, 50) as terminal:
        terminal.wait_for(lambda: b"Window 1s" in terminal.bytes, "a window")
        blocks_drawn(terminal, 5)
        block = assert_one_block(terminal)
        assert terminal.shown()[0].startswith("📊") and len(block) > 8
        terminal.type("\x03")
        assert terminal.wait() == 0
        assert_one_block(terminal, ended=True)


def test_the_last_block_says_no_less_than_the_one_in_whose_place_it_is():
    """It comes a moment later, in which most often no session was touched."""
    sessions = re.compile(r"Clicks per Session: \{\d")
    with Terminal(["consume", "--input", "simulator", "--rate", 1, "--metrics-port", "none", "--interval", "600ms"], 80, 50) as terminal:
        terminal.wait_for(lambda: sessions.search("\n".join(terminal.shown())), "sessions")
        terminal.type("\x03")
        assert terminal.wait() == 0
        assert sessions.search("\n".join(assert_one_block(terminal, ended=True)))


@pytest.mark.parametrize("rows", [9, 5, 2])
def test_a_block_is_never_higher_than_the_terminal(rows):
    with Terminal(SIMULATOR, 40, rows) as terminal:
        terminal.wait_for(lambda: b"LIVE METRICS" in terminal.bytes or rows == 2, "a block")
        blocks_drawn(terminal, 5)
        shown = terminal.shown()
        assert not any(TOP in row for row in terminal.history())
        assert terminal.screen.cursor.y == min(rows - 1, 8) and shown[-1] == ""
        if rows < 9:
            assert re.fullmatch(r"… \d more lines", shown[rows - 2])
        terminal.process.terminate()
        assert terminal.wait() == 0
        assert len("\n".join(terminal.history() + terminal.shown()).split(TOP)) == 2, "not one whole block in the end"


def test_a_resized_terminal_gets_the_block_at_once():
    figures = set()
    with Terminal(SIMULATOR[:-1] + ["3s"], rows=50) as terminal:
        blocks_drawn(terminal, 1)
        for columns in (40, 100, 20, 60, 80):
            terminal.resize(columns)
            blocks_drawn(terminal, 1)
            figures.update(re.findall(r"Sessions: \d+", "\n".join(assert_one_block(terminal))))
            assert terminal.shown()[0].startswith("📊 Metrics Consumer"[:columns - 1])
        assert len(figures) < 3, "it was not the same block again"
        terminal.process.terminate()
        assert terminal.wait() == 0
        assert_one_block(terminal, ended=True)


@contextlib.contextmanager
def consume_fifo(tmp_path, columns, *options, **more):
    """`consume` in a terminal, and what to write events to."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    args = ["consume", "--input", fifo, "--metrics-port", "none", "--interval", "50ms", *options]
    with Terminal(args, columns, **more) as terminal, open(fifo, "w") as events:
        yield terminal, events


ODD_PAGES = ["/日本語/ページ/" + "漢" * 30, "/😀👍🏽/" + "🎉" * 20, "/e" + "\u0301" * 30 + "/" + "o\u0308" * 40, "/" + "x" * 2000,
             "/\x1b[31mred\r\n\x07", "/한국어,  |  ｆｕｌｌ"]


@pytest.mark.parametrize("columns", [80, 33, 20])
def test_pages_of_any_name_keep_to_their_rows(tmp_path, columns):
    with consume_fifo(tmp_path, columns, "--window", "1s") as (terminal, events):
        events.write(text_of(event(n, page=page) for n, page in enumerate(ODD_PAGES * 3)))
        events.flush()
        terminal.wait_for(lambda: "Window 1s" in terminal.text, "the window's line")
        blocks_drawn(terminal, 3)
        block = assert_one_block(terminal)
        assert "\x1b[31m" not in terminal.text and "\x07" not in terminal.text
        if columns == 80:
            views = "\n".join(block)
            assert "'/xxxxx" in views and "日本語" in views and "\\x1b[31mred" in views
            assert len(re.findall(r"(: |…\S* )3\b", views)) >= len(ODD_PAGES), "a figure is cut off\n" + views


MALFORMED = ["no event\n", "[]\n", text_of([event(1, user_id="4")]), text_of([event(2, duration=-1)]),
             text_of([event(3, page=4)])]  # each reason is named once


def test_log_lines_go_above_the_block(tmp_path):
    with consume_fifo(tmp_path, 120) as (terminal, events):
        blocks_drawn(terminal, 2)
        for n, line in enumerate(MALFORMED):
            events.write(line)
            events.flush()
            terminal.wait_for(lambda: terminal.text.count(" malformed: ") == n + 1, "the log line")
            blocks_drawn(terminal, 2)
            assert_one_block(terminal)
        events.close()
        assert terminal.wait() == 0
        assert_one_block(terminal, ended=True)
        rows = terminal.shown()
        log = rows[1:rows.index("===== LIVE METRICS =====")]
        assert all(re.match(r"20\d\d-\S+Z warning malformed: \w+ at ", row) for row in log) and len(log) == len(MALFORMED)


def test_log_lines_scroll_away_above_a_block_that_fills_the_terminal(tmp_path):
    with consume_fifo(tmp_path, 40, rows=9) as (terminal, events):
        events.write(text_of([event(n, page=f"/{n}") for n in range(20)]))
        events.flush()
        terminal.wait_for(lambda: "'/0': 1" in terminal.text, "the pages")
        events.write("no event\n")
        events.flush()
        terminal.wait_for(lambda: "malformed: " in terminal.text, "the log line")
        blocks_drawn(terminal, 2)
        assert_one_block(terminal)
        log = "".join(terminal.history())
        assert log.startswith("📊") and "malformed: not_json" in log


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGABRT], ids=["quit", "abort"])
def test_an_abrupt_end_shows_the_cursor_again(number):
    with Terminal(SIMULATOR) as terminal:
        blocks_drawn(terminal, 2)
        terminal.process.send_signal(number)
        assert terminal.wait() == -number
        assert_one_block(terminal, ended=True)
        assert pyte.modes.DECAWM in terminal.screen.mode


def test_a_second_signal_shows_the_cursor_again():
    with Terminal(SIMULATOR) as terminal:
        blocks_drawn(terminal, 2)
        terminal.send_while_stopped(signal.SIGTERM, signal.SIGINT)
        assert terminal.wait() in (130, 143)
        # On a machine with much to do, one thread may draw below, as after any stop, before another ends the process.
        assert TOP in "\n".join(terminal.shown())
        assert not terminal.screen.cursor.hidden and terminal.screen.cursor.x == 0
        assert pyte.modes.DECAWM in terminal.screen.mode


def test_a_terminal_that_is_closed_ends_it():
    with Terminal(SIMULATOR) as terminal:
        blocks_drawn(terminal, 2)
        terminal.close()
        assert terminal.process.wait(PATIENCE) != 0


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"TERM": ""}, {"NO_COLOR": "1"}], ids=["dumb", "no TERM", "no color"])
def test_plain_blocks_below_each_other(env):
    with Terminal(SIMULATOR, env=env) as terminal:
        terminal.wait_for(lambda: terminal.bytes.count(b"=========================\r\n") > 3, "blocks")
        terminal.process.terminate()
        assert terminal.wait() == 0
        assert "\x1b" not in terminal.text
        blocks = terminal.text.replace("\r", "").split("===== LIVE METRICS =====\n")[1:]
        assert len(blocks) > 3 and all(len(block.splitlines()) == 6 for block in blocks)


def test_a_pipe_gets_plain_blocks_while_the_log_goes_to_a_terminal(tmp_path):
    path = tmp_path / "blocks"
    with open(path, "w") as out, Terminal(SIMULATOR, stdout=out) as terminal:
        terminal.wait_for(lambda: path.read_text().count("LIVE METRICS") > 3, "blocks")
        terminal.process.terminate()
        assert terminal.wait() == 0
        assert not terminal.screen.cursor.hidden
    blocks = path.read_text().split("===== LIVE METRICS =====\n")
    assert blocks[0] == "📊 Metrics Consumer started with Prometheus exporter...\n" and "\x1b" not in "".join(blocks)
    assert all(len(block.splitlines()) == 6 for block in blocks[1:])


def test_watch_ends_with_the_whole_table(tmp_path):
    path = tmp_path / "events"
    path.write_text(text_of(LINES))
    status, text = in_terminal(["stats", "--watch", path, "--log-level", "error"])
    assert status == 0
    assert screen(text)[1:-1] == run(["stats", path]).stdout.splitlines()[1:]


def test_watch_redraws_in_place(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with Terminal(["stats", "--watch", fifo], 60, 20) as terminal, open(fifo, "w") as events:
        events.write(text_of(event(n, page=f"/{n}/" + "x" * 60) for n in range(40)))
        events.flush()
        terminal.wait_for(lambda: terminal.bytes.count(b"As of ") == 2, "two tables")
        blocks_drawn(terminal, 0)
        shown = terminal.shown()
        assert shown[0].startswith("As of ") and re.fullmatch(r"… \d+ more lines", shown[18]) and shown[19] == ""
        assert not terminal.history()
        terminal.resize(30)
        blocks_drawn(terminal, 1)
        assert terminal.shown()[2] == "Events consumed                40"[:28] + "…"
        terminal.resize(50)
        terminal.type("\x03")
        assert terminal.wait() == 0 and not terminal.screen.cursor.hidden
        rows = terminal.history() + terminal.shown()
        assert rows[0].startswith("As of ") and len([row for row in rows if row.startswith("As of ")]) == 1
        pages = rows[[row[:9] for row in rows].index("Top pages") + 1:][:10]
        assert all("…" in page and page.endswith("1  2.50 %") and 45 < len(page) < 50 for page in pages)


@pytest.fixture
def tmux(tmp_path):
    """A function that runs a tmux command: its output. The server is ours."""
    if not shutil.which("tmux"):
        pytest.skip("NO tmux")
    base = ["tmux", "-S", str(tmp_path / "tmux"), "-f", "/dev/null"]

    def call(*command):
        return subprocess.run([*base, *map(str, command)], stdout=subprocess.PIPE, text=True, check=True, timeout=PATIENCE,
                              env=environment({"TERM": "xterm", "LC_ALL": "C.UTF-8"})).stdout

    call("new-session", "-d", "-x", 80, "-y", 24, "env PS1='$ ' bash --norc --noprofile")
    yield call
    call("kill-server")


def test_in_tmux_resized_stopped_and_ended(tmux):
    """tmux wraps rows again in a narrower terminal, and lets a job be stopped."""
    def rows(*options):
        return [row.rstrip() for row in tmux("capture-pane", "-p", *options).rstrip().splitlines()] or [""]

    def wait_for(condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "\n".join([f"not shown: {what}", *rows()])
            time.sleep(0.05)

    def one_block_of(columns, shown=None):
        """One whole block for so many columns in view: its widest row shows for how many it was made."""
        shown = rows() if shown is None else shown
        tops = [y for y, row in enumerate(shown) if row.startswith(TOP)]
        if len(tops) != 1 or [row for row in shown if row.startswith(BOTTOM)] != [shown[-1]]:
            return False
        block = shown[tops[0]:]
        if rows("-J")[-len(block):] != block:
            return False  # tmux still takes rows for wrapped ones, and will join them
        whole = re.search(r"Sessions: .*\| lag .*\| late .*\| malformed .* UTC", " ".join(block))
        return (columns < 60 or whole) and columns - 25 < max(map(len, block)) < columns

    def cursor():
        return tmux("display", "-p", "#{cursor_flag}").strip()

    def after_fg():
        return "\n".join(rows()).partition("$ fg\n")[2].splitlines()

    tmux("set", "-g", "window-size", "manual")
    # The block is at the bottom, as it mostly is: tmux moves rows into its history though there is room below.
    tmux("send-keys", "clear; seq 30; " + shlex.join([binary(), *map(str, SIMULATOR[:-1]), "1s"]), "Enter")
    wait_for(lambda: one_block_of(80) and cursor() == "0", "a block")
    for columns, lines in ((60, 24), (80, 24), (40, 24), (40, 15), (100, 30), (80, 24)):
        tmux("resize-window", "-x", columns, "-y", lines)
        wait_for(lambda: one_block_of(columns), f"one block of {columns} columns")
        if columns == 60:
            assert tmux("capture-pane", "-p", "-S", "-").count(TOP) == 1
    tmux("send-keys", "C-z")
    wait_for(lambda: "Stopped" in "".join(rows()) and rows()[-1] == "$" and cursor() == "1", "the shell")
    tmux("send-keys", "fg", "Enter")
    wait_for(lambda: cursor() == "0" and one_block_of(80, after_fg()), "the block again")
    tmux("send-keys", "C-c")
    wait_for(lambda: rows()[-1] == "$" and cursor() == "1", "the shell")
    assert rows()[-2].startswith(BOTTOM)


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
