#include "cli/replay/log_merge.h"

#include <algorithm>
#include <list>
#include <map>
#include <random>
#include <string>

#include "support/catch.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kEpoch = 1'760'000'000;

// A record of a log, in whole seconds: what it holds, and when it was written.
struct Entry {
  std::int64_t offset = 0;
  std::int64_t written = 0;
  std::int64_t happened = 0;
  bool malformed = false;
  std::string payload;
};
using TestLog = std::vector<Entry>;

Entry entry(std::int64_t offset, std::int64_t written, std::int64_t happened) {
  const std::string json =
      R"({"event_id":"e","user_id":1,"session_id":1,"page":"/","action":"click","duration":0,"timestamp":)" +
      std::to_string(kEpoch + happened) + "}";
  return {offset, written, happened, false, json};
}

std::vector<Record> records_of(const TestLog& log, std::int32_t partition, std::size_t begin, std::size_t end) {
  std::vector<Record> records;
  for (std::size_t i = begin; i < end; ++i) {
    records.push_back(
        {partition, log[i].offset, timestamp_from_micros((kEpoch + log[i].written) * 1'000'000), {}, log[i].payload});
  }
  return records;
}

using Place = std::pair<std::size_t, std::int64_t>;  // partition, offset

// The definition, word for word: of the first events of what is left of the logs, that with the smallest time.
std::vector<Place> oracle(const std::vector<TestLog>& logs) {
  std::vector<std::list<Entry>> left;
  for (const TestLog& log : logs) {
    left.emplace_back();
    std::copy_if(log.begin(), log.end(), std::back_inserter(left.back()),
                 [](const Entry& one) { return !one.malformed; });
  }
  std::vector<Place> order;
  for (;;) {
    std::optional<std::pair<std::int64_t, std::size_t>> smallest;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (left[i].empty()) continue;
      const Entry& first = left[i].front();
      const std::pair<std::int64_t, std::size_t> time{std::min(first.happened, first.written), i};
      if (!smallest || time < *smallest) smallest = time;
    }
    if (!smallest) return order;
    order.emplace_back(smallest->second, left[smallest->second].front().offset);
    left[smallest->second].pop_front();
  }
}

// Gives what is wanted in portions of random sizes, and takes events as soon as there are some.
std::vector<Place> merged(LogMerge& merge, const std::vector<TestLog>& logs, std::mt19937& random, std::size_t most) {
  std::vector<std::size_t> given(logs.size());
  std::vector<Place> order;
  for (formats::Recorded recorded; order.size() < most;) {
    while (const auto partition = merge.wants()) {
      CHECK_FALSE(merge.next(recorded));
      const auto index = static_cast<std::size_t>(*partition);
      const std::size_t end = std::min(logs[index].size(), given[index] + 1 + random() % 7);
      if (given[index] == end) {
        merge.end(*partition);
      } else {
        merge.give(*partition, records_of(logs[index], *partition, given[index], end));
        given[index] = end;
      }
    }
    if (!merge.next(recorded)) break;
    order.emplace_back(recorded.place.file, static_cast<std::int64_t>(recorded.place.line));
    CHECK(recorded.json.find(std::to_string(recorded.event.timestamp.time_since_epoch().count() / 1'000'000)) !=
          std::string::npos);
  }
  return order;
}

std::vector<std::int64_t> begins_of(const std::vector<TestLog>& logs) {
  std::vector<std::int64_t> begins;
  for (const TestLog& log : logs) begins.push_back(log.empty() ? 0 : log.front().offset);
  return begins;
}

std::vector<TestLog> random_logs(std::mt19937& random) {
  const auto below = [&](std::int64_t n) { return static_cast<std::int64_t>(random()) % n; };
  std::vector<TestLog> logs(random() % 5);
  for (TestLog& log : logs) {
    std::int64_t offset = below(100);
    const std::int64_t size = below(40);
    for (std::int64_t i = 0; i < size; ++i) {
      const std::int64_t written = i + below(5);
      // Up to a minute late, or ahead by a wrong clock.
      const std::int64_t off = below(4) == 0 ? below(120) - 60 : 0;
      log.push_back(entry(offset, written, written + off));
      if (below(10) == 0) log.back() = {offset, written, 0, true, "no json"};
      offset += 1 + below(3);  // with control records in between, or compacted
    }
  }
  return logs;
}

TEST_CASE("partitions are merged by the smallest of their next events' times, however their records come in") {
  std::mt19937 random(1);  // NOLINT: the same every time
  for (int round = 0; round < 500; ++round) {
    const auto logs = random_logs(random);
    LogMerge merge(begins_of(logs), 1h);
    CHECK(merged(merge, logs, random, SIZE_MAX) == oracle(logs));
    std::uint64_t malformed = 0;
    std::uint64_t all = 0;
    for (const TestLog& log : logs) {
      all += log.size();
      malformed += static_cast<std::uint64_t>(
          std::count_if(log.begin(), log.end(), [](const Entry& one) { return one.malformed; }));
    }
    CHECK(merge.tally().lines == all);
    CHECK(merge.tally().rejected == malformed);
    CHECK(merge.tally().events == all - malformed);
    CHECK(merge.take_rejections().size() == malformed);
    CHECK(merge.take_rejections().empty());
  }
}

TEST_CASE("reading on from its offsets gives the rest, once") {
  std::mt19937 random(2);  // NOLINT: the same every time
  for (int round = 0; round < 500; ++round) {
    const auto logs = random_logs(random);
    const auto whole = oracle(logs);
    const std::size_t taken = random() % (whole.size() + 1);
    for (const bool without_last : {true, false}) {
      LogMerge merge(begins_of(logs), 1h);
      auto order = merged(merge, logs, random, taken);
      const auto offsets = merge.offsets(without_last);
      if (!without_last && taken > 0) order.pop_back();
      std::vector<TestLog> rest;
      for (std::size_t i = 0; i < logs.size(); ++i) {
        rest.emplace_back();
        std::copy_if(logs[i].begin(), logs[i].end(), std::back_inserter(rest.back()),
                     [&](const Entry& one) { return one.offset >= offsets.at(i); });
      }
      LogMerge second(begins_of(rest), 1h);
      const auto others = merged(second, rest, random, SIZE_MAX);
      order.insert(order.end(), others.begin(), others.end());
      CHECK(order == whole);
    }
  }
}

TEST_CASE("a record that is no event is rejected, with its partition and offset") {
  LogMerge merge({5}, 1h);
  Record record{0, 7, timestamp_from_micros(kEpoch * 1'000'000), {}, "no json"};
  Record empty{0, 8, record.time, {}, std::string_view("", 0)};
  Record tombstone{0, 9, record.time, {}, {}};
  merge.give(0, {record, empty, tombstone});
  CHECK(merge.wants() == 0);
  merge.end(0);
  formats::Recorded recorded;
  CHECK_FALSE(merge.next(recorded));
  CHECK_FALSE(merge.wants());
  const auto rejections = merge.take_rejections();
  REQUIRE(rejections.size() == 3);
  CHECK((rejections[0].reason == "not_json" && rejections[0].text == "no json"));
  CHECK(rejections[0].place == formats::Place{0, 7});
  CHECK((rejections[1].reason == "not_json" && rejections[1].text.empty()));
  CHECK((rejections[2].reason == "tombstone" && rejections[2].place == formats::Place{0, 9}));
  CHECK(merge.offsets(true) == std::vector<std::int64_t>{10});
}

TEST_CASE("an event further ahead of its record than allowed is malformed") {
  const Entry ahead = entry(0, 0, 61);
  for (const auto max_ahead : {61s, 60s}) {
    LogMerge merge({0}, max_ahead);
    merge.give(0, records_of({ahead}, 0, 0, 1));
    CHECK(merge.take_rejections().size() == (max_ahead == 60s ? 1 : 0));
  }
}

TEST_CASE("no partitions, no events") {
  LogMerge merge({}, 1h);
  formats::Recorded recorded;
  CHECK_FALSE(merge.wants());
  CHECK_FALSE(merge.next(recorded));
}

}  // namespace
}  // namespace clickstream::cli
