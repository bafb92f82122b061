#include "golden/sample.h"

#include <utility>

namespace clickstream::test {
namespace {

constexpr Timestamp kAsOf = timestamp_from_micros(1'795'472'107'900'000);  // 2026-11-23T22:15:07.9Z

PartitionFigures partition(std::int32_t number, Metrics metrics) {
  PartitionFigures figures;
  figures.partition = number;
  figures.metrics = std::move(metrics);
  figures.watermark = timestamp_from_micros(1'795'472'097'250'000 + number);
  figures.lag = 7;
  figures.checkpoint = {timestamp_from_micros(1'795'472'099'500'000), 123'456'789, Duration{1'234'500}};
  figures.foreign_keys = 9;
  return figures;
}

}  // namespace

Snapshot sample() {
  Metrics first;
  first.events.counted = 1'234'567;
  first.events.duplicate = 3;
  first.events.late = 2;
  first.events.malformed[index(Malformed::not_json)] = 4;
  first.events.malformed[index(Malformed::out_of_range_timestamp)] = 1;
  first.events.consumed = 1'234'577;
  first.sessions = {10, 2, 5, 2, 3, Duration{490'400'001}};
  first.closed.bounced = 1;
  first.closed.total_duration = Duration{4'000'500'000};
  first.closed.duration_histogram = {1, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 1};
  first.page_views = 30;
  first.clicks = 14;
  first.users = 6;
  first.pages = {{"/cart", 3}, {"/home", 12}, {"/it's \"so\" <b>&amp;</b>,\\x", 15}};

  Metrics second;
  second.events.counted = second.events.consumed = 10;
  second.sessions = {4, 0, 4, 1, 4, Duration{245'600'000}};
  second.closed.total_duration = Duration{245'600'000};
  second.closed.duration_histogram[5] = 4;
  second.page_views = 6;
  second.clicks = 7;
  second.users = 4;
  second.pages = {{"/home", 3}, {"/größe\n\x1b[31m", 3}};

  Snapshot snapshot;
  snapshot.as_of = kAsOf;
  snapshot.topic = "user-events";
  snapshot.group = "clickstream";
  snapshot.rebalances = 2;
  snapshot.dead_letters = {{"late", 2}, {"not_json", 4}, {"out_of_range_timestamp", 1}};
  snapshot.sinks = {{"postgresql", 1204, 3, 1, 7, 40, 12, std::chrono::milliseconds{1500}, kAsOf},
                    {"file", 0, 0, 0, 0, 0, 0, Duration{}, {}}};
  snapshot.total = first;
  merge(snapshot.total, second);
  snapshot.partitions.push_back(partition(0, std::move(first)));
  snapshot.partitions.push_back(partition(2, std::move(second)));
  return snapshot;
}

Snapshot windows_sample() {
  using namespace std::chrono_literals;
  const auto minute = [](std::int64_t number) { return timestamp_from_micros(1'795'471'800'000'000) + 1min * number; };
  const auto series = [&](Timestamp watermark, std::vector<Window> tumbling, std::vector<Window> hopping) {
    std::vector<WindowSeries> kinds;
    kinds.push_back({{1min, 1min}, Timestamp::min(), watermark, std::move(tumbling)});
    kinds.push_back({{5min, 1min}, Timestamp::min(), watermark, std::move(hopping)});
    kinds.push_back({{1h, 1h}});
    kinds.push_back({{24h, 24h}, minute(105)});  // 2026-11-24T00:00:00Z
    return kinds;
  };
  Snapshot snapshot = sample();  // minute(0) is 22:10, the watermarks 22:14:57
  PartitionFigures& first = snapshot.partitions[0];
  PartitionFigures& second = snapshot.partitions[1];
  first.metrics.windows = series(*first.watermark,
                                 {{minute(1), 1'234, 5, 4, 3, {{0, 30}, {1, 400}, {2, 804}}},
                                  {minute(2), 0, 1, 1, 1},
                                  {minute(3), 9, 3, 2, 2, {{1, 2}, {2, 7}}}},
                                 {{minute(-1), 1'243, 9, 6, 5, {{0, 30}, {1, 402}, {2, 811}}}});
  second.metrics.windows = series(*second.watermark, {{minute(1), 2, 2, 1, 1, {{0, 1}, {1, 1}}}},
                                  {{minute(-2), 2, 2, 1, 1, {{0, 1}, {1, 1}}}, {minute(-1), 2, 2, 1, 1, {{1, 2}}}});
  snapshot.total = first.metrics;
  merge(snapshot.total, second.metrics);
  return snapshot;
}

Snapshot empty_sample() {
  Snapshot snapshot;
  snapshot.as_of = kAsOf;
  snapshot.partitions.emplace_back();
  return snapshot;
}

Session session(std::int64_t user, std::int64_t id, std::uint64_t events, std::uint64_t clicks,
                std::int64_t event_micros) {
  Session session;
  session.user = UserId{user};
  session.id = SessionId{id};
  session.events = events;
  session.clicks = clicks;
  session.event_duration = Duration{event_micros};
  return session;
}

}  // namespace clickstream::test
