#include "render/live.h"

#include "golden/golden.h"
#include "golden/sample.h"
#include "render/json.h"
#include "support/catch.h"

using namespace clickstream;
using namespace clickstream::render;
using namespace std::chrono_literals;

namespace {

Snapshot at(Duration time, std::uint64_t page_views) {
  Snapshot snapshot;
  snapshot.as_of = Timestamp{1'700'000'000s + time};
  snapshot.total.page_views = page_views;
  return snapshot;
}

}  // namespace

TEST_CASE("what the live page shows of a snapshot") {
  Snapshot before = test::sample();
  before.as_of -= 90s;
  before.total = {};
  History history;
  history.add(before);
  history.add(test::sample());
  const std::string json = live_json(test::sample(), history, "");
  CHECK(test::golden("live.json", json) == json);
  const std::string stats = stats_json(test::sample(), true);
  CHECK(json.find("{\"stats\":" + stats.substr(0, stats.size() - 1)) == 0);
}

TEST_CASE("what the live page shows before the first event") {
  const std::string json = live_json(Snapshot{}, History{}, "recovering");
  CHECK(test::golden("live_empty.json", json) == json);
}

TEST_CASE("a history has a sample a second") {
  History history;
  for (int i = 0; i < 13; ++i) history.add(at(i * 250ms, static_cast<std::uint64_t>(i)));
  REQUIRE(history.samples().size() == 4);
  CHECK(history.samples()[1].page_views == 4);
  CHECK(history.samples()[3].time == Timestamp{1'700'000'003s});
  CHECK_FALSE(history.samples()[3].bounce_rate_percent.has_value());
}

TEST_CASE("a history forgets what is older than five minutes") {
  History history;
  for (int i = 0; i < 400; ++i) history.add(at(i * 1s, static_cast<std::uint64_t>(i)));
  CHECK(history.samples().size() == 300);
  CHECK(history.samples().front().page_views == 100);
}

TEST_CASE("a history begins anew when the clock is put back") {
  History history;
  history.add(at(100s, 1));
  history.add(at(50s, 2));
  REQUIRE(history.samples().size() == 1);
  CHECK(history.samples()[0].page_views == 2);
}

TEST_CASE("what is published before there are figures is not in a history") {
  History history;
  history.add(Snapshot{});
  CHECK(history.samples().empty());
}
