#include "render/console.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include "render/number.h"
#include "render/text.h"
#include "render/utc.h"
#include "render/windows.h"

namespace clickstream::render {
namespace {

std::string pages(const Metrics& metrics, std::size_t top) {
  std::string out;
  std::vector<PageViews> sorted = sorted_pages(metrics);
  sorted.resize(std::min(sorted.size(), top));
  for (const PageViews& page : sorted) {
    fmt::format_to(std::back_inserter(out), "{}{}: {}", out.empty() ? "" : ", ", python_repr(page.page),
                   page.page_views);
  }
  return out;
}

/// The sessions' names: the id, or user/id where another of them has the same id.
std::vector<std::string> session_names(const std::vector<Session>& sessions) {
  std::map<SessionId, int> with_id;
  for (const Session& session : sessions) ++with_id[session.id];
  std::vector<std::string> names;
  names.reserve(sessions.size());
  for (const Session& session : sessions) {
    names.push_back(with_id[session.id] > 1 ? fmt::format("{}/{}", value(session.user), value(session.id))
                                            : fmt::format("{}", value(session.id)));
  }
  return names;
}

double average_event_seconds(const Session& session) {
  return ratio(static_cast<double>(session.event_duration.count()) / 1e6, session.events).value_or(0);
}

/// A line for each kind of windows that has a final one.
std::string windows(const Snapshot& snapshot) {
  constexpr std::size_t top = 3;
  constexpr std::size_t widest = 30;
  std::string out;
  for (const LastWindow& last : last_windows(snapshot)) {
    const Window& window = last.window;
    fmt::format_to(std::back_inserter(out),
                   "Window {} {} UTC: {} page views | {} clicks | CTR {} | {} sessions | {} users",
                   to_string(last.spec), window_span(last), window.page_views, window.clicks,
                   fixed(click_through_rate_percent(window), "%"), window.sessions, window.users);
    const char* separator = " | top ";
    for (const PageViews& page : top_pages(snapshot.total, window, top)) {
      fmt::format_to(std::back_inserter(out), "{}{} {}", separator, shortened(printable(page.page), widest),
                     page.page_views);
      separator = ", ";
    }
    out += '\n';
  }
  return out;
}

}  // namespace

std::string console_block(const ConsoleBlock& block) {
  const Metrics& total = block.snapshot.total;
  const std::vector<std::string> names = session_names(block.busiest);
  std::string clicks;
  std::string durations;
  for (std::size_t i = 0; i < block.busiest.size(); ++i) {
    const char* separator = i == 0 ? "" : ", ";
    const Session& session = block.busiest[i];
    fmt::format_to(std::back_inserter(clicks), "{}{}: {}", separator, names[i], session.clicks);
    fmt::format_to(std::back_inserter(durations), "{}{}: {:.2f}", separator, names[i], average_event_seconds(session));
  }
  return fmt::format(
      "===== LIVE METRICS =====\n"
      "Page Views: {{{}}}\n"
      "Clicks per Session: {{{}}}\n"
      "Avg Duration per Session: {{{}}}\n"
      "Bounce Rate: {}\n"
      "{}\n"
      "{}"
      "=========================\n",
      pages(total, block.top), clicks, durations, fixed(bounce_rate_percent(total), "%"),
      summary_line(block.snapshot, block.events_per_second, block.lag), windows(block.snapshot));
}

std::string summary_line(const Snapshot& snapshot, double events_per_second, std::optional<std::int64_t> lag) {
  const Metrics& total = snapshot.total;
  return fmt::format(
      "Sessions: {} ({} open) | CTR: {} | Avg Session: {} | {} events/s | lag {} | late {} | duplicate {} | "
      "malformed {} | {} UTC",
      total.sessions.total(), total.sessions.open(), fixed(click_through_rate_percent(total), "%"),
      fixed(average_session_duration_seconds(total), " s"), std::llround(events_per_second),
      lag ? fmt::format("{}", *lag) : "-", total.events.late, total.events.duplicate, total.events.malformed_total(),
      clock_time(snapshot.as_of));
}

}  // namespace clickstream::render
