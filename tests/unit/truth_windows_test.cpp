// The truth's windows against a count of all events again, for each window that there could be.
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "clickstream/simulator.h"
#include "support/catch.h"

namespace clickstream {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kPerSecond = 1'000'000;  // a rate of one a second

struct Counted {
  std::uint64_t page_views = 0;
  std::uint64_t clicks = 0;
  std::set<std::pair<UserId, SessionId>> sessions;
  std::set<UserId> users;
  std::map<std::string, std::uint64_t> pages;
};

bool holds(const WindowSpec& spec, Timestamp start, Timestamp time) {
  return start <= time && time < start + spec.size;
}

// By start, in hops since 1970.
std::map<std::int64_t, Counted> recount(const SimulatorConfig& config, const WindowSpec& spec, int n) {
  std::map<std::int64_t, Counted> windows;
  Simulator simulator(config);
  for (int i = 0; i < n; ++i) {
    const Event event = simulator.next();
    const auto last = static_cast<std::int64_t>(event.timestamp.time_since_epoch() / spec.hop);
    for (std::int64_t k = last - spec.size / spec.hop - 1; k <= last + 1; ++k) {
      if (!holds(spec, Timestamp{k * spec.hop}, event.timestamp)) continue;
      Counted& window = windows[k];
      window.sessions.emplace(event.user, event.session);
      window.users.insert(event.user);
      if (event.action == "click") {
        ++window.clicks;
      } else {
        ++window.page_views;
        ++window.pages[std::string(page_path(event.page))];
      }
    }
  }
  return windows;
}

void check(const WindowSeries& series, const std::map<std::int64_t, Counted>& expected, const Metrics& truth) {
  CHECK(series.complete_from == Timestamp::min());
  CHECK(series.final_before == Timestamp::max());
  REQUIRE(series.windows.size() == expected.size());
  auto window = series.windows.begin();
  for (const auto& [k, counted] : expected) {
    INFO(to_string(series.spec) << ", window " << k << ", the " << window - series.windows.begin() << "th");
    REQUIRE(window->start == Timestamp{k * series.spec.hop});
    REQUIRE(window->page_views == counted.page_views);
    REQUIRE(window->clicks == counted.clicks);
    REQUIRE(window->sessions == counted.sessions.size());
    REQUIRE(window->users == counted.users.size());
    REQUIRE(window->user_ids.empty());
    std::map<std::string, std::uint64_t> pages;
    std::size_t positions_from = 0;
    for (const WindowPage& page : window->pages) {
      REQUIRE(page.page >= positions_from);
      positions_from = page.page + 1;
      pages[truth.pages.at(page.page).page] = page.page_views;
    }
    REQUIRE(pages == counted.pages);
    ++window;
  }
}

TEST_CASE("the truth's windows are what counting the events again gives") {
  SimulatorConfig config;
  config.start = Timestamp{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}} + 7s;
  config.events_per_million_seconds = 50 * kPerSecond;
  SECTION("as it comes") {}
  SECTION("few users") { config.users = 5; }
  SECTION("a daily cycle") { config.daily_cycle = true; }
  SECTION("so slow that most windows have no event") { config.events_per_million_seconds = kPerSecond / 100; }
  SECTION("pages with query strings") {
    config.site = Site::parse(R"({"leave_at_once": 0, "landing": {"/z?x=1": 0.5, "/z?x=2": 0.5},
                                  "pages": {"/z?x=1": {"stay": 9, "click": 0.5, "next": {"?": 0.5}},
                                            "/z?x=2": {"stay": 9, "click": 0.5, "next": {"/": 0.5}},
                                            "/": {"stay": 9, "click": 0.5, "next": {}},
                                            "?": {"stay": 9, "click": 0.5, "next": {"?": 0.5}}}})")
                      .value();
  }
  config.windows = {{1s, 1s}, {7s, 3s}, {60s, 60s}, {300s, 60s}, {3600s, 3600s}};
  for (const int n : {0, 1, 2, 20'000}) {
    Simulator simulator(config);
    for (int i = 0; i < n; ++i) simulator.next();
    const Metrics truth = simulator.truth();
    REQUIRE(truth.windows.size() == config.windows.size());
    for (std::size_t i = 0; i < config.windows.size(); ++i) {
      CHECK(truth.windows[i].spec == config.windows[i]);
      check(truth.windows[i], recount(config, config.windows[i], n), truth);
    }
  }
}

TEST_CASE("windows change nothing else of the truth, and asking for it in between changes no window") {
  SimulatorConfig config;
  config.start = Timestamp{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};
  Simulator without(config);
  config.windows = {{60s, 60s}};
  Simulator asked(config);
  Simulator not_asked(config);
  for (int i = 0; i < 100'000; ++i) {
    without.next();
    not_asked.next();
    asked.next();
    if (i % 10'000 == 0) asked.truth();
  }
  CHECK(asked.truth() == not_asked.truth());
  Metrics truth = asked.truth();
  CHECK(truth.windows.at(0).windows.size() == 4);
  truth.windows.clear();
  CHECK(truth == without.truth());
}

}  // namespace
}  // namespace clickstream
