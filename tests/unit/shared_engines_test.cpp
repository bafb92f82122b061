// Engines shared out by user count what one set of engines counts.
#include "cli/counting/shared_engines.h"

#include <deque>
#include <set>
#include <string>

#include "clickstream/encode.h"
#include "support/catch.h"
#include "support/decoding_set.h"
#include "support/random_log.h"
#include "support/script.h"

namespace clickstream::cli {
namespace {

constexpr Duration kMaxAhead = std::chrono::hours{1};

// The events and malformed records of a random log, on several partitions, and what their views point to.
struct Records {
  std::deque<std::string> texts;
  std::vector<Record> all;
};

Records records_of(const Log& log, std::int64_t partitions, Random& random) {
  Records records;
  for (const Step& step : log.steps) {
    if (step.kind != Step::Kind::event && step.kind != Step::Kind::malformed) continue;
    Record record;
    record.partition = static_cast<std::int32_t>(random.below(partitions));
    record.offset = static_cast<std::int64_t>(records.all.size());
    record.time = kScriptStart;
    std::string& payload = records.texts.emplace_back("{}");
    std::string& key = records.texts.emplace_back("7");
    if (step.kind == Step::Kind::event) {
      payload.clear();
      encode(step.sent.event, payload);
      if (!random.one_in(4)) key = std::to_string(value(step.sent.event.user));
      record.time = step.sent.record_time;
    }
    record.payload = payload;
    record.key = key;
    records.all.push_back(record);
  }
  return records;
}

void check_same(const Snapshot& found, const Snapshot& expected) {
  INFO(different_figures(without_order(expected.total), without_order(found.total)));
  REQUIRE(without_order(found.total) == without_order(expected.total));
  REQUIRE(found.as_of == expected.as_of);
  REQUIRE(found.partitions.size() == expected.partitions.size());
  for (std::size_t i = 0; i < found.partitions.size(); ++i) {
    REQUIRE(found.partitions[i].partition == expected.partitions[i].partition);
    REQUIRE(without_order(found.partitions[i].metrics) == without_order(expected.partitions[i].metrics));
    REQUIRE(found.partitions[i].watermark == expected.partitions[i].watermark);
    REQUIRE(found.partitions[i].foreign_keys == expected.partitions[i].foreign_keys);
  }
}

TEST_CASE("Whatever the number of shares, the figures are those of one set of engines") {
  std::set<std::uint64_t> malformed_seen;
  for (std::uint64_t seed = 1; seed <= cases(1'500); ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    Log log = random_log(seed);
    log.config.count_users = true;
    if (!random.one_in(8)) {
      log.config.max_pages.reset();
      log.config.max_windows.reset();
    }
    const auto partitioning =
        random.any_of<std::optional<Partitioning>>({std::nullopt, Partitioning::keyed, Partitioning::unkeyed});
    const std::int64_t partitions = 1 + random.below(3);
    const Records records = records_of(log, partitions, random);

    DecodingSet one(log.config, kMaxAhead, partitioning);
    SharedEngines shared(log.config, partitioning, kMaxAhead, static_cast<std::size_t>(1 + random.below(5)));
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
      one.assign(partition);
      shared.assign(partition);
    }
    for (auto next = records.all.begin(); next != records.all.end();) {
      const auto end = next + 1 + random.below(records.all.end() - next);
      const std::vector<Record> batch(next, end);
      std::vector<std::int64_t> malformed;
      for (const Record& record : batch) {
        if (one.apply(record).fate == Fate::malformed) malformed.push_back(record.offset);
      }
      std::vector<std::int64_t> told;
      shared.count(batch, [&](const Record& record, Malformed) { told.push_back(record.offset); });
      REQUIRE(told == malformed);
      if (!told.empty()) malformed_seen.insert(seed);
      check_same(shared.snapshot(kScriptStart), one.snapshot(kScriptStart));
      REQUIRE(shared.distinct_users() == one.distinct_users());
      next = end;
    }
    one.close_all();
    shared.close_all();
    check_same(shared.snapshot(kScriptStart), one.snapshot(kScriptStart));
  }
  CHECK(malformed_seen.size() > 100);
}

TEST_CASE("Every user has one share, and shares are about as large") {
  for (std::size_t shares = 1; shares <= 8; ++shares) {
    std::vector<int> users(shares);
    for (std::int64_t user = 0; user < 100'000; ++user) {
      std::size_t owners = 0;
      for (std::size_t share = 0; share < shares; ++share) {
        if (!UserShare{share, shares}.has(UserId{user})) continue;
        ++owners;
        ++users[share];
      }
      REQUIRE(owners == 1);
    }
    for (const int count : users) CHECK(count > static_cast<int>(95'000 / shares));
  }
}

}  // namespace
}  // namespace clickstream::cli
