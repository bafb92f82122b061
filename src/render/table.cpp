#include "render/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "render/number.h"
#include "render/text.h"
#include "render/utc.h"

namespace clickstream::render {
namespace {

constexpr std::size_t kShownWindows = 20;  // of each kind

/// Lines of a name, figures right-aligned under each other, and what is to be said about them.
class Table {
 public:
  void line(std::string name, std::vector<std::string> figures, std::string note = {}) {
    rows_.push_back({std::move(name), std::move(figures), std::move(note)});
  }
  void gap() { rows_.push_back({}); }

  std::string text() const {
    std::size_t name_width = 0;
    std::vector<std::size_t> widths;
    for (const Row& row : rows_) {
      name_width = std::max(name_width, width(row.name));
      widths.resize(std::max(widths.size(), row.figures.size()));
      for (std::size_t i = 0; i < row.figures.size(); ++i) widths[i] = std::max(widths[i], width(row.figures[i]));
    }
    std::string out;
    for (const Row& row : rows_) {
      if (!row.figures.empty()) out += padded(row.name, name_width);
      for (std::size_t i = 0; i < row.figures.size(); ++i) {
        out.append(2 + widths[i] - width(row.figures[i]), ' ');
        out += row.figures[i];
      }
      if (!row.note.empty()) out += "  " + row.note;
      out += '\n';
    }
    return out;
  }

 private:
  struct Row {
    std::string name;
    std::vector<std::string> figures;
    std::string note;
  };
  std::vector<Row> rows_;
};

void add_events(Table& table, const EventCounts& events) {
  table.line("Events consumed", {grouped(events.consumed)});
  table.line("  counted", {grouped(events.counted)});
  table.line("  duplicate", {grouped(events.duplicate)});
  table.line("  late", {grouped(events.late)});
  table.line("  malformed", {grouped(events.malformed_total())});
  for (std::size_t i = 0; i < kMalformedReasons; ++i) {
    if (events.malformed[i] > 0) table.line(fmt::format("    {}", kMalformedNames[i]), {grouped(events.malformed[i])});
  }
}

void add_figures(Table& table, const Metrics& total) {
  table.line("Page views", {grouped(total.page_views)});
  table.line("Clicks", {grouped(total.clicks)});
  table.line("Click-through rate", {fixed(click_through_rate_percent(total), " %")});
  table.line("Unique users", {total.users ? grouped(*total.users) : "-"});
  table.gap();
  table.line("Sessions", {grouped(total.sessions.total())});
  table.line("  open", {grouped(total.sessions.open())});
  table.line("  bounced", {grouped(total.sessions.bounced)});
  table.line("  with a click", {grouped(total.sessions.with_click)});
  table.line("Bounce rate", {fixed(bounce_rate_percent(total), " %")});
  table.line("Session click-through rate", {fixed(session_click_through_rate_percent(total), " %")});
  table.line("Average session duration", {fixed(average_session_duration_seconds(total), " s")});
}

std::string pages(const Metrics& total, std::size_t top, std::size_t widest_page) {
  std::vector<PageViews> sorted = sorted_pages(total);
  sorted.resize(std::min(sorted.size(), top));
  if (sorted.empty()) return {};
  Table table;
  table.gap();
  table.line("Top pages", {"page views", "share"});
  for (const PageViews& page : sorted) {
    table.line(
        shortened(printable(page.page), widest_page),
        {grouped(page.page_views), fixed(ratio(100.0 * static_cast<double>(page.page_views), total.page_views), " %")});
  }
  return table.text();
}

std::string windows(const Metrics& total, const WindowSeries& series, std::size_t widest_page) {
  if (series.windows.empty()) return {};
  const std::size_t left_out = series.windows.size() - std::min(series.windows.size(), kShownWindows);
  Table table;
  table.gap();
  table.line(fmt::format("Windows of {} (UTC)", to_string(series.spec)),
             {"page views", "clicks", "CTR", "sessions", "users"}, "top page");
  for (auto window = series.windows.begin() + static_cast<std::ptrdiff_t>(left_out); window != series.windows.end();
       ++window) {
    const std::vector<PageViews> top = top_pages(total, *window, 1);
    table.line(date_and_time(window->start),
               {grouped(window->page_views), grouped(window->clicks), fixed(click_through_rate_percent(*window), " %"),
                grouped(window->sessions), grouped(window->users)},
               top.empty() ? "-" : shortened(printable(top[0].page), widest_page));
  }
  if (left_out == 0) return table.text();
  return fmt::format("{}… and {} earlier {} (-o csv and -o json have all)\n", table.text(), grouped(left_out),
                     left_out == 1 ? "one" : "ones");
}

}  // namespace

std::string stats_table(const Snapshot& snapshot, std::size_t top, std::size_t widest_page) {
  Table table;
  add_events(table, snapshot.total.events);
  table.gap();
  add_figures(table, snapshot.total);
  std::string out =
      fmt::format("As of {}\n\n{}{}", rfc3339(snapshot.as_of), table.text(), pages(snapshot.total, top, widest_page));
  for (const WindowSeries& series : snapshot.total.windows) out += windows(snapshot.total, series, widest_page);
  return out;
}

}  // namespace clickstream::render
