// The set of engines: units, keys, the watermark of an unkeyed input, and the state of a unit.
#include "clickstream/engine_set.h"

#include <algorithm>
#include <deque>
#include <map>

#include "clickstream/encode.h"
#include "support/catch.h"
#include "support/decoding_set.h"
#include "support/oracle.h"
#include "support/random_log.h"
#include "support/script.h"

namespace clickstream {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Duration kMaxAhead = hours{1};

Timestamp at(std::int64_t second) { return kScriptStart + seconds{second}; }

// A record and what its views point to.
struct SentRecord {
  std::int32_t partition;
  Timestamp time;
  std::string key;
  std::string payload;

  Record record() const { return {partition, 0, time, key, payload}; }
};

SentRecord sent(std::int32_t partition, const Event& event, std::string key = "") {
  SentRecord sent{partition, event.timestamp, std::move(key), ""};
  encode(event, sent.payload);
  return sent;
}

Event event_at(std::int64_t second, std::string_view id, std::int64_t user = 1) {
  Event event;
  event.event_id = id;
  event.user = UserId{user};
  event.session = SessionId{32};
  event.page = "/";
  event.action = "page_view";
  event.timestamp = at(second);
  return event;
}

SentRecord malformed(std::int32_t partition) { return {partition, at(0), "", "not json"}; }

TEST_CASE("The verdict says what became of a record") {
  DecodingSet set({}, kMaxAhead);
  set.assign(0);
  CHECK(set.apply(sent(0, event_at(7200, "a")).record()) == Verdict{Fate::counted, {}});
  CHECK(set.apply(sent(0, event_at(7200, "a")).record()) == Verdict{Fate::duplicate, {}});
  CHECK(set.apply(sent(0, event_at(0, "b")).record()) == Verdict{Fate::late, {}});
  CHECK(set.apply(malformed(0).record()) == Verdict{Fate::malformed, Malformed::not_json});
  CHECK(set.apply(malformed(1).record()) == Verdict{Fate::not_ours, {}});
}

TEST_CASE("A key is foreign when it is neither id in decimal") {
  const Event event = event_at(0, "a", 1432);  // session 32
  for (const std::string_view key : {"1432", "32"}) CHECK_FALSE(is_foreign_key(event, key));
  for (const std::string_view key : {"", "0", "1", "143", "14320", "01432", "+32", "1432 ", "-32"}) {
    INFO(key);
    CHECK(is_foreign_key(event, key));
  }
  Event last = event;
  last.user = UserId{INT64_MAX};
  CHECK_FALSE(is_foreign_key(last, "9223372036854775807"));
}

TEST_CASE("Foreign keys are counted on a keyed input, whatever becomes of the event") {
  for (const auto partitioning :
       {std::optional<Partitioning>{}, std::optional{Partitioning::keyed}, std::optional{Partitioning::unkeyed}}) {
    DecodingSet set({}, kMaxAhead, partitioning);
    set.assign(0);
    set.apply(sent(0, event_at(7200, "a"), "1").record());
    set.apply(sent(0, event_at(7200, "b"), "32").record());
    set.apply(sent(0, event_at(7200, "c"), "").record());      // counted
    set.apply(sent(0, event_at(7200, "c"), "uuid").record());  // duplicate
    set.apply(sent(0, event_at(0, "d"), "7").record());        // late
    set.apply(malformed(0).record());
    CHECK(set.figures(0).metrics.foreign_keys == (partitioning == Partitioning::keyed ? 3 : 0));
    CHECK(set.snapshot(at(0)).total.foreign_keys == set.figures(0).metrics.foreign_keys);
  }
}

TEST_CASE("Units are the partitions, or one") {
  DecodingSet keyed({}, kMaxAhead, Partitioning::keyed);
  for (const int partition : {5, 2}) keyed.assign(partition);
  CHECK(keyed.units() == std::vector<std::int32_t>{2, 5});
  CHECK(keyed.watermark(2) == std::nullopt);
  CHECK(keyed.watermark(3) == std::nullopt);
  keyed.advance(2, at(9), 7);
  keyed.advance(3, at(9), 7);
  CHECK(keyed.watermark(2) == at(9));
  CHECK(keyed.watermark(5) == std::nullopt);
  keyed.set_idle(2);
  CHECK(keyed.watermark(2) == at(9));

  DecodingSet unkeyed({}, kMaxAhead, Partitioning::unkeyed);
  CHECK(unkeyed.units().empty());
  for (const int partition : {5, 2}) unkeyed.assign(partition);
  CHECK(unkeyed.units() == std::vector<std::int32_t>{0});
  CHECK(unkeyed.apply(malformed(5).record()).fate == Fate::malformed);
  CHECK(unkeyed.apply(malformed(2).record()).fate == Fate::malformed);
  CHECK(unkeyed.apply(malformed(0).record()).fate == Fate::not_ours);
  CHECK(unkeyed.figures(0).metrics.events.consumed == 2);
  CHECK(unkeyed.snapshot(at(0)).partitions.size() == 1);
  unkeyed.revoke(5);
  CHECK(unkeyed.apply(malformed(5).record()).fate == Fate::not_ours);
  CHECK(unkeyed.figures(0).metrics.events.consumed == 2);
  unkeyed.revoke(2);
  CHECK(unkeyed.units().empty());
  unkeyed.assign(2);
  CHECK(unkeyed.figures(0).metrics.events.consumed == 0);
}

// The lateness is 10 s.
TEST_CASE("Unkeyed: the slowest partition that is not idle holds the watermark") {
  DecodingSet set({}, kMaxAhead, Partitioning::unkeyed);
  for (const int partition : {0, 1, 2}) set.assign(partition);
  set.apply(sent(0, event_at(100, "a")).record());
  set.apply(sent(1, event_at(50, "b")).record());
  CHECK(set.watermark(0) == std::nullopt);  // partition 2 may have anything
  set.apply(malformed(2).record());
  CHECK(set.watermark(0) == std::nullopt);
  set.apply(sent(2, event_at(70, "c")).record());
  CHECK(set.watermark(0) == at(40));
  set.apply(sent(1, event_at(60, "d")).record());
  CHECK(set.watermark(0) == at(50));
  set.apply(sent(1, event_at(200, "e")).record());
  CHECK(set.watermark(0) == at(60));  // of partition 2
  set.set_idle(2);
  CHECK(set.watermark(0) == at(90));  // of partition 0
  set.apply(sent(2, event_at(71, "f")).record());
  CHECK(set.watermark(0) == at(90));  // not back
  set.apply(sent(0, event_at(300, "g")).record());
  CHECK(set.watermark(0) == at(90));  // partition 2 is idle no longer
  set.apply(sent(2, event_at(150, "h")).record());
  CHECK(set.watermark(0) == at(140));
}

TEST_CASE("Unkeyed: a partition that never had an event holds the watermark until it is idle") {
  DecodingSet set({}, kMaxAhead, Partitioning::unkeyed);
  for (const int partition : {0, 1}) set.assign(partition);
  set.apply(sent(0, event_at(100, "a")).record());
  set.set_idle(1);
  CHECK(set.watermark(0) == at(90));
  set.apply(malformed(1).record());  // it speaks again
  set.apply(sent(0, event_at(200, "b")).record());
  CHECK(set.watermark(0) == at(90));
}

TEST_CASE("Unkeyed: when all partitions are idle, only advance() moves the watermark") {
  DecodingSet set({}, kMaxAhead, Partitioning::unkeyed);
  for (const int partition : {0, 1}) set.assign(partition);
  for (const int partition : {0, 1}) set.set_idle(partition);
  CHECK(set.watermark(0) == std::nullopt);
  set.apply(sent(0, event_at(100, "a")).record());
  CHECK(set.watermark(0) == at(90));
  set.set_idle(0);
  CHECK(set.watermark(0) == at(90));
  set.advance(0, at(1000), 0);
  CHECK(set.watermark(0) == at(1000));
  CHECK(set.figures(0).metrics.sessions.open() == 1);
  set.advance(0, at(1901), 0);
  CHECK(set.figures(0).metrics.sessions.open() == 0);
  set.apply(sent(1, event_at(500, "b", 2)).record());
  CHECK(set.watermark(0) == at(1901));
}

TEST_CASE("Unkeyed: the first to speak again when all are idle leads by itself") {
  DecodingSet set({}, kMaxAhead, Partitioning::unkeyed);
  for (const int partition : {0, 1}) set.assign(partition);
  set.apply(sent(0, event_at(20, "a")).record());
  set.apply(sent(1, event_at(200, "b")).record());
  for (const int partition : {1, 0}) set.set_idle(partition);
  CHECK(set.watermark(0) == at(10));
  set.apply(malformed(1).record());
  CHECK(set.watermark(0) == at(190));
}

TEST_CASE("Unkeyed: a record from before 1970, which --max-ahead can let in, holds the watermark and does no harm") {
  DecodingSet set({}, 365 * 200 * hours{24}, Partitioning::unkeyed);
  set.assign(0);
  SentRecord old = sent(0, event_at(0, "a"));
  old.time = Timestamp{} - hours{1};
  CHECK(set.apply(old.record()).fate == Fate::counted);
  CHECK(set.watermark(0) == Timestamp{} - seconds{10});
  CHECK(set.restore(0, set.save(0, {{0, 1}})).has_value());
}

// What the documentation says of an unkeyed unit's watermark, worked out again for every record.
class Model {
 public:
  Model(const EngineConfig& config, std::int32_t partitions) : config_(config), oracle_(config) {
    for (std::int32_t partition = 0; partition < partitions; ++partition) partitions_[partition];
  }

  Outcome apply(std::int32_t partition, const Event& event, Timestamp time) {
    const Outcome outcome = oracle_.count(event);
    partitions_[partition].seen.push_back(std::min(event.timestamp, time));
    partitions_[partition].idle = false;
    follow();
    return outcome;
  }
  void reject(std::int32_t partition) {
    oracle_.reject(Malformed::not_json);
    partitions_[partition].idle = false;
    follow();
  }
  void set_idle(std::int32_t partition) {
    partitions_[partition].idle = true;
    follow();
  }
  OracleReplay& oracle() { return oracle_; }

 private:
  struct Partition {
    std::vector<Timestamp> seen;
    bool idle = false;
  };

  void follow() {
    std::vector<Timestamp> highest;
    for (const auto& [number, partition] : partitions_) {
      if (partition.idle) continue;
      if (partition.seen.empty()) return;
      highest.push_back(*std::max_element(partition.seen.begin(), partition.seen.end()));
    }
    if (highest.empty()) return;
    oracle_.advance_watermark(*std::min_element(highest.begin(), highest.end()) - config_.lateness);
  }

  EngineConfig config_;
  OracleReplay oracle_;
  std::map<std::int32_t, Partition> partitions_;
};

void save_and_restore(DecodingSet& set, const EngineConfig& config, Partitioning partitioning, std::int32_t unit,
                      std::vector<PartitionOffset> next) {
  const std::string state = set.save(unit, {next.rbegin(), next.rend()});
  set = DecodingSet(config, kMaxAhead, partitioning);
  const auto offsets = set.restore(unit, state);
  if (!offsets) FAIL(offsets.error());
  CHECK(*offsets == next);
}

TEST_CASE("Unkeyed: every record is judged as the model says, with state saved and restored now and then") {
  std::map<Fate, int> fates;
  for (std::uint64_t seed = 1; seed <= cases(10'000); ++seed) {
    Random random(seed);
    Log log = random_log(seed);
    log.config.count_users = false;
    const auto partitions = static_cast<std::int32_t>(1 + random.below(4));
    DecodingSet set(log.config, kMaxAhead, Partitioning::unkeyed);
    std::vector<PartitionOffset> next;
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
      set.assign(partition);
      next.push_back({partition, 100 * partition});
    }
    Model model(log.config, partitions);
    for (const Step& step : log.steps) {
      const auto partition = static_cast<std::int32_t>(random.below(partitions));
      ++next[static_cast<std::size_t>(partition)].offset;
      if (step.kind == Step::Kind::event) {
        SentRecord record = sent(partition, step.sent.event);
        record.time = step.sent.record_time;
        if (record.payload.empty()) continue;
        const Fate fate = set.apply(record.record()).fate;
        if (fate == Fate::malformed) {  // too far ahead of its record
          model.oracle().reject(Malformed::out_of_range_timestamp);
          model.reject(partition);
          set.apply(malformed(partition).record());
        } else {
          const Outcome outcome = model.apply(partition, step.sent.event, step.sent.record_time);
          REQUIRE(static_cast<int>(fate) == static_cast<int>(outcome));
        }
        ++fates[fate];
      } else if (step.kind == Step::Kind::malformed) {
        set.apply(malformed(partition).record());
        model.reject(partition);
      } else if (step.kind == Step::Kind::watermark) {
        set.advance(0, step.watermark, 0);
        model.oracle().advance_watermark(step.watermark);
      } else {
        set.set_idle(partition);
        model.set_idle(partition);
      }
      if (random.one_in(6)) save_and_restore(set, log.config, Partitioning::unkeyed, 0, next);
      INFO("seed " << seed << ": " << different_figures(model.oracle().metrics(), set.figures(0).metrics));
      REQUIRE(set.watermark(0) == model.oracle().watermark());
      REQUIRE(set.figures(0).metrics == model.oracle().metrics());
    }
  }
  for (const Fate fate : {Fate::counted, Fate::duplicate, Fate::late, Fate::malformed}) CHECK(fates[fate] > 100);
}

TEST_CASE("Unkeyed: any interleaving of partitions that each keep within the lateness gives the keyed figures") {
  for (std::uint64_t seed = 1; seed <= cases(5'000); ++seed) {
    Random random(seed);
    EngineConfig config = config_of_the_laws(random);
    const std::vector<Event> events = random_events(random, config.gap);
    Metrics expected = final_figures(events, config.gap, config.windows);
    std::vector<std::deque<Event>> queues(static_cast<std::size_t>(1 + random.below(4)));
    const auto any_queue = [&] {
      return static_cast<std::size_t>(random.below(static_cast<std::int64_t>(queues.size())));
    };
    for (const Event& event : arrival_order(random, events, config.lateness)) queues[any_queue()].push_back(event);
    DecodingSet set(config, kMaxAhead, Partitioning::unkeyed);
    for (std::size_t i = 0; i < queues.size(); ++i) set.assign(static_cast<std::int32_t>(i));
    for (std::size_t left = events.size(); left > 0;) {
      const std::size_t i = any_queue();
      if (queues[i].empty()) continue;
      set.apply(sent(static_cast<std::int32_t>(i), queues[i].front()).record());
      queues[i].pop_front();
      --left;
    }
    set.close_all();
    const Metrics found = without_order(set.snapshot(at(0)).total);
    INFO("seed " << seed << ":" << different_figures(expected, found));
    REQUIRE(found == expected);
  }
}

TEST_CASE("Keyed: the state of a unit is restored by itself") {
  for (std::uint64_t seed = 1; seed <= cases(3'000); ++seed) {
    Random random(seed);
    Log log = random_log(seed);
    log.config.count_users = false;
    DecodingSet whole(log.config, kMaxAhead, Partitioning::keyed);
    DecodingSet cut(log.config, kMaxAhead, Partitioning::keyed);
    for (const int partition : {0, 1, 2}) whole.assign(partition);
    for (const int partition : {2, 1, 0}) cut.assign(partition);
    for (const Step& step : log.steps) {
      if (step.kind != Step::Kind::event) continue;
      const auto partition = static_cast<std::int32_t>(random.below(3));
      SentRecord record = sent(partition, step.sent.event, random.one_in(2) ? "0" : "other");
      record.time = step.sent.record_time;
      CHECK(whole.apply(record.record()) == cut.apply(record.record()));
      if (random.one_in(3)) {
        const auto unit = static_cast<std::int32_t>(random.below(3));
        const std::string state = cut.save(unit, {{unit, 77}});
        if (random.one_in(2)) cut.revoke(unit);
        const auto offsets = cut.restore(unit, state);
        REQUIRE(offsets);
        CHECK(*offsets == std::vector<PartitionOffset>{{unit, 77}});
      }
      for (const int unit : {0, 1, 2}) {
        REQUIRE(whole.figures(unit).metrics == cut.figures(unit).metrics);
        REQUIRE(whole.watermark(unit) == cut.watermark(unit));
      }
    }
  }
}

TEST_CASE("A state that is not the unit's changes nothing") {
  DecodingSet set({}, kMaxAhead, Partitioning::keyed);
  set.assign(1);
  set.apply(malformed(1).record());
  const std::string state = set.save(1, {{1, 5}});
  const auto error = [&](DecodingSet& in, std::int32_t unit, const std::string& bytes) {
    const auto offsets = in.restore(unit, bytes);
    return offsets ? "" : offsets.error();
  };
  CHECK(error(set, 2, state) == "the state is of other partitions");
  CHECK(error(set, 1, set.save(1, {{1, 5}, {2, 6}})) == "the state is of other partitions");
  CHECK(error(set, 1, set.save(1, {})) == "the state is of other partitions");
  CHECK(error(set, 1, set.save(1, {{1, -5}})) == "the offsets are damaged");
  CHECK(error(set, 1, "") == "section OFF1 is missing");
  for (std::size_t size = 0; size < state.size(); ++size) CHECK_FALSE(set.restore(1, state.substr(0, size)));
  CHECK(set.units() == std::vector<std::int32_t>{1});
  CHECK(set.figures(1).metrics.events.consumed == 1);

  DecodingSet unkeyed({}, kMaxAhead, Partitioning::unkeyed);
  for (const int partition : {3, 4}) unkeyed.assign(partition);
  CHECK(error(unkeyed, 1, unkeyed.save(0, {{3, 1}, {4, 1}})) == "the state is of other partitions");
  CHECK(error(unkeyed, 0, unkeyed.save(0, {})) == "the state is of other partitions");
  CHECK(error(unkeyed, 0, unkeyed.save(0, {{3, 1}, {3, 1}})) == "the offsets are damaged");
  CHECK(unkeyed.apply(malformed(3).record()).fate == Fate::malformed);
}

}  // namespace
}  // namespace clickstream
