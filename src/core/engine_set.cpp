#include "clickstream/engine_set.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/offsets_state.h"
#include "core/state_sections.h"

namespace clickstream {
namespace {

constexpr std::int32_t kWhole = 0;  // the one unit of an unkeyed input

bool is_decimal_of(std::int64_t number, std::string_view text) {
  std::array<char, 20> digits;
  const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return text == std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

Fate fate_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::duplicate:
      return Fate::duplicate;
    case Outcome::late:
      return Fate::late;
    default:
      return Fate::counted;
  }
}

}  // namespace

bool is_foreign_key(const Event& event, std::string_view key) {
  return !is_decimal_of(value(event.user), key) && !is_decimal_of(value(event.session), key);
}

EngineSet::EngineSet(const EngineConfig& config, std::optional<Partitioning> partitioning, UserShare share)
    : config_(config), partitioning_(partitioning), share_(share) {}

void EngineSet::assign(std::int32_t partition) {
  last_engine_ = nullptr;
  if (unkeyed()) {
    if (clocks_.empty()) engines_.insert_or_assign(kWhole, Engine(config_));
    clocks_.insert_or_assign(partition, Clock{});
  } else {
    engines_.insert_or_assign(partition, Engine(config_));
  }
}

void EngineSet::revoke(std::int32_t partition) {
  last_engine_ = nullptr;
  if (unkeyed()) {
    clocks_.erase(partition);
    if (clocks_.empty()) engines_.clear();
  } else {
    engines_.erase(partition);
  }
}

Engine* EngineSet::engine_of(std::int32_t partition) {
  if (last_engine_ == nullptr || last_partition_ != partition) {
    const auto engine = engines_.find(unkeyed() ? kWhole : partition);
    const bool assigned = engine != engines_.end() && (!unkeyed() || clocks_.count(partition) > 0);
    last_engine_ = assigned ? &engine->second : nullptr;
    last_partition_ = partition;
  }
  return last_engine_;
}

void EngineSet::expect(const Record& record, const Decoded& decoded) {
  if (!decoded || !share_.has(decoded->user)) return;
  if (Engine* const engine = engine_of(record.partition)) engine->expect(*decoded);
}

Verdict EngineSet::apply(const Record& record, const Decoded& event) {
  Engine* const engine = engine_of(record.partition);
  if (engine == nullptr) return {Fate::not_ours, {}};
  if (!event) {
    const bool counts = share_.number == 0;
    if (counts) engine->reject(event.error());
    if (unkeyed()) {
      tick(*engine, clocks_[record.partition], std::nullopt);
      collect_rows(*engine, {});
    }
    return counts ? Verdict{Fate::malformed, event.error()} : Verdict{Fate::not_ours, {}};
  }
  const bool ours = share_.has(event->user);
  Fate fate = Fate::not_ours;
  if (unkeyed()) {
    if (ours) fate = fate_of(engine->count(*event));
    // A record from before 1970 has no time: no event is as old.
    tick(*engine, clocks_[record.partition], std::max(Timestamp{}, std::min(event->timestamp, record.time)));
    collect_rows(*engine, {});
    return {fate, {}};
  }
  if (ours) {
    if (partitioning_ == Partitioning::keyed && is_foreign_key(*event, record.key)) engine->note_foreign_key();
    fate = fate_of(engine->apply(*event, record.time));
  } else {
    engine->pass(*event, record.time);
  }
  collect_rows(*engine, {record.partition, 0, record.offset});
  return {fate, {}};
}

// A record of the partition has been counted; a malformed one has no time.
void EngineSet::tick(Engine& engine, Clock& clock, std::optional<Timestamp> time) {
  const std::optional<Timestamp> before = clock.highest;
  clock.highest = std::max(before, time);  // nothing is less than any time
  const bool was_idle = std::exchange(clock.idle, false);
  if (!was_idle) {
    if (clock.highest == before) return;
    // Whoever was ahead of the watermark did not hold it back.
    const auto watermark = engine.watermark();
    if (before && watermark && *before - config_.lateness > *watermark) return;
  }
  follow_clocks(engine);
}

void EngineSet::follow_clocks(Engine& engine) {
  std::optional<Timestamp> slowest;
  for (const auto& [partition, clock] : clocks_) {
    if (clock.idle) continue;
    if (!clock.highest) return;
    slowest = std::min(slowest.value_or(*clock.highest), *clock.highest);
  }
  if (slowest) engine.advance_watermark(*slowest - config_.lateness);
}

void EngineSet::set_idle(std::int32_t partition) {
  const auto clock = clocks_.find(partition);
  if (clock == clocks_.end() || clock->second.idle) return;
  clock->second.idle = true;
  Engine& engine = engines_.at(kWhole);
  follow_clocks(engine);
  collect_rows(engine, {});
}

void EngineSet::advance(std::int32_t unit, Timestamp watermark, std::int64_t offset) {
  const auto engine = engines_.find(unit);
  if (engine == engines_.end()) return;
  engine->second.advance_watermark(watermark);
  collect_rows(engine->second, {unit, 0, offset});
}

void EngineSet::close_all() {
  for (auto& [unit, engine] : engines_) {
    engine.close_all();
    collect_rows(engine, {unit, 0, 0});
  }
}

std::vector<std::int32_t> EngineSet::units() const {
  std::vector<std::int32_t> units;
  for (const auto& [unit, engine] : engines_) units.push_back(unit);
  return units;
}

std::optional<Timestamp> EngineSet::watermark(std::int32_t unit) const {
  const auto engine = engines_.find(unit);
  return engine == engines_.end() ? std::nullopt : engine->second.watermark();
}

bool EngineSet::has_open(std::int32_t unit) const { return engines_.at(unit).has_open(); }

PartitionFigures EngineSet::figures(std::int32_t unit) const {
  const Engine& engine = engines_.at(unit);
  PartitionFigures figures{unit, engine.metrics(), engine.watermark(), std::nullopt};
  if (partitioning_ == Partitioning::keyed) figures.foreign_keys = engine.metrics().foreign_keys;
  return figures;
}

Snapshot EngineSet::snapshot(Timestamp as_of) const {
  Snapshot snapshot;
  snapshot.as_of = as_of;
  if (config_.count_users) snapshot.total.users = 0;
  snapshot.partitions.reserve(engines_.size());
  for (const auto& [unit, engine] : engines_) {
    snapshot.partitions.push_back(figures(unit));
    merge(snapshot.total, engine.metrics());
  }
  return snapshot;
}

std::string EngineSet::save(std::int32_t unit, const std::vector<PartitionOffset>& next, std::string memory) const {
  std::vector<OffsetState> offsets;
  for (const auto& [partition, offset] : next) {
    const auto clock = clocks_.find(partition);
    const Clock known = clock == clocks_.end() ? Clock{} : clock->second;
    offsets.push_back({{partition, offset}, known.highest, known.idle});
  }
  std::string state = std::move(memory);
  state.clear();
  write_section(state, kOffsetsTag, [&] { save_offsets(std::move(offsets), state); });
  engines_.at(unit).save(state);
  return state;
}

Expected<std::vector<PartitionOffset>, std::string> EngineSet::restore(std::int32_t unit, std::string_view state) {
  using std::string_literals::operator""s;
  const auto section = take_section(state, kOffsetsTag);
  if (!section) return unexpected(section.error());
  const auto offsets = restore_offsets(*section);
  if (!offsets) return unexpected("the offsets are damaged"s);
  const bool is_of_unit =
      unkeyed() ? unit == kWhole && !offsets->empty() : offsets->size() == 1 && offsets->front().next.partition == unit;
  if (!is_of_unit) return unexpected("the state is of other partitions"s);
  auto engine = Engine::restore(config_, state);
  if (!engine) return unexpected(engine.error());

  last_engine_ = nullptr;
  engines_.insert_or_assign(unit, std::move(*engine));
  clocks_.clear();
  std::vector<PartitionOffset> next;
  for (const OffsetState& offset : *offsets) {
    if (unkeyed()) clocks_[offset.next.partition] = {offset.highest, offset.idle};
    next.push_back(offset.next);
  }
  return next;
}

std::uint64_t EngineSet::distinct_users() const {
  if (engines_.size() == 1) return engines_.begin()->second.metrics().users.value_or(0);
  absl::flat_hash_set<UserId> users;
  for (const auto& [unit, engine] : engines_) {
    const auto more = engine.users();
    users.insert(more.begin(), more.end());
  }
  return users.size();
}

std::vector<Session> EngineSet::take_busiest() {
  std::vector<Session> sessions;
  for (auto& [unit, engine] : engines_) {
    const auto more = engine.take_busiest();
    sessions.insert(sessions.end(), more.begin(), more.end());
  }
  std::sort(sessions.begin(), sessions.end(), busier);
  if (sessions.size() > config_.busiest) sessions.resize(config_.busiest);
  return sessions;
}

}  // namespace clickstream
