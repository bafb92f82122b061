#include "core/simulator/truth_windows.h"

#include <algorithm>
#include <utility>

namespace clickstream {

TruthWindows::TruthWindows(const std::vector<WindowSpec>& specs) {
  for (const WindowSpec& spec : specs) kinds_.push_back({spec, {}, {}});
}

void TruthWindows::count(Kind& kind, Timestamp now, UserId user, std::uint64_t visit, Action action, PageIndex page) {
  auto& open = kind.open;
  while (!open.empty() && open.front().start + kind.spec.size <= now) {
    kind.past.push_back(past(open.front()));
    open.pop_front();
  }
  // From the first one that holds this moment, but is not there yet, to the last; no event is before 1970.
  const Timestamp last = now - now.time_since_epoch() % kind.spec.hop;
  Timestamp start = last;
  while (start - kind.spec.hop + kind.spec.size > now) start -= kind.spec.hop;
  if (!open.empty()) start = std::max(start, open.back().start + kind.spec.hop);
  for (; start <= last; start += kind.spec.hop) open.push_back({start});

  for (Open& window : open) {
    window.visits.insert(visit);
    window.users.insert(user);
    if (action == Action::click) {
      ++window.clicks;
    } else {
      ++window.page_views[page];
    }
  }
}

Window TruthWindows::past(const Open& open) {
  Window window;
  window.start = open.start;
  window.clicks = open.clicks;
  window.sessions = open.visits.size();
  window.users = open.users.size();
  for (const auto& [page, views] : open.page_views) {
    window.page_views += views;
    window.pages.push_back({page, views});
  }
  return window;
}

std::vector<WindowSeries> TruthWindows::series(const std::vector<std::size_t>& position) const {
  std::vector<WindowSeries> all;
  for (const Kind& kind : kinds_) {
    WindowSeries series{kind.spec};
    series.windows = kind.past;
    for (const Open& window : kind.open) series.windows.push_back(past(window));
    for (Window& window : series.windows) {
      std::map<std::size_t, std::uint64_t> page_views;  // pages that differ in their query strings are one
      for (const auto& [page, views] : window.pages) page_views[position[page]] += views;
      window.pages.clear();
      for (const auto& [page, views] : page_views) window.pages.push_back({page, views});
    }
    all.push_back(std::move(series));
  }
  return all;
}

}  // namespace clickstream
