// Shows /live.json, every second. What the page says is a function of the last answer alone.
import { LineChart, SECONDS } from "./charts.js";

const POLL_MS = 1000;
const TIMEOUT_MS = 5000;
const RATE_SECONDS = 5;     // a rate is that over the last so many
const BREAK_SECONDS = 5;    // a line ends where a sample is missing for longer
const TOP_PAGES = 20;
const WINDOWS_OF_A_KIND = 5;
const TABLE_SECONDS = 15;
const BAD_SHARE = 0.01;
const OLD_CHECKPOINT_SECONDS = 20 * 60;  // one is due after ten minutes at the latest

const element = (id) => document.getElementById(id);

// --- Numbers and words

const decimals = (digits) => new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const whole = decimals(0), one = decimals(1), two = decimals(2);
const percent = (value) => `${two.format(value)} %`;
const seconds = (value) => `${two.format(value)} s`;
const rate = (value) => (value < 100 ? one : whole).format(value);

function age(value) {
  if (value < 120) return `${whole.format(value)} s`;
  if (value < 2 * 3600) return `${whole.format(value / 60)} min`;
  return `${whole.format(value / 3600)} h`;
}

const utc = (moment) => new Date(moment).toISOString();
const clock = (moment) => utc(moment).slice(11, 19);
function clockOrDate(moment) {
  const text = utc(moment);
  return text.slice(0, 10) === utc(Date.now()).slice(0, 10) ? text.slice(11, 19) : text.slice(0, 19).replace("T", " ");
}

const FORMATS = { percent, seconds, age, clock: clockOrDate };

// Pages' names are visitors' words: what does not print is shown by its number.
const printable = (text) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

// --- Figures

const at = (object, path) => path.split(".").reduce((value, key) => value?.[key], object);

function showFigure(target, value) {
  const known = value !== null && value !== undefined;
  const format = FORMATS[target.dataset.format] ?? whole.format;
  target.textContent = known ? format(value) : "-";
  target.value = known ? String(value) : "";
}

function showFigures(live) {
  for (const target of document.querySelectorAll("[data-figure]")) showFigure(target, at(live.stats, target.dataset.figure));
  for (const target of document.querySelectorAll("[data-health]")) showFigure(target, live.health[target.dataset.health]);
}

function showHealth(live, rates) {
  const { events } = live.stats;
  const share = (count) => (events.consumed > 0 ? count / events.consumed : null);
  for (const kind of ["late", "malformed"]) {
    const of = share(events[kind]);
    element(`${kind}-share`).textContent = of === null ? "-" : percent(100 * of);
    element(kind).classList.toggle("warn", of !== null && of > BAD_SHARE);
  }
  element("checkpoint").classList.toggle("warn", live.health.checkpoint_age_seconds > OLD_CHECKPOINT_SECONDS);
  showSinks(live.health.sinks);
  const last = rates.at(-1)?.events ?? null;
  element("rate").textContent = last === null ? "-" : rate(last);
  // Behind by more than what arrives in ten seconds.
  element("lag").classList.toggle("warn", last !== null && live.health.lag > Math.max(1000, 10 * last));
}

function showSinks(sinks) {
  const stuck = sinks.filter((sink) => sink.takes_nothing);
  const names = (list) => list.map((sink) => sink.name).join(", ");
  element("sinks").hidden = sinks.length === 0;
  element("sinks").classList.toggle("warn", stuck.length > 0);
  element("sink-state").textContent = stuck.length > 0 ? `not taken by ${names(stuck)}: see the log` : `on their way to ${names(sinks)}`;
}

// --- History

// A point a sample: its time, the rates over the seconds before it, and the figures of that moment.
function points(history) {
  const { time } = history;
  const list = [];
  let before = 0;
  for (let i = 0; i < time.length; ++i) {
    while (time[i] - time[before] > RATE_SECONDS + 0.5) ++before;
    const span = time[i] - time[before];
    const perSecond = (counts) => {
      const more = counts[i] - counts[before];
      return span > 0 && more >= 0 ? more / span : null;  // they fall when a partition moves to another instance
    };
    list.push({
      time: time[i],
      events: perSecond(history.consumed),
      views: perSecond(history.page_views),
      clicks: perSecond(history.clicks),
      bounce: history.bounce_rate_percent[i],
      duration: history.average_session_duration_seconds[i],
      ctr: history.click_through_rate_percent[i],
    });
  }
  return list;
}

// What is left of the axis is left out: Chart.js 3.9 does not fill below a line that begins there.
function line(list, name) {
  const now = list.at(-1)?.time ?? 0;
  const xy = [];
  list.forEach((point, i) => {
    if (now - point.time > SECONDS) return;
    if (i > 0 && point.time - list[i - 1].time > BREAK_SECONDS) xy.push({ x: point.time - now - 0.1, y: null });
    xy.push({ x: point.time - now, y: point[name] });
  });
  return xy;
}

function summary(list, name, format) {
  const values = list.map((point) => point[name]).filter((value) => value !== null);
  if (values.length === 0 || list.at(-1)[name] === null) return "no figure yet.";
  return `${format(list.at(-1)[name])} now, ${format(Math.min(...values))} to ${format(Math.max(...values))}.`;
}

const CHARTS = [
  { id: "traffic", title: "Page views and clicks a second", format: rate, lines: { views: "Page views", clicks: "Clicks" } },
  { id: "bounce", title: "Bounce rate", format: percent, lines: { bounce: "Bounce rate" }, unit: " %", most: 50 },
  { id: "duration", title: "Average session duration", format: seconds, lines: { duration: "Average session" }, unit: " s" },
  { id: "ctr", title: "Click-through rate", format: percent, lines: { ctr: "CTR" }, unit: " %", most: 50 },
];

for (const chart of CHARTS) {
  chart.drawn = new LineChart(element(`${chart.id}-chart`), { ...chart, lines: Object.values(chart.lines) });
}

function showCharts(list) {
  for (const { id, title, format, lines, drawn } of CHARTS) {
    const names = Object.keys(lines);
    drawn.show(names.map((name) => line(list, name)));
    const text = names.map((name) => (names.length > 1 ? `${lines[name]}: ` : "") + summary(list, name, format)).join(" ");
    element(`${id}-summary`).textContent = text;
    drawn.describe(`${title}, the last five minutes. ${text}`);
  }
}

// --- Tables

function row(cells) {
  const tr = document.createElement("tr");
  for (const cell of cells) tr.insertCell().append(cell);
  return tr;
}

function fill(section, rows) {
  section.hidden = rows.length === 0;
  section.querySelector("tbody").replaceChildren(...rows);
}

function showHistory(list) {
  const table = element("history");
  if (!table.open) return;
  const or = (format, value) => (value === null ? "-" : format(value));
  let next = Infinity;
  const rows = [];
  for (const point of [...list].reverse()) {
    if (point.time > next) continue;
    next = point.time - TABLE_SECONDS;
    rows.push(row([clock(1000 * point.time), or(rate, point.views), or(rate, point.clicks), or(percent, point.bounce),
      or(seconds, point.duration), or(percent, point.ctr)]));
  }
  table.querySelector("tbody").replaceChildren(...rows);
}

function showPages(stats) {
  fill(element("pages"), stats.pages.slice(0, TOP_PAGES).map(({ page, page_views: views }) => {
    const share = stats.page_views > 0 ? 100 * views / stats.page_views : 0;
    const bar = document.createElement("div");
    bar.className = "bar";
    bar.style.width = `${share}%`;
    const tr = row([printable(page), whole.format(views), percent(share)]);
    tr.cells[0].append(bar);
    return tr;
  }));
}

function showWindows(stats) {
  const rows = [];
  for (const kind of new Set(stats.windows.map(({ window }) => window))) {
    const windows = stats.windows.filter(({ window }) => window === kind);
    for (const window of windows.slice(-WINDOWS_OF_A_KIND).reverse()) {
      const ctr = window.click_through_rate_percent;
      rows.push(row([kind, clockOrDate(1000 * window.start), whole.format(window.page_views), whole.format(window.clicks),
        ctr === null ? "-" : percent(ctr), whole.format(window.sessions), whole.format(window.users)]));
    }
  }
  fill(element("windows"), rows);
}

// --- The connection

function showSource(live) {
  const parts = [live.topic && `topic ${printable(live.topic)}`, live.group && `group ${printable(live.group)}`];
  element("source").textContent = parts.filter(Boolean).join(", ");
}

function show(live) {
  const list = points(live.history);
  showSource(live);
  showFigures(live);
  showHealth(live, list);
  showCharts(list);
  showHistory(list);
  showPages(live.stats);
  showWindows(live.stats);
}

// Announced to those who do not see it, too, and so only when it changes.
function say(state, text) {
  document.body.className = state;
  if (element("status").textContent !== text) element("status").textContent = text;
}

let last = null;   // the last answer's time
let timer = null;
let polling = false;

async function poll() {
  if (polling) return;
  polling = true;
  clearTimeout(timer);
  try {
    const answer = await fetch("/live.json", { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const live = await answer.json();
    last = Date.parse(live.stats.as_of) > 0 ? live.stats.as_of : null;
    show(live);
    if (live.waiting_for) {
      say("waiting", live.waiting_for);
    } else {
      say("live", "live");
    }
    document.title = "clickstream";
  } catch (error) {
    console.warn(`clickstream: no answer: ${error.message}`);
    say("lost", last ? `connection lost; figures of ${clock(last)} UTC` : "no answer; trying again");
    document.title = "(lost) clickstream";
  }
  polling = false;
  timer = setTimeout(poll, POLL_MS);
}

// A hidden page need not know; one that is seen again should at once.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    clearTimeout(timer);
  } else {
    poll();
  }
});
element("history").addEventListener("toggle", poll);
poll();
