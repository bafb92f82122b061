#include "clickstream/simulator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.h"

using namespace clickstream;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kPerSecond = 1'000'000;  // a rate of one a second

SimulatorConfig config_at(std::int64_t rate) {
  SimulatorConfig config;
  config.events_per_million_seconds = rate;
  config.start = Timestamp{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};
  return config;
}

// A site whose visits take well under a second.
Site hasty_site() {
  return Site::parse(R"({"leave_at_once": 0.2, "landing": {"/a": 1},
                         "pages": {"/a": {"stay": 0.02, "click": 0.3, "next": {"/b": 0.8}},
                                   "/b": {"stay": 0.05, "click": 0.3, "next": {"/a": 0.3, "/b": 0.4}}}})")
      .value();
}

// FNV-1a over everything that the first `n` events say.
std::uint64_t hash_of(const SimulatorConfig& config, int n) {
  std::uint64_t hash = 0xCBF29CE484222325;
  Simulator simulator(config);
  for (int i = 0; i < n; ++i) {
    const Event event = simulator.next();
    std::string text{event.event_id};
    for (const std::int64_t number : {value(event.user), value(event.session), event.duration.count(),
                                      std::int64_t{event.timestamp.time_since_epoch().count()}}) {
      text += ' ' + std::to_string(number);
    }
    text += ' ' + std::string(event.page) + ' ' + std::string(event.action) + '\n';
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  }
  return hash;
}

bool is_uuid_4(const std::string& id) {
  for (std::size_t i = 0; i < id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (std::string_view(dash ? "-" : "0123456789abcdef").find(id[i]) == std::string_view::npos) return false;
  }
  return id.size() == 36 && id[14] == '4' && std::string_view("89ab").find(id[19]) != std::string_view::npos;
}

// Figures of a stretch of simulated time.
struct Stretch {
  std::map<std::string, int> page_views;
  int events = 0;
  int clicks = 0;
};

// The events before `until`, from the first that was not taken yet.
class Reader {
 public:
  explicit Reader(const SimulatorConfig& config) : simulator_(config), event_(simulator_.next()) {}

  Stretch until(Timestamp end) {
    Stretch stretch;
    for (; event_.timestamp < end; event_ = simulator_.next()) {
      ++stretch.events;
      if (event_.action == "click") {
        ++stretch.clicks;
      } else {
        ++stretch.page_views[std::string(event_.page)];
      }
      visits_ = std::max(visits_, value(event_.session));
    }
    return stretch;
  }

  // The number of the latest visit.
  std::int64_t visits() const { return visits_; }

 private:
  Simulator simulator_;
  Event event_;
  std::int64_t visits_ = 0;
};

// Whether two counts of the same thing differ by no more than chance explains: five standard deviations of
// independent counts.
bool alike(double a, double b) { return std::abs(a - b) <= 5 * std::sqrt(a + b); }

// The figures of the events, in the obvious way.
Metrics recount(const SimulatorConfig& config, int n) {
  struct Open {
    Timestamp start, end;
    int page_views = 0, clicks = 0;
  };
  Metrics figures;
  std::map<std::pair<UserId, SessionId>, Open> open;
  std::map<std::string, std::uint64_t> pages;
  std::set<UserId> users;
  const auto close = [&](const Open& session) {
    const Duration duration = session.end - session.start;
    const bool bounced = session.page_views <= 1 && session.clicks == 0;
    ++figures.sessions.opened;
    ++figures.sessions.closed;
    figures.sessions.bounced += bounced;
    figures.sessions.with_click += session.clicks > 0;
    figures.sessions.total_duration += duration;
    const auto bucket = std::lower_bound(kDurationBuckets.begin(), kDurationBuckets.end(),
                                         std::chrono::duration<double>(duration).count());
    ++figures.closed.duration_histogram[static_cast<std::size_t>(bucket - kDurationBuckets.begin())];
  };
  Simulator simulator(config);
  for (int i = 0; i < n; ++i) {
    const Event event = simulator.next();
    const auto key = std::pair(event.user, event.session);
    if (const auto found = open.find(key); found != open.end() && event.timestamp - found->second.end > config.gap) {
      close(found->second);
      open.erase(found);
    }
    Open& session = open.try_emplace(key, Open{event.timestamp, event.timestamp}).first->second;
    session.end = std::max(session.end, event.end());
    users.insert(event.user);
    if (event.action == "page_view") {
      ++session.page_views;
      ++figures.page_views;
      ++pages[std::string(page_path(event.page))];
    } else {
      ++session.clicks;
      ++figures.clicks;
    }
  }
  for (const auto& [key, session] : open) close(session);
  figures.events.consumed = figures.events.counted = static_cast<std::uint64_t>(n);
  figures.closed.bounced = figures.sessions.bounced;
  figures.closed.total_duration = figures.sessions.total_duration;
  figures.users = users.size();
  for (const auto& [page, views] : pages) figures.pages.push_back({page, views});
  return figures;
}

Metrics truth(const SimulatorConfig& config, int n) {
  Simulator simulator(config);
  for (int i = 0; i < n; ++i) simulator.next();
  Metrics figures = simulator.truth();
  std::sort(figures.pages.begin(), figures.pages.end(),
            [](const PageViews& a, const PageViews& b) { return a.page < b.page; });
  return figures;
}

}  // namespace

TEST_CASE("the same configuration gives the same events, on every machine and compiler") {
  SimulatorConfig config = config_at(500 * kPerSecond);
  CHECK(hash_of(config, 20'000) == 0x7db919b20d276aea);
  config.daily_cycle = true;
  CHECK(hash_of(config, 20'000) == 0xb418e52dd5874787);
}

TEST_CASE("another seed or start gives other events") {
  const SimulatorConfig config = config_at(500 * kPerSecond);
  SimulatorConfig other = config;
  SECTION("seed") { other.seed = 2; }
  SECTION("start") { other.start += 1s; }
  Simulator a(config), b(other);
  const Event event = a.next();
  const Event other_event = b.next();
  CHECK(event.event_id != other_event.event_id);
  CHECK(event.user != other_event.user);
}

TEST_CASE("asking for the truth changes no event") {
  Simulator asked(config_at(500 * kPerSecond)), not_asked(config_at(500 * kPerSecond));
  for (int i = 0; i < 1'000; ++i) {
    asked.truth();
    REQUIRE(std::string(asked.next().event_id) == not_asked.next().event_id);
  }
}

TEST_CASE("events come exactly at the rate") {
  struct Rate {
    std::int64_t events_per_million_seconds;
    int events;
    std::int64_t last;  // microseconds from the start
  };
  const auto [rate, events, last] =
      GENERATE(Rate{500 * kPerSecond, 100'001, 200'000'000},  // 2 ms apart
               Rate{300 * kPerSecond, 30'002, 100'003'333}, Rate{1, 3, 2'000'000'000'000},
               Rate{kPerSecond / 4, 101, 400'000'000}, Rate{1'000'000 * kPerSecond, 200'001, 200'000},
               Rate{3'000'000 * kPerSecond, 200'003, 66'667});
  SimulatorConfig config = config_at(rate);
  config.site = hasty_site();
  Simulator simulator(config);
  // Slot k lies at k / rate, rounded down.
  for (int k = 0; k < events; ++k) {
    const std::int64_t slot =
        simulator.next().timestamp.time_since_epoch().count() - config.start.time_since_epoch().count();
    if (k == events - 1) CHECK(slot == last);
    const std::int64_t exact = 1'000'000'000'000 * k;  // times the rate
    if (slot * rate > exact || (slot + 1) * rate <= exact) FAIL("event " << k << " is at " << slot);
  }
}

TEST_CASE("an event has the form of the wire") {
  SimulatorConfig config = config_at(500 * kPerSecond);
  config.daily_cycle = GENERATE(false, true);
  config.users = 1'000;
  Simulator simulator(config);
  std::set<std::string> ids;
  std::set<UserId> users;
  std::set<std::string> pages;
  Timestamp last = config.start;
  const int n = 100'000;
  for (int i = 0; i < n; ++i) {
    const Timestamp announced = simulator.next_timestamp();
    const Event event = simulator.next();
    if (event.timestamp != announced) FAIL("not at the time announced: event " << i);
    if (event.timestamp < last) FAIL("out of order: event " << i);
    last = event.timestamp;
    const std::string id{event.event_id};
    if (!is_uuid_4(id)) FAIL("no UUID of version 4: " << id);
    ids.insert(id);
    users.insert(event.user);
    pages.insert(std::string(event.page));
    if (value(event.session) < 1) FAIL("no number of a visit: " << value(event.session));
    if (action_of(event.action) == Action::other) FAIL("not of the shop: " << event.action);
    if (event.duration < 0s || event.duration > 30min || event.duration % 1ms != 0s) {
      FAIL("no stay: " << event.duration.count());
    }
  }
  CHECK(ids.size() == n);
  CHECK(users.size() == 1'000);
  CHECK(*users.begin() == UserId{1});
  CHECK(*users.rbegin() == UserId{1'000});
  CHECK(pages.size() == 12);
}

TEST_CASE("the events of a visit cover it without holes, and name one user") {
  SimulatorConfig config = config_at(500 * kPerSecond);
  const bool daily_cycle = GENERATE(false, true);
  config.daily_cycle = daily_cycle;
  struct Last {
    UserId user;
    Timestamp end;
    bool click;
    std::string page;
  };
  std::map<SessionId, Last> visits;
  Duration shortest_wait = 1h;
  Simulator simulator(config);
  for (int i = 0; i < 200'000; ++i) {
    const Event event = simulator.next();
    const bool click = event.action == "click";
    const auto found = visits.find(event.session);
    if (found != visits.end()) {
      const Last& last = found->second;
      const Duration wait = event.timestamp - last.end;  // for a free slot
      shortest_wait = std::min(shortest_wait, wait);
      const bool follows = event.user == last.user && wait >= 0s && wait <= (daily_cycle ? 0ms : 500ms);
      if (!follows || (click && (last.click || event.page != last.page))) {
        FAIL("event " << i << " doesn't follow the one before in visit " << value(event.session));
      }
    }
    visits.insert_or_assign(event.session, Last{event.user, event.end(), click, std::string(event.page)});
  }
  CHECK(shortest_wait == 0s);
}

TEST_CASE("the truth is what counting the events again gives") {
  SimulatorConfig config = config_at(500 * kPerSecond);
  SECTION("as it comes") {}
  SECTION("few users") { config.users = 3; }
  SECTION("a daily cycle") { config.daily_cycle = true; }
  SECTION("so slow that waiting for a slot splits visits") { config.events_per_million_seconds = kPerSecond / 1'000; }
  SECTION("a gap that splits most visits") { config.gap = 1ms; }
  SECTION("no gap at all") { config.gap = 0ms; }
  SECTION("pages with query strings") {
    config.site = Site::parse(R"({"leave_at_once": 0, "landing": {"/a?x=1": 0.5, "/a?x=2": 0.5},
                                  "pages": {"/a?x=1": {"stay": 9, "click": 0.5, "next": {"?": 0.5}},
                                            "/a?x=2": {"stay": 9, "click": 0.5, "next": {"/": 0.5}},
                                            "/": {"stay": 9, "click": 0.5, "next": {}},
                                            "?": {"stay": 9, "click": 0.5, "next": {"?": 0.5}}}})")
                      .value();
  }
  for (const int n : {0, 1, 2, 1'000, 100'000}) {
    const Metrics expected = recount(config, n);
    const Metrics actual = truth(config, n);
    CHECK(actual.events == expected.events);
    CHECK(actual.sessions == expected.sessions);
    CHECK(actual.closed == expected.closed);
    CHECK(actual.page_views == expected.page_views);
    CHECK(actual.clicks == expected.clicks);
    CHECK(actual.users == expected.users);
    CHECK(actual.pages == expected.pages);
    CHECK(actual == expected);
  }
}

TEST_CASE("a silence of exactly the gap joins, a longer one splits") {
  // Slots are a second apart and stays are 0 to 26 ms, so every silence within a visit is 974 ms to some seconds.
  SimulatorConfig config = config_at(kPerSecond);
  config.site = Site::parse(R"({"leave_at_once": 0, "landing": {"/": 1},
                                "pages": {"/": {"stay": 0.001, "click": 0, "next": {"/": 0.9}}}})")
                    .value();
  // The silence that occurs most often.
  std::map<Duration, int> silences;
  std::map<SessionId, Timestamp> ends;
  Simulator simulator(config);
  for (int i = 0; i < 10'000; ++i) {
    const Event event = simulator.next();
    if (const auto last = ends.find(event.session); last != ends.end()) ++silences[event.timestamp - last->second];
    ends[event.session] = event.end();
  }
  const auto most = std::max_element(silences.begin(), silences.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  config.gap = most->first;
  const std::uint64_t joined = truth(config, 10'000).sessions.opened;
  config.gap -= 1us;
  const std::uint64_t split = truth(config, 10'000).sessions.opened;
  CHECK(split == joined + static_cast<std::uint64_t>(most->second));
}

TEST_CASE("the run begins in the stationary mix of visits") {
  SimulatorConfig config = config_at(2'000 * kPerSecond);
  config.daily_cycle = GENERATE(false, true);
  config.site = GENERATE(Site::shop(), Site::parse(R"({"leave_at_once": 0.1, "landing": {"/a": 0.8, "/b": 0.2},
                                                      "pages": {"/a": {"stay": 100, "click": 0.9, "next": {"/b": 0.9}},
                                                                "/b": {"stay": 5, "click": 0.1, "next": {"/b": 0.6}}}})")
                                           .value());
  const Timestamp start = config.start + 12h + 30min;  // the cycle is flat at that time of day
  config.start = start;
  Reader reader(config);
  // The numbers of visits under way at the start aren't known, but by now one has arrived.
  reader.until(start + 1s);
  const std::int64_t visits_before = reader.visits();
  const Stretch early = reader.until(start + 21s);
  const std::int64_t early_visits = reader.visits() - visits_before;

  reader.until(start + 400s);
  const std::int64_t visits_between = reader.visits();
  const Stretch late = reader.until(start + 420s);
  const std::int64_t late_visits = reader.visits() - visits_between;

  INFO("new visits " << early_visits << " and " << late_visits);
  CHECK(alike(static_cast<double>(early_visits), static_cast<double>(late_visits)));
  CHECK(alike(early.clicks, late.clicks));
  CHECK(alike(early.events, late.events));
  CHECK(early.page_views.size() == late.page_views.size());
  for (const auto& [page, views] : late.page_views) {
    const auto found = early.page_views.find(page);
    REQUIRE(found != early.page_views.end());
    INFO(page << ' ' << found->second << " and " << views);
    CHECK(alike(found->second, views));
  }
}

TEST_CASE("no page's share and no rate of new visits swings") {
  const SimulatorConfig config = config_at(500 * kPerSecond);
  Reader reader(config);
  reader.until(config.start + 1s);
  std::map<std::string, std::vector<int>> views;
  std::vector<int> new_visits;
  for (int i = 1; i <= 120; ++i) {
    const std::int64_t before = reader.visits();
    const Stretch stretch = reader.until(config.start + 1s + i * 10s);
    REQUIRE(stretch.events == 5'000);
    for (const auto& [page, count] : stretch.page_views) views[page].push_back(count);
    new_visits.push_back(static_cast<int>(reader.visits() - before));
  }
  views["new visits"] = new_visits;
  for (const auto& [what, counts] : views) {
    REQUIRE(counts.size() == 120);
    double mean = 0;
    double variance = 0;
    for (const int count : counts) mean += count / 120.0;
    for (const int count : counts) variance += (count - mean) * (count - mean) / 119.0;
    INFO(what << ": mean " << mean << ", variance " << variance);
    // 1 would be independent events. New visits fill up whatever is due, so they take the noise of all others.
    CHECK(variance / mean < (what == "new visits" ? 7 : 2.5));
  }
}

TEST_CASE("the shop is a plausible one") {
  SimulatorConfig config = config_at(100 * kPerSecond);
  config.daily_cycle = GENERATE(false, true);
  const int n = 500'000;
  const Metrics figures = truth(config, n);
  CHECK(bounce_rate_percent(figures).value() > 34);
  CHECK(bounce_rate_percent(figures).value() < 38);
  CHECK(click_through_rate_percent(figures).value() > 29);
  CHECK(click_through_rate_percent(figures).value() < 33);
  CHECK(average_session_duration_seconds(figures).value() > 150);
  CHECK(average_session_duration_seconds(figures).value() < 210);
  const double events_per_visit = static_cast<double>(n) / static_cast<double>(figures.sessions.total());
  CHECK(events_per_visit > 5.5);
  CHECK(events_per_visit < 6.5);
  // Enough users for the rate: next to nobody is there twice at once.
  CHECK(figures.users.value() > figures.sessions.total() * 95 / 100);
}

TEST_CASE("with a daily cycle, visits follow the time of day, and the rate is the day's mean") {
  SimulatorConfig config = config_at(5 * kPerSecond);
  config.daily_cycle = true;
  Reader reader(config);
  std::array<int, 24> hours{};
  int day = 0;
  for (std::size_t hour = 0; hour < hours.size(); ++hour) {
    hours[hour] = reader.until(config.start + std::chrono::hours{hour + 1}).events;
    day += hours[hour];
  }
  CHECK(std::abs(day - 5 * 86'400) < 5 * 86'400 / 100);
  const double hourly = day / 24.0;
  CHECK(std::abs(hours[3] / hourly - 0.235) < 0.03);
  CHECK(std::abs(hours[12] / hourly - 1.31) < 0.06);
  CHECK(std::abs(hours[20] / hourly - 1.585) < 0.06);
  // From the first minute on.
  config.start += 20h;
  config.events_per_million_seconds = 500 * kPerSecond;
  CHECK(std::abs(Reader(config).until(config.start + 60s).events / 30'000.0 - 1.64) < 0.05);
}

TEST_CASE("a rate or a population that is none is the caller's mistake") {
  CHECK_THROWS_AS(Simulator(config_at(0)), std::invalid_argument);
  SimulatorConfig config = config_at(1);
  config.users = -1;
  CHECK_THROWS_AS(Simulator(config), std::invalid_argument);
}
