#include "support/oracle.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <tuple>
#include <utility>

namespace clickstream {
namespace {

bool is_page_view(const std::string& action) { return action == "page_view"; }
bool is_click(const std::string& action) { return action == "click"; }

std::string counted_page(const std::string& page) {
  std::string path;
  for (const char c : page) {
    if (c == '?' || c == '#') break;
    path += c;
  }
  return path.empty() ? "/" : path;
}

void count_page(const std::string& page, std::vector<PageViews>& pages) {
  for (PageViews& entry : pages) {
    if (entry.page == page) {
      ++entry.page_views;
      return;
    }
  }
  pages.push_back({page, 1});
}

}  // namespace

OracleReplay::Visit OracleReplay::keep(std::span<const Event> events) {
  Visit kept;
  for (const Event& event : events) {
    kept.push_back({kept.size(), std::string(event.event_id), value(event.user), value(event.session),
                    std::string(event.page), std::string(event.action), event.duration, event.timestamp});
  }
  return kept;
}

// Sorts all events, and starts a new session wherever the ids change or the silence is longer than the gap.
std::vector<OracleReplay::Visit> OracleReplay::cut(Visit events, Duration gap) {
  std::sort(events.begin(), events.end(), [](const Kept& a, const Kept& b) {
    return std::tie(a.user, a.session, a.timestamp, a.arrival) < std::tie(b.user, b.session, b.timestamp, b.arrival);
  });
  std::vector<Visit> visits;
  for (const Kept& event : events) {
    const bool same = !visits.empty() && visits.back().front().user == event.user &&
                      visits.back().front().session == event.session && event.timestamp - end_of(visits.back()) <= gap;
    if (!same) visits.emplace_back();
    visits.back().push_back(event);
  }
  return visits;
}

Timestamp OracleReplay::end_of(const Visit& visit) {
  Timestamp end = Timestamp::min();
  for (const Kept& event : visit) end = std::max(end, event.timestamp + event.duration);
  return end;
}

Session OracleReplay::session_of(const Visit& visit) {
  Session session;
  session.user = UserId{visit.front().user};
  session.id = SessionId{visit.front().session};
  session.start = visit.front().timestamp;
  session.end = end_of(visit);
  session.events = visit.size();
  for (const Kept& event : visit) {
    session.event_duration += event.duration;
    if (is_page_view(event.action)) ++session.page_views;
    if (is_click(event.action)) ++session.clicks;
  }
  return session;
}

void OracleReplay::count_sessions(const std::vector<Visit>& visits, SessionCounts& counts) {
  for (const Visit& visit : visits) {
    const Session session = session_of(visit);
    if (session.page_views < 2 && session.clicks == 0) ++counts.bounced;
    if (session.clicks > 0) ++counts.with_click;
    counts.total_duration += session.end - session.start;
  }
}

void OracleReplay::count_closed(const std::vector<Visit>& visits, ClosedSessions& closed) {
  for (const Visit& visit : visits) {
    const Session session = session_of(visit);
    const Duration duration = session.end - session.start;
    if (session.page_views < 2 && session.clicks == 0) ++closed.bounced;
    closed.total_duration += duration;
    std::size_t bucket = 0;
    while (bucket < kDurationBuckets.size() && duration > std::chrono::seconds{kDurationBuckets.at(bucket)}) ++bucket;
    ++closed.duration_histogram.at(bucket);
  }
}

// What each event's view counts as; empty for one that is no view.
std::vector<std::string> OracleReplay::counted_pages(const Visit& events, std::optional<std::size_t> max_pages) {
  std::set<std::string> told_apart;
  std::vector<std::string> names;
  for (const Kept& event : events) {
    names.emplace_back();
    if (!is_page_view(event.action)) continue;
    const std::string page = counted_page(event.page);
    if (!max_pages || told_apart.size() < *max_pages) told_apart.insert(page);
    names.back() = told_apart.count(page) > 0 ? page : "_other_";
  }
  return names;
}

void OracleReplay::count_events(const Visit& events, std::optional<std::size_t> max_pages, Metrics& metrics) {
  const std::vector<std::string> names = counted_pages(events, max_pages);
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (is_click(events[i].action)) ++metrics.clicks;
    if (names[i].empty()) continue;
    ++metrics.page_views;
    count_page(names[i], metrics.pages);
  }
}

WindowSeries OracleReplay::count_windows(const Visit& events, const WindowSpec& spec, Timestamp watermark,
                                         const EngineConfig& config, const std::vector<PageViews>& pages) {
  struct Content {
    std::uint64_t page_views = 0;
    std::uint64_t clicks = 0;
    std::set<std::pair<std::int64_t, std::int64_t>> sessions;
    std::set<std::int64_t> users;
    std::map<std::size_t, std::uint64_t> pages;
  };
  const std::vector<std::string> names = counted_pages(events, config.max_pages);
  const std::int64_t hop = spec.hop.count();
  std::map<Timestamp, Content> contents;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Kept& event = events[i];
    // Every start up to the event's time whose window reaches it.
    for (std::int64_t n = event.timestamp.time_since_epoch().count() / hop; n >= 0; --n) {
      const Timestamp start = timestamp_from_micros(n * hop);
      if (start + spec.size <= event.timestamp) break;
      if (start + spec.size <= event.watermark) continue;
      Content& content = contents[start];
      content.sessions.insert({event.user, event.session});
      content.users.insert(event.user);
      if (is_click(event.action)) ++content.clicks;
      if (names[i].empty()) continue;
      ++content.page_views;
      const auto named = [&](const PageViews& page) { return page.page == names[i]; };
      ++content.pages[static_cast<std::size_t>(std::find_if(pages.begin(), pages.end(), named) - pages.begin())];
    }
  }
  WindowSeries series;
  series.spec = spec;
  for (const auto& [start, content] : contents) {
    if (start + spec.size > watermark) {
      series.final_before = watermark;
      continue;
    }
    Window window;
    window.start = start;
    window.page_views = content.page_views;
    window.clicks = content.clicks;
    window.sessions = content.sessions.size();
    window.users = content.users.size();
    for (const auto& [page, page_views] : content.pages) window.pages.push_back({page, page_views});
    if (config.count_users) {
      for (const std::int64_t user : content.users) window.user_ids.push_back(UserId{user});
    }
    series.windows.push_back(window);
  }
  while (config.max_windows && series.windows.size() > *config.max_windows) {
    series.complete_from = series.windows.front().start + spec.hop;
    series.windows.erase(series.windows.begin());
  }
  return series;
}

Metrics final_figures(std::span<const Event> events, Duration gap, const std::vector<WindowSpec>& windows) {
  using Replay = OracleReplay;
  // A repeat covers the time that the first one covers, so it changes neither the cut nor a session's ends.
  std::vector<Replay::Visit> sessions;
  Replay::Visit counted;
  std::set<std::int64_t> users;
  for (const Replay::Visit& visit : Replay::cut(Replay::keep(events), gap)) {
    std::set<std::string> ids;
    sessions.emplace_back();
    for (const Replay::Kept& event : visit) {
      if (!ids.insert(event.event_id).second) continue;
      sessions.back().push_back(event);
      counted.push_back(event);
      users.insert(event.user);
    }
  }
  Metrics metrics;
  metrics.events.consumed = events.size();
  metrics.events.counted = counted.size();
  metrics.events.duplicate = events.size() - counted.size();
  metrics.sessions.opened = sessions.size();
  metrics.sessions.closed = sessions.size();
  Replay::count_sessions(sessions, metrics.sessions);
  Replay::count_closed(sessions, metrics.closed);
  Replay::count_events(counted, std::nullopt, metrics);
  metrics.users = users.size();
  std::sort(metrics.pages.begin(), metrics.pages.end(),
            [](const PageViews& a, const PageViews& b) { return a.page < b.page; });
  EngineConfig config;
  config.max_pages.reset();
  config.max_windows.reset();
  config.count_users = true;
  for (const WindowSpec& spec : windows) {
    metrics.windows.push_back(Replay::count_windows(counted, spec, Timestamp::max(), config, metrics.pages));
  }
  return metrics;
}

OracleReplay::OracleReplay(const EngineConfig& config) : config_(config) {}

// The ids of a session's latest events, by arrival.
std::vector<std::string> OracleReplay::remembered_ids(const Visit& visit) const {
  Visit by_arrival = visit;
  std::sort(by_arrival.begin(), by_arrival.end(), [](const Kept& a, const Kept& b) { return a.arrival < b.arrival; });
  std::vector<std::string> ids;
  for (const Kept& event : by_arrival) ids.push_back(event.event_id);
  if (ids.size() > config_.max_ids) ids.erase(ids.begin(), ids.end() - static_cast<std::ptrdiff_t>(config_.max_ids));
  return ids;
}

Outcome OracleReplay::apply(const Event& event, Timestamp record_time) {
  const Outcome outcome = count(event);
  advance_watermark(std::min(event.timestamp, record_time) - config_.lateness);
  return outcome;
}

Outcome OracleReplay::count(const Event& event) {
  Kept kept = keep({&event, 1}).front();
  kept.arrival = counted_.size();
  if (watermark_) kept.watermark = *watermark_;

  // The session that the event would be in, if it were added to what is open.
  Visit with_it = open_;
  with_it.push_back(kept);
  const std::vector<Visit> before = cut(open_, config_.gap);
  const std::vector<Visit> after = cut(with_it, config_.gap);
  const auto is_it = [&](const Kept& other) { return other.arrival == kept.arrival; };
  const Visit joined = *std::find_if(
      after.begin(), after.end(), [&](const Visit& visit) { return std::any_of(visit.begin(), visit.end(), is_it); });
  Visit others = joined;
  others.erase(std::find_if(others.begin(), others.end(), is_it));
  const std::vector<std::string> ids = remembered_ids(others);

  Outcome outcome = Outcome::counted;
  if (watermark_ && end_of(joined) + config_.gap < *watermark_) {
    outcome = Outcome::late;
    ++counts_.late;
  } else if (std::find(ids.begin(), ids.end(), kept.event_id) != ids.end()) {
    outcome = Outcome::duplicate;
    ++counts_.duplicate;
  } else {
    ++counts_.counted;
    if (after.size() > before.size()) opened_ += after.size() - before.size();
    if (after.size() < before.size()) merged_ += before.size() - after.size();
    open_ = with_it;
    counted_.push_back(kept);
  }
  ++counts_.consumed;
  return outcome;
}

void OracleReplay::reject(Malformed reason) {
  ++counts_.consumed;
  ++counts_.malformed.at(static_cast<std::size_t>(reason));
}

void OracleReplay::advance_watermark(Timestamp watermark) {
  if (watermark_ && watermark <= *watermark_) return;
  watermark_ = watermark;
  const std::vector<Visit> visits = cut(open_, config_.gap);
  open_.clear();
  for (const Visit& visit : visits) {
    if (*watermark_ > end_of(visit) + config_.gap) {
      closed_.push_back(visit);
    } else {
      open_.insert(open_.end(), visit.begin(), visit.end());
    }
  }
}

void OracleReplay::close_all() {
  for (const Visit& visit : cut(open_, config_.gap)) closed_.push_back(visit);
  open_.clear();
  ended_ = true;
}

std::string line_of(const SessionRow& row) {
  const Session& session = row.session;
  std::ostringstream line;
  line << "session " << value(session.user) << " " << value(session.id) << " from "
       << session.start.time_since_epoch().count() << " to " << session.end.time_since_epoch().count() << ", "
       << session.event_duration.count() << " us of " << session.events << " events, " << session.page_views
       << " views, " << session.clicks << " clicks, from " << row.entry_page.value_or("nowhere");
  return line.str();
}

std::string line_of(const WindowRow& row) {
  std::vector<std::string> pages;
  for (const PageViews& page : row.pages) pages.push_back(page.page + " " + std::to_string(page.page_views));
  std::sort(pages.begin(), pages.end());
  std::ostringstream line;
  line << "window of " << row.spec.size.count() << " every " << row.spec.hop.count() << " from "
       << row.start.time_since_epoch().count() << ": " << row.page_views << " views, " << row.clicks << " clicks, "
       << row.sessions << " sessions, " << row.users << " users";
  for (const std::string& page : pages) line << "; " << page;
  return line.str();
}

// The page that its first view counts as; of views at one moment, the first by name. Empty without a view.
std::string OracleReplay::entry_page_of(const Visit& visit) const {
  const std::vector<std::string> names = counted_pages(counted_, config_.max_pages);
  std::vector<std::pair<Timestamp, std::string>> views;
  for (const Kept& event : visit) {
    if (is_page_view(event.action)) views.emplace_back(event.timestamp, names.at(event.arrival));
  }
  return views.empty() ? "" : std::min_element(views.begin(), views.end())->second;
}

std::vector<std::string> OracleReplay::rows() const {
  std::vector<std::string> lines;
  for (const Visit& visit : closed_) {
    SessionRow row{{}, session_of(visit), {}};
    if (const std::string page = entry_page_of(visit); !page.empty()) row.entry_page = page;
    lines.push_back(line_of(row));
  }
  Metrics metrics;
  count_events(counted_, config_.max_pages, metrics);
  EngineConfig all = config_;
  all.max_windows.reset();
  const Timestamp watermark = ended_ ? Timestamp::max() : watermark_.value_or(Timestamp::min());
  for (const WindowSpec& spec : config_.windows) {
    for (const Window& window : count_windows(counted_, spec, watermark, all, metrics.pages).windows) {
      WindowRow row{{}, spec, window.start, window.page_views, window.clicks, window.sessions, window.users, {}};
      for (const WindowPage& page : window.pages) {
        row.pages.push_back({metrics.pages.at(page.page).page, page.page_views});
      }
      lines.push_back(line_of(row));
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::size_t OracleReplay::open_sessions() const { return cut(open_, config_.gap).size(); }

Metrics OracleReplay::metrics() const {
  std::vector<Visit> all = cut(open_, config_.gap);
  all.insert(all.end(), closed_.begin(), closed_.end());

  Metrics metrics;
  metrics.events = counts_;
  metrics.sessions.opened = opened_;
  metrics.sessions.merged = merged_;
  metrics.sessions.closed = closed_.size();
  count_sessions(all, metrics.sessions);
  count_closed(closed_, metrics.closed);
  count_events(counted_, config_.max_pages, metrics);
  for (const Visit& visit : all) {
    if (visit.size() > config_.max_ids) metrics.evicted_ids += visit.size() - config_.max_ids;
  }
  if (config_.count_users) {
    std::set<std::int64_t> users;
    for (const Kept& event : counted_) users.insert(event.user);
    metrics.users = users.size();
  }
  const Timestamp watermark = ended_ ? Timestamp::max() : watermark_.value_or(Timestamp::min());
  for (const WindowSpec& spec : config_.windows) {
    metrics.windows.push_back(count_windows(counted_, spec, watermark, config_, metrics.pages));
  }
  return metrics;
}

bool OracleReplay::has_open_windows() const {
  const std::vector<WindowSeries> windows = metrics().windows;
  return std::any_of(windows.begin(), windows.end(),
                     [](const WindowSeries& series) { return series.final_before != Timestamp::max(); });
}

std::vector<Session> OracleReplay::take_touched() {
  std::vector<Visit> all = cut(open_, config_.gap);
  all.insert(all.end(), closed_.begin(), closed_.end());
  std::vector<Session> touched;
  for (const Visit& visit : all) {
    const bool in_round =
        std::any_of(visit.begin(), visit.end(), [&](const Kept& event) { return event.arrival >= round_begin_; });
    if (in_round) touched.push_back(session_of(visit));
  }
  std::sort(touched.begin(), touched.end(), [](const Session& a, const Session& b) {
    return std::tuple(b.events, a.id, a.user, a.start) < std::tuple(a.events, b.id, b.user, b.start);
  });
  round_begin_ = counted_.size();
  return touched;
}

}  // namespace clickstream
