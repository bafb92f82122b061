#include "core/simulator/truth.h"

#include <iterator>
#include <map>
#include <string_view>

namespace clickstream {

void Truth::count(TruthSession& session, Timestamp last_end, Timestamp now, std::uint64_t visit, UserId user,
                  Action action, PageIndex page) {
  if (!session.begun) {
    const auto id = static_cast<std::uint64_t>(value(user));
    std::uint64_t& seen = users_[id / 64];
    const std::uint64_t bit = std::uint64_t{1} << (id % 64);
    if ((seen & bit) == 0) ++distinct_users_;
    seen |= bit;
  } else if (now - last_end > gap_) {
    close(session, last_end);
    session = {};
  }
  if (!session.begun) {
    session.begun = true;
    session.start = now;
  }
  ++closed_.events.consumed;
  ++closed_.events.counted;
  if (action == Action::click) {
    ++closed_.clicks;
    session.clicked = true;
  } else {
    ++closed_.page_views;
    ++page_views_[page];
    session.second_view = session.viewed;
    session.viewed = true;
  }
  windows_.count(now, user, visit, action, page);
}

void Truth::add(Metrics& figures, const TruthSession& session, Timestamp end) {
  const Duration duration = end - session.start;
  const bool bounced = !session.second_view && !session.clicked;
  ++figures.sessions.opened;
  ++figures.sessions.closed;
  figures.sessions.total_duration += duration;
  figures.closed.total_duration += duration;
  if (bounced) ++figures.sessions.bounced;
  if (bounced) ++figures.closed.bounced;
  if (session.clicked) ++figures.sessions.with_click;
  std::size_t bucket = 0;
  while (bucket < kDurationBuckets.size() && duration > std::chrono::seconds{kDurationBuckets[bucket]}) ++bucket;
  ++figures.closed.duration_histogram[bucket];
}

Metrics Truth::closed() const {
  std::map<std::string_view, std::uint64_t> by_path;
  for (std::size_t i = 0; i < page_views_.size(); ++i) {
    if (page_views_[i] > 0) by_path[page_path(model_.pages[i].name)] += page_views_[i];
  }
  Metrics figures = closed_;
  figures.users = distinct_users_;
  for (const auto& [page, views] : by_path) figures.pages.push_back({std::string(page), views});
  std::vector<std::size_t> position(page_views_.size());
  for (std::size_t i = 0; i < page_views_.size(); ++i) {
    const auto found = by_path.find(page_path(model_.pages[i].name));
    position[i] = static_cast<std::size_t>(std::distance(by_path.begin(), found));
  }
  figures.windows = windows_.series(position);
  return figures;
}

}  // namespace clickstream
