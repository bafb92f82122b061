// The law of traffic: whatever the faults, and however users are spread over partitions, the engine finds the truth.
#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "clickstream/traffic.h"
#include "support/catch.h"
#include "support/decoding_set.h"

namespace clickstream {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kPerSecond = 1'000'000;

// Figures that do not depend on the order of events.
Metrics comparable(Metrics metrics) {
  metrics.sessions.opened -= metrics.sessions.merged;
  metrics.sessions.merged = 0;
  const std::vector<PageViews> pages = metrics.pages;
  std::sort(metrics.pages.begin(), metrics.pages.end(),
            [](const PageViews& a, const PageViews& b) { return a.page < b.page; });
  const auto position = [&](std::size_t page) {
    const auto found = std::find(metrics.pages.begin(), metrics.pages.end(), pages[page]);
    return static_cast<std::size_t>(found - metrics.pages.begin());
  };
  for (WindowSeries& series : metrics.windows) {
    for (Window& window : series.windows) {
      window.user_ids.clear();
      for (WindowPage& page : window.pages) page.page = position(page.page);
      std::sort(window.pages.begin(), window.pages.end(),
                [](const WindowPage& a, const WindowPage& b) { return a.page < b.page; });
    }
  }
  return metrics;
}

class Pick {
 public:
  explicit Pick(std::uint64_t seed) : bits_(seed) {}
  template <class T>
  T any_of(std::initializer_list<T> values) {
    return values.begin()[bits_() % values.size()];
  }

 private:
  std::mt19937_64 bits_;
};

// Visits of well under a second, with as many as a hundred events.
Site hasty_site() {
  return Site::parse(R"({"leave_at_once": 0.2, "landing": {"/a": 1},
                         "pages": {"/a": {"stay": 0.02, "click": 0.3, "next": {"/b": 0.8}},
                                   "/b": {"stay": 0.001, "click": 0.3, "next": {"/a": 0.1, "/b": 0.85}}}})")
      .value();
}

struct Case {
  SimulatorConfig config;
  Faults faults;
  std::uint64_t events;
};

Case random_case(std::uint64_t seed) {
  Pick pick(seed);
  Case one;
  one.config.seed = seed;
  one.config.start = Timestamp{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};
  one.config.events_per_million_seconds =
      pick.any_of({kPerSecond / 100, 5 * kPerSecond, 500 * kPerSecond, 5'000 * kPerSecond});
  one.config.users = pick.any_of({0, 1, 7, 300});
  one.config.gap = pick.any_of<Duration>({0s, 1ms, 1s, 30s, 30min});
  one.config.daily_cycle = pick.any_of({false, false, true});
  one.config.windows = {{60s, 60s}, {300s, 60s}};
  if (pick.any_of({true, false, false})) one.config.site = hasty_site();
  Faults& faults = one.faults;
  faults.lateness = pick.any_of<Duration>({0s, 1s, 10s, 1min, 1h});
  faults.disorder = faults.lateness / pick.any_of({1, 1, 2, 100});
  const auto share = [&] { return pick.any_of<std::int64_t>({0, 1'000, 10'000, 300'000, Faults::kWhole}); };
  faults.duplicates = share();
  faults.late = share();
  faults.malformed = share();
  faults.offline = share();
  one.events = pick.any_of<std::uint64_t>({1, 10, 3'000});
  return one;
}

void check(const Case& one, std::int32_t partitions) {
  EngineConfig engine;
  engine.gap = one.config.gap;
  engine.lateness = one.faults.lateness;
  engine.max_pages.reset();
  engine.count_users = true;
  engine.windows = one.config.windows;
  engine.max_windows.reset();
  DecodingSet engines(engine, 1h, Partitioning::keyed);
  for (std::int32_t i = 0; i < partitions; ++i) engines.assign(i);
  Traffic traffic(one.config, one.faults);
  Timestamp time{};
  const auto apply = [&](const TrafficRecord& record) {
    const auto partition = static_cast<std::int32_t>(value(record.key) % partitions);
    const std::string key = std::to_string(value(record.key));
    // A broker's clock is one of milliseconds.
    engines.apply({partition, 0, std::chrono::floor<std::chrono::milliseconds>(time), key, record.document});
  };
  while (traffic.events().counted < one.events) {
    time = traffic.next_time();
    if (const auto record = traffic.next()) apply(*record);
  }
  while (const auto record = traffic.next_held()) apply(*record);
  engines.close_all();
  Metrics found = engines.snapshot(time).total;
  found.users = engines.distinct_users();
  const Metrics truth = traffic.truth();
  CHECK(found.events == truth.events);
  CHECK(comparable(found) == comparable(truth));

  // The visitors' figures are the same as without faults.
  Simulator simulator(one.config);
  for (std::uint64_t i = 0; i < one.events; ++i) simulator.next();
  Metrics of_visitors = simulator.truth();
  of_visitors.events = truth.events;
  CHECK(of_visitors == truth);
}

TEST_CASE("The engine finds the truth on any number of partitions, whatever the faults") {
  const char* const times = std::getenv("CLICKSTREAM_PROPERTY_CASES");
  const std::uint64_t cases = 60 * (times == nullptr ? 1 : std::strtoull(times, nullptr, 10));
  for (std::uint64_t seed = 1; seed <= cases; ++seed) {
    const Case one = random_case(seed);
    for (const std::int32_t partitions : {1, 3, 12}) {
      INFO("case " << seed << ", " << partitions << " partitions");
      check(one, partitions);
    }
  }
}

TEST_CASE("The engine finds the truth of the usual faults") {
  Case one;
  one.config.start = Timestamp{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};
  one.config.gap = GENERATE(Duration{30min}, Duration{1s});
  one.faults.duplicates = one.faults.offline = 10'000;
  one.faults.late = one.faults.malformed = 1'000;
  one.faults.disorder = 5s;
  one.events = 100'000;
  for (const std::int32_t partitions : {1, 3, 12}) check(one, partitions);
}

}  // namespace
}  // namespace clickstream
