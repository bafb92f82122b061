#include "support/random_log.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <set>
#include <tuple>

#include "support/script.h"

namespace clickstream {
namespace {

using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::string_view, 24> kIds = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l",
                                                   "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x"};
constexpr std::array<std::string_view, 12> kPages = {"/",  "/a",  "/a?x=1", "/a#top", "?x",   "#",
                                                     "/b", "/b/", "/B",     "c",      "/d?#", "/?"};
constexpr std::array<std::string_view, 8> kActions = {"page_view", "page_view", "page_view", "click",
                                                      "click",     "scroll",    "Click",     ""};

Event random_event(Random& random, std::int64_t users, std::int64_t sessions, std::size_t ids) {
  Event event;
  event.event_id = random.any_of(std::span(kIds).first(ids));
  event.user = UserId{random.below(users)};
  event.session = SessionId{random.below(sessions)};
  event.page = random.any_of(std::span(kPages));
  event.action = random.any_of(std::span(kActions));
  return event;
}

// Kinds of windows a few times as long as `unit`, which is how far events lie apart.
std::vector<WindowSpec> random_windows(Random& random, Duration unit) {
  std::vector<WindowSpec> windows;
  for (std::int64_t n = random.any_of({0, 1, 1, 2}); n > 0; --n) {
    const Duration size = std::max(unit, Duration{1}) * random.any_of({1, 2, 5});
    const Duration hop = random.any_of<Duration>({size, size, size / 2, size / 3, size * 2 / 3, size - Duration{1}});
    const Duration coarse = std::max(size / 12, Duration{1});  // not too many parts
    windows.push_back({size - size % coarse, std::max(hop - hop % coarse, coarse)});
  }
  std::sort(windows.begin(), windows.end());
  windows.erase(std::unique(windows.begin(), windows.end()), windows.end());
  return windows;
}

}  // namespace

std::uint64_t cases(std::uint64_t normally) {
  const char* factor = std::getenv("CLICKSTREAM_PROPERTY_CASES");
  return factor == nullptr ? normally : normally * std::strtoull(factor, nullptr, 10);
}

Duration edge(Random& random, Duration gap) {
  const Duration gaps = random.any_of({0, 0, 1, 1, 2, 3}) * gap;
  const Duration span = gaps / random.any_of({1, 1, 1, 2});
  return std::max(Duration{0}, span + microseconds{random.any_of({0, 0, 0, -1, 1})});
}

Log random_log(std::uint64_t seed) {
  Random random(seed);
  Log log;
  log.config.gap = random.any_of<Duration>({seconds{10}, minutes{30}, microseconds{3}, microseconds{0}});
  log.config.lateness =
      random.any_of<Duration>({seconds{0}, seconds{1}, log.config.gap, 4 * log.config.gap, 20 * log.config.gap});
  log.config.max_pages = random.any_of<std::optional<std::size_t>>({std::nullopt, 200, 3, 1, 0});
  log.config.busiest = random.any_of<std::size_t>({1, 3, 10});
  log.config.count_users = !random.one_in(4);
  const std::int64_t users = random.any_of({1, 1, 2, 3});
  const std::int64_t sessions = random.any_of({1, 1, 2});
  const std::size_t ids = random.any_of<std::size_t>({2, 8, 24});
  log.config.windows = random_windows(random, log.config.gap);
  log.config.max_windows = random.any_of<std::optional<std::size_t>>({std::nullopt, 60, 3, 1});
  const Duration disorder = random.any_of({0, 1, 2, 6, 12}) * log.config.gap;
  const std::int64_t length = 1 + random.below(random.any_of({4, 12, 40}));
  const std::int64_t pace = random.any_of({1, 3});
  const std::int64_t skewed_clocks = random.any_of({1, 4, 1000});  // one record in so many has a time of its own

  Timestamp now = kScriptStart;
  while (static_cast<std::int64_t>(log.steps.size()) < length) {
    Step step;
    if (random.one_in(15)) {
      step.kind = random.any_of({Step::Kind::malformed, Step::Kind::watermark, Step::Kind::busiest});
      step.reason = static_cast<Malformed>(random.below(static_cast<std::int64_t>(kMalformedReasons)));
      step.watermark = now + edge(random, log.config.gap);
      step.watermark -= edge(random, log.config.gap);
    } else {
      Event event = random_event(random, users, sessions, ids);
      now += random.one_in(pace) ? edge(random, log.config.gap) : Duration{0};
      const Duration behind = random.any_of({0, 0, 1, 2, 4}) * disorder / 4;
      event.timestamp = now - behind + microseconds{random.any_of({0, 0, 0, -1, 1})};
      event.duration = random.one_in(2) ? Duration{0} : edge(random, log.config.gap);
      if (random.one_in(8)) {  // a stay that may bridge several sessions
        event.timestamp = now - disorder;
        event.duration = disorder;
      }
      step.sent = {event, event.timestamp};
      if (random.one_in(skewed_clocks)) {
        const Duration skew = edge(random, log.config.gap);
        step.sent.record_time += random.any_of({-1, 1}) * skew;
      }
    }
    log.steps.push_back(step);
  }
  return log;
}

Log random_log_of_bridges(std::uint64_t seed) {
  Random random(seed);
  Log log;
  log.config.gap = random.any_of<Duration>({seconds{10}, minutes{30}, microseconds{3}});
  log.config.lateness = random.any_of({4, 30, 30}) * log.config.gap;
  log.config.busiest = random.any_of<std::size_t>({0, 1, 3, 10});
  for (std::int64_t i = 1 + random.below(20); i > 0; --i) {
    Step step;
    if (random.one_in(8)) step.kind = Step::Kind::busiest;
    step.sent.event = random_event(random, 1, random.any_of({1, 1, 2}), 24);
    step.sent.event.timestamp = kScriptStart + random.below(12) * (log.config.gap + log.config.gap / 2);
    step.sent.event.timestamp += microseconds{random.any_of({0, 0, -1, 1})};
    if (random.one_in(3)) step.sent.event.duration = edge(random, log.config.gap);
    if (random.one_in(5)) step.sent.event.duration = random.below(12) * log.config.gap;
    step.sent.record_time = step.sent.event.timestamp;
    log.steps.push_back(step);
  }
  return log;
}

Log random_log_of_long_sessions(std::uint64_t seed) {
  Random random(seed);
  Log log;
  log.config.gap = seconds{10};
  log.config.lateness = seconds{20};
  log.config.max_ids = random.any_of<std::size_t>({1, 2, 3, 5});
  Timestamp now = kScriptStart;
  for (std::int64_t i = 1 + random.below(40); i > 0; --i) {
    if (random.one_in(15)) now += 4 * log.config.gap;
    Step step;
    step.sent.event = random_event(random, 2, 2, random.any_of<std::size_t>({4, 8}));
    step.sent.event.timestamp = now + random.below(11) * seconds{1};
    step.sent.record_time = step.sent.event.timestamp;
    log.steps.push_back(step);
  }
  return log;
}

std::vector<Event> random_events(Random& random, Duration gap) {
  const std::int64_t users = random.any_of({1, 2, 4});
  const std::int64_t sessions = random.any_of({1, 2});
  const std::size_t ids = random.any_of<std::size_t>({6, 24});
  std::vector<Event> events;
  std::set<std::tuple<std::string_view, UserId, SessionId>> used;
  Timestamp now = kScriptStart;
  for (std::int64_t i = random.below(25); i > 0; --i) {
    Event event = random_event(random, users, sessions, ids);
    now += random.one_in(2) ? edge(random, gap) : Duration{0};
    event.timestamp = now;
    event.duration = random.one_in(2) ? Duration{0} : edge(random, gap);
    if (used.insert({event.event_id, event.user, event.session}).second) events.push_back(event);
    if (random.one_in(10)) {  // so long a silence that the ids may come again
      now += 20 * gap;
      used.clear();
    }
  }
  for (std::int64_t i = random.below(5); i > 0 && !events.empty(); --i) {
    events.push_back(events[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(events.size())))]);
  }
  return events;
}

std::vector<Event> arrival_order(Random& random, const std::vector<Event>& events, Duration lateness) {
  struct Arrival {
    Timestamp due;
    Event event;
  };
  std::vector<Arrival> arrivals;
  for (const Event& event : events) {
    const std::int64_t delay = random.any_of({random.below(lateness.count() + 1), std::int64_t{0}, lateness.count()});
    arrivals.push_back({event.timestamp + Duration{delay}, event});
  }
  random.shuffle(arrivals);
  std::stable_sort(arrivals.begin(), arrivals.end(), [](const Arrival& a, const Arrival& b) { return a.due < b.due; });
  std::vector<Event> order;
  for (const Arrival& arrival : arrivals) order.push_back(arrival.event);
  return order;
}

EngineConfig config_of_the_laws(Random& random) {
  EngineConfig config;
  config.gap = random.any_of<Duration>({seconds{10}, minutes{30}, microseconds{2}});
  config.lateness = random.any_of<std::int64_t>({0, 1, 2, 5, 100}) * config.gap / 2;
  config.max_pages = std::nullopt;
  config.count_users = true;
  config.windows = random_windows(random, config.gap);
  config.max_windows.reset();
  return config;
}

Metrics without_order(Metrics metrics) {
  metrics.sessions.opened -= metrics.sessions.merged;
  metrics.sessions.merged = 0;
  const std::vector<PageViews> pages = metrics.pages;
  std::sort(metrics.pages.begin(), metrics.pages.end(),
            [](const PageViews& a, const PageViews& b) { return a.page < b.page; });
  for (WindowSeries& series : metrics.windows) {
    for (Window& window : series.windows) {
      for (WindowPage& page : window.pages) {
        const auto is_it = [&](const PageViews& other) { return other.page == pages[page.page].page; };
        page.page = static_cast<std::size_t>(std::find_if(metrics.pages.begin(), metrics.pages.end(), is_it) -
                                             metrics.pages.begin());
      }
      std::sort(window.pages.begin(), window.pages.end(),
                [](const WindowPage& a, const WindowPage& b) { return a.page < b.page; });
    }
  }
  return metrics;
}

}  // namespace clickstream
