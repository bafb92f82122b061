#include "render/csv.h"

#include <fmt/format.h>

#include <iterator>

#include "render/number.h"
#include "render/utc.h"

namespace clickstream::render {
namespace {

std::string quoted(std::string_view field) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) return std::string{field};
  std::string out = "\"";
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
  return out;
}

class Csv {
 public:
  Csv() { line("metric", "label", "value"); }

  void line(std::string_view metric, std::string_view label, std::string_view value) {
    fmt::format_to(std::back_inserter(text_), "{},{},{}\n", metric, quoted(label), value);
  }
  void count(std::string_view metric, std::string_view label, std::uint64_t number) {
    line(metric, label, fmt::format("{}", number));
  }
  void ratio(std::string_view metric, std::string_view label, std::optional<double> number) {
    line(metric, label, number ? shortest(*number) : "");
  }

  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

void add_windows(Csv& csv, const std::vector<WindowSeries>& kinds) {
  for (const WindowSeries& series : kinds) {
    const std::string kind = to_string(series.spec);
    for (const Window& window : series.windows) {
      const std::string label = fmt::format("{} {}", kind, rfc3339(window.start));
      csv.count("window_page_views", label, window.page_views);
      csv.count("window_clicks", label, window.clicks);
      csv.count("window_sessions", label, window.sessions);
      csv.count("window_users", label, window.users);
      csv.ratio("window_click_through_rate_percent", label, click_through_rate_percent(window));
    }
  }
}

}  // namespace

std::string stats_csv(const Snapshot& snapshot) {
  const Metrics& total = snapshot.total;
  Csv csv;
  csv.line("as_of", "", rfc3339(snapshot.as_of));
  csv.count("events", "consumed", total.events.consumed);
  csv.count("events", "counted", total.events.counted);
  csv.count("events", "duplicate", total.events.duplicate);
  csv.count("events", "late", total.events.late);
  csv.count("events", "malformed", total.events.malformed_total());
  for (std::size_t i = 0; i < kMalformedReasons; ++i) {
    csv.count("malformed_reasons", kMalformedNames[i], total.events.malformed[i]);
  }
  csv.count("page_views", "", total.page_views);
  csv.count("clicks", "", total.clicks);
  csv.line("users", "", total.users ? fmt::format("{}", *total.users) : "");
  csv.count("sessions", "total", total.sessions.total());
  csv.count("sessions", "open", total.sessions.open());
  csv.count("sessions", "bounced", total.sessions.bounced);
  csv.count("sessions", "with_click", total.sessions.with_click);
  csv.line("sessions", "total_duration_seconds", exact_seconds(total.sessions.total_duration));
  csv.ratio("bounce_rate_percent", "", bounce_rate_percent(total));
  csv.ratio("click_through_rate_percent", "", click_through_rate_percent(total));
  csv.ratio("session_click_through_rate_percent", "", session_click_through_rate_percent(total));
  csv.ratio("average_session_duration_seconds", "", average_session_duration_seconds(total));
  for (const PageViews& page : sorted_pages(total)) csv.count("pages", page.page, page.page_views);
  add_windows(csv, total.windows);
  return std::move(csv).take();
}

}  // namespace clickstream::render
