// Of StateKeeper: what is committed, and shown once that is confirmed; idle time, which counts once it is committed.
#include <utility>

#include "cli/options.h"
#include "cli/state/crash_point.h"
#include "cli/state/state_keeper.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kCommitEvery = 1s;
// A broker forgets offsets that nobody commits: after a day at the least, in practice a week.
constexpr auto kRepeatAfter = 1h;
constexpr Duration kDeadLetterPatience = 500ms;

}  // namespace

// Rows.

void StateKeeper::give_rows() {
  Rows rows = engines_.take_rows();
  if (rows.empty()) return;
  const auto place = [this](RowPlace& at) {
    const Unit& unit = units_.at(at.partition);
    at.epoch = unit.pointer.epoch;
    if (!keyed()) at.offset = input_before(positions(unit));
  };
  const auto was_given = [this](const auto& row) {
    const auto unit = units_.find(row.place.partition);
    // What was published had been given to the sinks before. (An unkeyed unit reads nothing of it again.)
    return unit == units_.end() || (keyed() && row.place.offset < unit->second.published.front().offset);
  };
  std::erase_if(rows.sessions, was_given);
  std::erase_if(rows.windows, was_given);
  for (SessionRow& row : rows.sessions) place(row.place);
  for (WindowRow& row : rows.windows) place(row.place);
  outlets_.put(std::move(rows));
}

// The idle rule.

void StateKeeper::notice_idle(Clock::time_point now) {
  if (now < next_idle_look_) return;
  next_idle_look_ = now + kCommitEvery;
  std::vector<std::int32_t> idle;
  for (auto& [id, unit] : units_) {
    if (unit.phase != Phase::running) continue;
    for (const auto partition : unit.partitions) {
      if (source_.idle_for(partition) >= options_.rules.idle_timeout) idle.push_back(partition);
    }
  }
  if (!idle.empty()) source_.confirm_idle(idle);
  for (auto& [id, unit] : units_) {
    if (unit.phase != Phase::running) continue;
    Duration since = Duration::max();
    for (const auto partition : unit.partitions) {
      const Duration for_so_long = source_.idle_for(partition);
      since = std::min(since, for_so_long);
      if (!keyed() && for_so_long >= options_.rules.idle_timeout) engines_.set_idle(partition);
    }
    // From where the watermark was when the unit came to its end, or lost its broker on the way.
    if (since < unit.idle || !unit.idle_base) unit.idle_base = engines_.watermark(id);
    unit.idle = since;
    if (!keyed() && unit.idle_base && since >= options_.rules.idle_timeout && engines_.has_open(id)) {
      engines_.advance(id, *unit.idle_base + since, 0);
    }
  }
}

// Of a keyed unit: an advance counts once it is recorded, and one at a time can be.
std::optional<IdleAdvance> StateKeeper::idle_advance(Unit& unit) {
  if (!keyed() || unit.phase != Phase::running || unit.idle < options_.rules.idle_timeout || !unit.idle_base) return {};
  if (!engines_.has_open(unit.id)) return {};  // there is nothing left to be closed
  const std::int64_t offset = source_.position(unit.id);
  const IdleAdvance advance{offset, *unit.idle_base + unit.idle};
  if (source_.idle_for(unit.id) < unit.idle || advance.watermark <= *engines_.watermark(unit.id)) return {};
  if (unit.pointer.idle && unit.pointer.idle->offset != offset) {
    unit.wanted_now = true;  // a checkpoint that has the older one in it
    return {};
  }
  return advance;
}

// Commits.

std::optional<StateKeeper::Entry> StateKeeper::entry_of(Unit& unit) {
  if (unit.phase != Phase::running && unit.phase != Phase::draining) return {};
  Entry entry{unit.id, unit.assignment, {}, {}, {}, unit.acknowledged};
  std::vector<PartitionOffset> offsets;
  if (keyed()) {
    entry.idle = idle_advance(unit);
    offsets = positions(unit);
    entry.figures = engines_.figures(unit.id);
  } else if (unit.acknowledged) {
    offsets = unit.checkpoint->offsets;
    entry.figures = unit.checkpoint->figures;
  } else if (!unit.shown) {
    offsets = unit.published;  // the state that it began with
    entry.figures = unit.figures;
  } else {
    if (Clock::now() - unit.confirmed_at < kRepeatAfter) return {};
    entry.offsets = unit.confirmed;
    entry.figures = unit.figures;
    return entry;
  }
  Pointer pointer = unit.pointer;
  if (entry.idle) pointer.idle = entry.idle;
  for (const PartitionOffset& one : offsets) {
    if (!keyed()) pointer.offset = one.offset;
    entry.offsets.push_back({one.partition, one.offset, to_text(pointer)});
  }
  const bool same = unit.shown && entry.offsets == unit.confirmed && Clock::now() - unit.confirmed_at < kRepeatAfter;
  return same ? std::nullopt : std::optional(std::move(entry));
}

Result<void> StateKeeper::commit(Clock::time_point now) {
  if (pending_) {
    const auto answer = source_.commit_answer(0s);
    if (answer == kafka::CommitResult::pending) return {};
    conclude(answer);
  }
  if (now < next_commit_ || source_.joining()) return {};
  if (!prepared_) prepared_ = {entries(), outlets_.rows_so_far()};
  // The control run of the chaos test with sinks: committed first, written later.
  if (!prepared_->entries.empty() && !broken_on_purpose("sink-after-commit")) {
    const auto safe = outlets_.are_safe(prepared_->rows, kDeadLetterPatience);
    if (!safe) return unexpected(safe.error());
    if (!*safe) return {};
  }
  next_commit_ = now + kCommitEvery;
  auto entries = std::exchange(prepared_, std::nullopt)->entries;
  if (entries.empty()) return {};
  crash_point("commit-begin");
  std::vector<kafka::Committed> offsets;
  for (const Entry& entry : entries) offsets.insert(offsets.end(), entry.offsets.begin(), entry.offsets.end());
  pending_ = std::move(entries);
  conclude(source_.commit(offsets));
  return {};
}

std::vector<StateKeeper::Entry> StateKeeper::entries() {
  give_rows();
  std::vector<Entry> entries;
  for (auto& [id, unit] : units_) {
    if (auto entry = entry_of(unit)) entries.push_back(std::move(*entry));
  }
  return entries;
}

void StateKeeper::conclude(kafka::CommitResult result) {
  if (result == kafka::CommitResult::pending) return;
  const auto entries = *std::exchange(pending_, std::nullopt);
  if (result == kafka::CommitResult::fenced) {
    log_(LogLevel::warn, "the group has gone on without us; dropping the state of our partitions");
    drop_all();
    return;
  }
  if (result == kafka::CommitResult::refused) return;
  crash_point("commit-confirmed");
  for (const Entry& entry : entries) confirm(entry);
}

void StateKeeper::confirm(const Entry& entry) {
  const auto found = units_.find(entry.unit);
  if (found == units_.end() || found->second.assignment != entry.assignment) return;
  Unit& unit = found->second;
  unit.confirmed = entry.offsets;
  unit.confirmed_at = Clock::now();
  const auto checkpoint = unit.figures.checkpoint;
  unit.figures = entry.figures;
  unit.figures.checkpoint = checkpoint;
  unit.shown = true;
  // Should records have come in meanwhile, the next commit takes the advance back: it never took effect.
  if (entry.idle && unit.phase == Phase::running && source_.position(unit.id) == entry.idle->offset) {
    unit.pointer.idle = entry.idle;
    engines_.advance(unit.id, entry.idle->watermark, entry.idle->offset);
    const auto figures = engines_.figures(unit.id);
    unit.figures.metrics = figures.metrics;
    unit.figures.watermark = figures.watermark;
  }
  if (!entry.with_checkpoint) return;
  unit.acknowledged = false;
  const auto took = std::chrono::duration_cast<Duration>(Clock::now() - unit.checkpoint->begun);
  unit.figures.checkpoint = {wall_clock(), unit.checkpoint->bytes, took};
  unit.checkpoint.reset();
  crash_point("truncate-begin");
  writer_->truncate(unit.id, unit.pointer.checkpoint->first_offset);
  crash_point("truncate-done");
}

}  // namespace clickstream::cli
