#include "render/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "render/number.h"
#include "render/text.h"
#include "render/utc.h"
#include "render/windows.h"

namespace clickstream::render {
namespace {

constexpr std::size_t kTopPages = 20;

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="2">
<title>clickstream</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff;
  --text: #1c2430; --faint: #5b6675; --line: #dde2e8; --bar: #3b74d8; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #12161c; --card: #1b212a; --text: #e6eaf0; --faint: #9aa5b4; --line: #2d3642; --bar: #6c9cf0; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.4rem; }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
p { margin: 0; color: var(--faint); }
a { color: inherit; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: .75rem; margin: 1.25rem 0 0; }
dl div { padding: .75rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
dt { color: var(--faint); font-size: .875rem; }
dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); }
th, td { padding: .4rem .75rem; border-top: 1px solid var(--line); text-align: left; }
th { color: var(--faint); font-size: .875rem; font-weight: normal; }
td:first-child { overflow-wrap: anywhere; }
.figure { width: 1%; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.bar { height: .25rem; border-radius: .125rem; background: var(--bar); }
footer { margin-top: 2rem; }
</style>
</head>
<body>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

void add_figure(std::string& out, std::string_view name, std::string_view figure) {
  fmt::format_to(std::back_inserter(out), "<div><dt>{}</dt><dd>{}</dd></div>\n", name, figure);
}

void add_figures(std::string& out, const Snapshot& snapshot) {
  const Metrics& total = snapshot.total;
  const auto lag = snapshot.lag();
  out += "<dl>\n";
  add_figure(out, "Sessions", grouped(total.sessions.total()));
  add_figure(out, "Open sessions", grouped(total.sessions.open()));
  add_figure(out, "Bounce rate", fixed(bounce_rate_percent(total), " %"));
  add_figure(out, "Click-through rate", fixed(click_through_rate_percent(total), " %"));
  add_figure(out, "Average session", fixed(average_session_duration_seconds(total), " s"));
  add_figure(out, "Page views", grouped(total.page_views));
  add_figure(out, "Clicks", grouped(total.clicks));
  add_figure(out, "Events consumed", grouped(total.events.consumed));
  add_figure(out, "Duplicate", grouped(total.events.duplicate));
  add_figure(out, "Late", grouped(total.events.late));
  add_figure(out, "Malformed", grouped(total.events.malformed_total()));
  add_figure(out, "Lag", lag ? fmt::format("{}", *lag) : "-");
  out += "</dl>\n";
}

void add_pages(std::string& out, const Metrics& total) {
  std::vector<PageViews> pages = sorted_pages(total);
  pages.resize(std::min(pages.size(), kTopPages));
  if (pages.empty()) return;
  out +=
      "<h2>Top pages</h2>\n<table>\n<tr><th>Page</th><th class=\"figure\">Page views</th><th "
      "class=\"figure\">Share</th></tr>\n";
  for (const PageViews& page : pages) {
    const auto share = ratio(100.0 * static_cast<double>(page.page_views), total.page_views);
    fmt::format_to(std::back_inserter(out),
                   "<tr><td>{}<div class=\"bar\" style=\"width:{:.2f}%\"></div></td><td class=\"figure\">{}</td>"
                   "<td class=\"figure\">{}</td></tr>\n",
                   escaped(printable(page.page)), share.value_or(0), grouped(page.page_views), fixed(share, " %"));
  }
  out += "</table>\n";
}

/// Of each kind the last final one.
void add_windows(std::string& out, const Snapshot& snapshot) {
  const std::vector<LastWindow> windows = last_windows(snapshot);
  if (windows.empty()) return;
  out += "<h2>Last windows</h2>\n<table>\n<tr><th>Window (UTC)</th>";
  for (const char* figure : {"Page views", "Clicks", "CTR", "Sessions", "Users"}) {
    fmt::format_to(std::back_inserter(out), "<th class=\"figure\">{}</th>", figure);
  }
  out += "</tr>\n";
  for (const LastWindow& last : windows) {
    const Window& window = last.window;
    fmt::format_to(std::back_inserter(out), "<tr><td>{}: {}</td>", to_string(last.spec), window_span(last));
    for (const std::string& figure :
         {grouped(window.page_views), grouped(window.clicks), fixed(click_through_rate_percent(window), " %"),
          grouped(window.sessions), grouped(window.users)}) {
      fmt::format_to(std::back_inserter(out), "<td class=\"figure\">{}</td>", figure);
    }
    out += "</tr>\n";
  }
  out += "</table>\n";
}

}  // namespace

std::string live_page(const Snapshot& snapshot) {
  std::string out{kHead};
  fmt::format_to(std::back_inserter(out), "<h1>clickstream</h1>\n<p>{}as of {}</p>\n",
                 snapshot.topic.empty() ? "" : fmt::format("topic {}, ", escaped(printable(snapshot.topic))),
                 rfc3339(snapshot.as_of));
  add_figures(out, snapshot);
  add_windows(out, snapshot);
  add_pages(out, snapshot.total);
  out +=
      "<footer><p><a href=\"/metrics\">/metrics</a> for Prometheus, <a href=\"/stats.json\">/stats.json</a> for "
      "programs</p></footer>\n</body>\n</html>\n";
  return out;
}

}  // namespace clickstream::render
