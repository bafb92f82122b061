"""The live page, in a browser: its figures are those of /stats.json, and it serves whoever looks at it."""

import http.server
import json
import os
import signal
import threading

import pytest
from support.browser import Browser, why_not
from support.consumer import Consumer, event, produce
from support.harness import Process, http_get, wait_until

pytestmark = pytest.mark.skipif(bool(why_not()), reason=str(why_not()))

FILES = ("/", "/page.css", "/page.js", "/charts.js", "/chart.min.js")
SIMULATOR = ["consume", "--input", "simulator", "--rate", 1000, "--metrics-port", 0, "--interval", 0]


@pytest.fixture(scope="module")
def simulated():
    """The address of a consumer of simulated visitors."""
    with Process([*SIMULATOR, "--window", "2s"]) as process:
        url = process.expect(r"live page at (\S+),", "stderr").group(1)
        wait_until(lambda: http_get(url + "/readyz").status == 200, what="figures")
        yield url


@pytest.fixture(scope="module")
def browser():
    with Browser() as browser:
        yield browser


def at(document, path):
    for key in path.split("."):
        document = document[key]
    return document


def figures(browser):
    """{name: (value, text)} of all that the page shows of /stats.json."""
    return dict(browser.js("[...document.querySelectorAll('[data-figure]')]"
                           ".map((one) => [one.dataset.figure, [one.value, one.innerText]])"))


def health(browser):
    return dict(browser.js("[...document.querySelectorAll('[data-health]')]"
                           ".map((one) => [one.dataset.health, [one.value, one.innerText]])"))


def cells(browser, table):
    return browser.js("[...document.querySelectorAll(arguments[0])].map((tr) => [...tr.cells].map((td) => td.innerText))",
                      f"{table} tbody tr")


def same(text, number):
    return abs(float(text.split()[0].replace(",", "")) - number) < 0.011


def test_the_figures_are_those_of_stats_json(kafka, tmp_path, browser):
    topic = kafka.new_topic()
    produce(kafka, topic, 20_000, None, "--malformed", "1%", "--duplicates", "2%", "--start", "2024-05-06")
    with Consumer(kafka, topic, "--window", "5s") as consumer:
        consumed = sum(kafka.end_offsets(topic).values())
        consumer.await_ready().await_consumed(consumed)
        browser.open(consumer.url).await_status("live")
        wait_until(lambda: figures(browser)["events.consumed"][0] == str(consumed), what="the last figures")
        stats = consumer.stats()
        shown = figures(browser)
        assert len(shown) == 13 and stats["events"]["malformed"] > 0 and stats["events"]["duplicate"] > 0
        for name, (value, text) in shown.items():
            assert float(value) == at(stats, name), name
            assert same(text, at(stats, name)), name

        assert browser.text("#source") == f"topic {topic}, group {topic}"
        assert [(page, views) for page, views, _ in cells(browser, "#pages")] == [
            (one["page"], f"{one['page_views']:,}") for one in stats["pages"]]
        windows = stats["windows"][:-6:-1]
        assert windows and [[float(cell.replace(",", "").replace(" %", "")) for cell in row[2:]]
                            for row in cells(browser, "#windows")] == [
            [one["page_views"], one["clicks"], pytest.approx(one["click_through_rate_percent"], abs=0.011),
             one["sessions"], one["users"]] for one in windows]

        live = json.loads(consumer.get("/live.json").text)
        assert {**live["stats"], "as_of": 0} == {**stats, "as_of": 0}
        assert live["health"]["lag"] == 0 and live["health"]["partitions"] == 3 and live["waiting_for"] is None
        shown = health(browser)
        assert shown["lag"] == ["0", "0"] and shown["partitions"] == ["3", "3"]
        assert shown["watermark"][0] == live["health"]["watermark"]
        assert shown["watermark"][1] == live["health"]["watermark"][:19].replace("T", " ")
        wait_until(lambda: float(health(browser)["checkpoint_age_seconds"][0] or -1) >= 0, what="the age of a checkpoint")


def test_it_needs_nothing_but_its_own_server_and_keeps_to_the_policy(simulated):
    policy = http_get(simulated).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    with Browser() as browser:
        browser.open(simulated).await_status("live")
        wait_until(lambda: browser.js("Chart.getChart('ctr-chart').data.datasets[0].data.length > 2"), what="the charts")
        loaded = browser.js("performance.getEntriesByType('resource').map((one) => one.name)")
        assert {name.removeprefix(simulated) for name in loaded} - {name for name in loaded if name.startswith("data:")} == {
            *FILES[1:], "/live.json"}
        assert browser.complaints() == []
        # It would refuse what a page's name might smuggle in.
        browser.js("document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\" onerror=\"document.title = 1\">')")
        wait_until(lambda: any("Content Security Policy" in text for text in browser.complaints()), what="the refusal")


def test_names_of_pages_are_no_markup(tmp_path, browser):
    names = ["<script>document.title='x'</script>", "/a\u202eb\x1b[2Jc", "/ünïcode/\N{PILE OF POO}"]
    path = tmp_path / "events"
    os.mkfifo(path)
    with Process(["consume", "--input", path, "--metrics-port", 0, "--interval", 0]) as process, open(path, "w") as pipe:
        url = process.expect(r"live page at (\S+),", "stderr").group(1)
        pipe.write("".join(json.dumps(event(i, 1_700_000_000, page=name)) + "\n" for i, name in enumerate(names)))
        pipe.flush()
        browser.open(url).await_status("live")
        wait_until(lambda: len(cells(browser, "#pages")) == 3, what="the pages")
        assert {row[0] for row in cells(browser, "#pages")} == {
            "<script>document.title='x'</script>", "/a\\u{202e}b\\u{1b}[2Jc", "/ünïcode/\N{PILE OF POO}"}
        assert browser.js("document.title") == "clickstream"


def test_a_lost_connection_shows(browser):
    with Process(SIMULATOR) as process:
        url = process.expect(r"live page at (\S+),", "stderr").group(1)
        browser.open(url).await_status("live")
        process.send_signal(signal.SIGSTOP)  # it is there, but does not answer
        browser.await_status("connection lost; figures of ")
        assert browser.js("document.title") == "(lost) clickstream"
        assert float(browser.js("getComputedStyle(document.querySelector('main')).opacity")) < 1
        process.send_signal(signal.SIGCONT)
        browser.await_status("live")
        assert browser.js("document.title") == "clickstream"
        process.stop()
        browser.await_status("connection lost; figures of ")


def test_what_it_waits_for_shows(browser):
    with Process(["consume", "-b", "127.0.0.1:1", "--connect-timeout", "0", "--metrics-port", 0, "--interval", 0]) as process:
        url = process.expect(r"live page at (\S+),", "stderr").group(1)
        browser.open(url).await_status("connecting")
        assert figures(browser)["bounce_rate_percent"] == ["", "-"]
        assert not browser.js("document.querySelector('#pages').checkVisibility()")


# --- Histories that no real consumer has within the time of a test: the page's files are real, /live.json is made up.

class MadeUp(http.server.BaseHTTPRequestHandler):
    files = {}
    live = {}

    def do_GET(self):
        answer = MadeUp.files.get(self.path)
        body, kind = (answer.body, answer.headers["Content-Type"]) if answer else (
            json.dumps(MadeUp.live).encode(), "application/json")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def made_up(simulated):
    MadeUp.files = {path: http_get(simulated + path) for path in FILES}
    MadeUp.live = json.loads(http_get(simulated + "/live.json").text)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), MadeUp)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def history(samples):
    """Of (time, page views) pairs: clicks are half of them, the other figures constant."""
    times, views = [time for time, _ in samples], [count for _, count in samples]
    return {"time": times, "consumed": [2 * n for n in views], "page_views": views, "clicks": [n // 2 for n in views],
            "bounce_rate_percent": [None] + [35.5] * (len(times) - 1), "click_through_rate_percent": [50.0] * len(times),
            "average_session_duration_seconds": [61.25] * len(times)}


def line_of(browser, chart, number=0):
    return [(round(point["x"], 3), point["y"])
            for point in browser.js(f"Chart.getChart('{chart}-chart').data.datasets[{number}].data")]


def test_rates_are_those_of_the_last_five_seconds(made_up, browser):
    begin = 1_732_000_000
    MadeUp.live["history"] = history([(begin + second, 100 * second * second) for second in range(20)])
    browser.open(made_up).await_status("live")
    views = line_of(browser, "traffic")
    assert views[0] == (-19, None)
    assert views[2] == (-17, 400 / 2)
    assert [y for _, y in views[5:]] == [(100 * s * s - 100 * (s - 5) ** 2) / 5 for s in range(5, 20)]
    assert line_of(browser, "traffic", 1)[-1] == (0, (50 * 19 * 19 - 50 * 14 * 14) / 5)
    assert line_of(browser, "bounce")[:2] == [(-19, None), (-18, 35.5)]
    assert browser.text("#rate") == "6,600"  # consumed: twice the views
    assert browser.text("#traffic-summary").startswith("Page views: 3,300 now, 100 to 3,300.")
    assert browser.text("#bounce-summary") == "35.50 % now, 35.50 % to 35.50 %."


def test_counts_that_fall_and_samples_that_lack_are_gaps(made_up, browser):
    begin = 1_732_000_000
    rising = [(begin + second, 100 * second) for second in range(30)]
    MadeUp.live["history"] = history(rising[:10] + rising[20:25] + [(begin + 25, 100), (begin + 26, 200)])
    browser.open(made_up).await_status("live")
    views = line_of(browser, "traffic")
    assert all(y is None or y >= 0 for _, y in views)
    assert (begin + 20 - begin - 26 - 0.1, None) in views  # the line is broken before the sample of second 20
    assert views[-2:] == [(-1, None), (0, None)]          # a partition has gone elsewhere
    assert browser.text("#traffic-summary").startswith("Page views: no figure yet.")


# The colour of a point of a chart below its line, at these shares of its width and height: its opacity, 0 … 255.
OPACITY = """(() => {
  const { ctx, chartArea: { left, right, top, bottom }, currentDevicePixelRatio: ratio } = Chart.getChart(arguments[0]);
  const at = (from, to, share) => Math.round(ratio * (from + share * (to - from)));
  return ctx.getImageData(at(left, right, arguments[1]), at(top, bottom, arguments[2]), 1, 1).data[3];
})()"""


def test_the_ground_below_a_line_is_filled_also_when_the_line_began_earlier(made_up, browser):
    begin = 1_732_000_000
    MadeUp.live["history"] = history([(begin + 1.01 * second, 100 * second) for second in range(300)])
    browser.open(made_up).await_status("live")
    assert line_of(browser, "bounce")[0][0] >= -300
    for chart in ("bounce-chart", "ctr-chart"):
        assert browser.js(OPACITY, chart, 0.53, 0.9) > 0


def test_warnings(made_up, browser):
    warned = "[...document.querySelectorAll('.warn')].map((one) => one.id)"
    MadeUp.live["history"] = history([(1_732_000_000 + second, 50 * second) for second in range(10)])
    events = {"consumed": 1000, "counted": 990, "duplicate": 0, "late": 5, "malformed": 5}
    MadeUp.live["stats"]["events"] = events
    sinks = [{"name": "file", "takes_nothing": False}, {"name": "postgresql", "takes_nothing": False}]
    MadeUp.live["health"].update(lag=900, checkpoint_age_seconds=900, queued_rows=1234, sinks=sinks)
    browser.open(made_up).await_status("live")
    assert browser.js(warned) == []
    assert health(browser)["queued_rows"] == ["1234", "1,234"]
    assert browser.text("#sink-state") == "on their way to file, postgresql"
    events.update(late=11, malformed=12)
    sinks[1]["takes_nothing"] = True
    MadeUp.live["health"].update(lag=1001, checkpoint_age_seconds=1201)
    wait_until(lambda: sorted(browser.js(warned)) == ["checkpoint", "lag", "late", "malformed", "sinks"], what="the warnings")
    assert browser.text("#late-share") == "1.10 %"
    assert browser.text("#sink-state") == "not taken by postgresql: see the log"
    MadeUp.live["health"].update(queued_rows=None, sinks=[])
    wait_until(lambda: browser.js("document.querySelector('#sinks').hidden"), what="no sinks")


# --- For everyone

def test_the_charts_have_words_and_a_table_that_needs_no_mouse(simulated, browser):
    browser.open(simulated).await_status("live")
    wait_until(lambda: "no figure yet" not in browser.text("#traffic-summary"), what="rates")
    labels = browser.js("[...document.querySelectorAll('canvas')].map((one) => one.getAttribute('aria-label'))")
    assert len(labels) == 4 and all("the last five minutes" in label and " now, " in label for label in labels)
    assert browser.js("[...document.querySelectorAll('canvas')].every((one) => one.getAttribute('role') === 'img')")
    assert not browser.js("document.querySelector('#history').open")
    for _ in range(3):
        browser.press("TAB")
        if browser.js("document.activeElement.matches('#history summary')"):
            break
    browser.press("ENTER")
    wait_until(lambda: cells(browser, "#history"), what="the table")
    newest = cells(browser, "#history")[0]
    assert len(newest) == 6 and all(cell and cell != "-" for cell in newest)


# The ratio of two colours' luminance, as WCAG 2 defines it.
CONTRAST = """(() => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" ? ground(element.parentElement) : colour;
  };
  return [...document.querySelectorAll("h1, h2, dt, dd, p, td, th, figcaption, summary, a, #status")].map((element) => {
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((x, y) => y - x);
    return [element.tagName, (a + 0.05) / (b + 0.05)];
  });
})()"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_can_be_read_in_both_schemes(simulated, dark):
    with Browser(dark=dark) as browser:
        browser.open(simulated).await_status("live")
        wait_until(lambda: browser.texts("#windows td"), what="windows")
        red = int(browser.js("getComputedStyle(document.body).backgroundColor").split("(")[1].split(",")[0])
        assert red < 50 if dark else red > 200
        assert [one for one in browser.js(CONTRAST) if one[1] < 4.5] == []
        assert browser.js("Chart.getChart('ctr-chart').options.scales.x.ticks.color") == browser.js(
            "getComputedStyle(document.documentElement).getPropertyValue('--faint')")


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_it_fits_the_width(simulated, width):
    with Browser(width=width, height=800) as browser:
        browser.open(simulated).await_status("live")
        wait_until(lambda: browser.texts("#windows td"), what="windows")
        assert browser.js("document.documentElement.scrollWidth") <= width
        assert browser.js("Math.max(...[...document.querySelectorAll('canvas')].map((one) => one.getBoundingClientRect().right))") <= width


def test_without_scripts_it_says_where_the_figures_are(simulated):
    with Browser(script=False) as browser:
        browser.open(simulated)
        assert "This page needs JavaScript" in browser.driver.page_source
