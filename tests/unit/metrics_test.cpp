// The figures: sums, ratios, merging.
#include "clickstream/metrics.h"

#include "support/catch.h"

namespace clickstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Every figure another number, from `n` on.
Metrics numbered(std::uint64_t n) {
  Metrics metrics;
  metrics.events.consumed = n++;
  metrics.events.counted = n++;
  metrics.events.duplicate = n++;
  metrics.events.late = n++;
  for (std::uint64_t& count : metrics.events.malformed) count = n++;
  metrics.sessions.opened = n++ + 1000;
  metrics.sessions.merged = n++;
  metrics.sessions.closed = n++;
  metrics.sessions.bounced = n++;
  metrics.sessions.with_click = n++;
  metrics.sessions.total_duration = Duration{n++};
  metrics.closed.bounced = n++;
  metrics.closed.total_duration = Duration{n++};
  for (std::uint64_t& count : metrics.closed.duration_histogram) count = n++;
  metrics.page_views = n++;
  metrics.clicks = n++;
  metrics.evicted_ids = n++;
  metrics.users = n++;
  return metrics;
}

}  // namespace

TEST_CASE("A ratio is absent where its denominator is 0") {
  CHECK_FALSE(ratio(0, 0));
  CHECK_FALSE(ratio(5, 0));
  CHECK(ratio(0, 4) == 0.0);
  CHECK(ratio(1, 4) == 0.25);
  const Metrics none;
  CHECK_FALSE(bounce_rate_percent(none));
  CHECK_FALSE(click_through_rate_percent(none));
  CHECK_FALSE(session_click_through_rate_percent(none));
  CHECK_FALSE(average_session_duration_seconds(none));
}

TEST_CASE("The ratios are those of the definition") {
  Metrics metrics;
  metrics.sessions.opened = 10;
  metrics.sessions.merged = 2;
  metrics.sessions.closed = 3;
  metrics.sessions.bounced = 2;
  metrics.sessions.with_click = 4;
  metrics.sessions.total_duration = milliseconds{10'400};
  metrics.page_views = 16;
  metrics.clicks = 20;
  CHECK(metrics.sessions.total() == 8);
  CHECK(metrics.sessions.open() == 5);
  CHECK(bounce_rate_percent(metrics) == 25.0);
  CHECK(click_through_rate_percent(metrics) == 125.0);
  CHECK(session_click_through_rate_percent(metrics) == 50.0);
  CHECK(average_session_duration_seconds(metrics) == 1.3);
  metrics.page_views = 0;
  CHECK_FALSE(click_through_rate_percent(metrics));
  CHECK(bounce_rate_percent(metrics) == 25.0);
}

TEST_CASE("The total of malformed records is the sum over reasons") {
  EventCounts events;
  CHECK(events.malformed_total() == 0);
  events.malformed.front() = 1;
  events.malformed[7] = 20;
  events.malformed.back() = 300;
  CHECK(events.malformed_total() == 321);
}

TEST_CASE("Merging adds every figure") {
  Metrics sum = numbered(1);
  merge(sum, numbered(100'000));
  const Metrics a = numbered(1);
  const Metrics b = numbered(100'000);
  CHECK(sum.events.consumed == a.events.consumed + b.events.consumed);
  CHECK(sum.events.counted == a.events.counted + b.events.counted);
  CHECK(sum.events.duplicate == a.events.duplicate + b.events.duplicate);
  CHECK(sum.events.late == a.events.late + b.events.late);
  for (std::size_t i = 0; i < kMalformedReasons; ++i) {
    CHECK(sum.events.malformed[i] == a.events.malformed[i] + b.events.malformed[i]);
  }
  CHECK(sum.sessions.opened == a.sessions.opened + b.sessions.opened);
  CHECK(sum.sessions.merged == a.sessions.merged + b.sessions.merged);
  CHECK(sum.sessions.closed == a.sessions.closed + b.sessions.closed);
  CHECK(sum.sessions.bounced == a.sessions.bounced + b.sessions.bounced);
  CHECK(sum.sessions.with_click == a.sessions.with_click + b.sessions.with_click);
  CHECK(sum.sessions.total_duration == a.sessions.total_duration + b.sessions.total_duration);
  CHECK(sum.closed.bounced == a.closed.bounced + b.closed.bounced);
  CHECK(sum.closed.total_duration == a.closed.total_duration + b.closed.total_duration);
  for (std::size_t i = 0; i <= kDurationBuckets.size(); ++i) {
    CHECK(sum.closed.duration_histogram[i] == a.closed.duration_histogram[i] + b.closed.duration_histogram[i]);
  }
  CHECK(sum.page_views == a.page_views + b.page_views);
  CHECK(sum.clicks == a.clicks + b.clicks);
  CHECK(sum.evicted_ids == a.evicted_ids + b.evicted_ids);
  CHECK(sum.users == *a.users + *b.users);
}

TEST_CASE("Users are absent if either side's are") {
  Metrics with;
  with.users = 3;
  const Metrics without;
  Metrics sum = with;
  merge(sum, without);
  CHECK_FALSE(sum.users);
  sum = without;
  merge(sum, with);
  CHECK_FALSE(sum.users);
}

TEST_CASE("Pages are united by name") {
  Metrics sum;
  sum.pages = {{"/a", 1}, {"/b", 2}, {"_other_", 4}};
  Metrics other;
  other.pages = {{"_other_", 8}, {"/c", 16}, {"/a", 32}};
  merge(sum, other);
  REQUIRE(sum.pages.size() == 4);
  const std::vector<PageViews> expected = {{"/a", 33}, {"/c", 16}, {"_other_", 12}, {"/b", 2}};
  CHECK((sorted_pages(sum) == expected));
}

TEST_CASE("Pages are sorted by views, then by name") {
  Metrics metrics;
  CHECK(sorted_pages(metrics).empty());
  metrics.pages = {{"/b", 2}, {"/a", 2}, {"/z", 3}, {"/", 2}, {"/\xC3\xA9", 2}, {"/B", 1}};
  const std::vector<PageViews> expected = {{"/z", 3}, {"/", 2}, {"/a", 2}, {"/b", 2}, {"/\xC3\xA9", 2}, {"/B", 1}};
  CHECK((sorted_pages(metrics) == expected));
}

}  // namespace clickstream
