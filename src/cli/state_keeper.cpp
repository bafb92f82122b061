#include "cli/state_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "cli/crash_point.h"
#include "cli/options.h"
#include "cli/signals.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kCommitEvery = 1s;
// A broker forgets offsets that nobody commits: after a day at the least, in practice a week.
constexpr auto kRepeatAfter = 1h;
constexpr auto kDrainDeadline = 4s;  // of a revocation and of the end; after it the last checkpoint has to do
constexpr Duration kDeadLetterPatience = 500ms;
constexpr Duration kEndPatience = 50ms;

// A recovery reads what has come since the checkpoint: so much of it takes about a second with three partitions. A state
// that is large beside it is not written as often.
constexpr std::uint64_t kMostToReadAgain = 32'000'000;
constexpr std::uint64_t kStatesToReadAgain = 4;

// How long a state of so many bytes may wait for its next checkpoint, at an input of so many bytes a second: writing it
// shall not cost more than reading the input does.
Duration checkpoint_interval(Partitioning partitioning, std::uint64_t state_bytes, double bytes_per_second) {
  const Duration least = partitioning == Partitioning::keyed ? Duration{10s} : Duration{1s};
  const Duration most = partitioning == Partitioning::keyed ? Duration{10min} : Duration{10s};
  const double seconds = static_cast<double>(state_bytes) / std::max(1e6, bytes_per_second);
  return std::clamp(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)), least, most);
}

}  // namespace

StateKeeper::StateKeeper(Options options, EngineSet& engines, kafka::GroupedSource& source,
                         std::unique_ptr<kafka::CheckpointWriter> writer,
                         std::unique_ptr<kafka::CheckpointReader> reader, DeadLetters* dead_letters, Log log)
    : options_(std::move(options)),
      engines_(engines),
      source_(source),
      writer_(std::move(writer)),
      dead_letters_(dead_letters),
      log_(log),
      recovery_(options_.rules, options_.topic, options_.rebuild, engines, source, std::move(reader), log) {}

StateKeeper::~StateKeeper() = default;

Unit* StateKeeper::unit_of(std::int32_t partition) {
  const auto found = units_.find(keyed() ? partition : 0);
  return found == units_.end() ? nullptr : &found->second;
}

std::vector<PartitionOffset> StateKeeper::positions(const Unit& unit) const {
  if (unit.phase == Phase::draining) return unit.last_offsets;
  std::vector<PartitionOffset> offsets;
  for (const auto partition : unit.partitions) offsets.push_back({partition, source_.position(partition)});
  return offsets;
}

bool StateKeeper::is_new(const Record& record) {
  if (record.partition != last_partition_ || last_unit_ == nullptr) {
    last_partition_ = record.partition;
    last_unit_ = unit_of(record.partition);
    if (last_unit_ == nullptr) return false;
  }
  Unit& unit = *last_unit_;
  unit.bytes_read += record.payload.size();
  if (unit.phase != Phase::recovering) return true;
  if (unit.advance_to_come && record.offset >= unit.advance_to_come->offset) {
    engines_.advance(unit.id, std::exchange(unit.advance_to_come, std::nullopt)->watermark);
  }
  return std::none_of(unit.published.begin(), unit.published.end(), [&](const PartitionOffset& published) {
    return published.partition == record.partition && record.offset < published.offset;
  });
}

Result<void> StateKeeper::after(const Batch& batch) {
  if (auto judged = judge_restarted(); !judged) return judged;
  if (!batch.revoked.empty() && !releasing_) begin_draining(batch.revoked, batch.lost);
  const auto& offered = batch.assigned.empty() && !source_.joining() ? lost_ : batch.assigned;
  if (!offered.empty() && !releasing_) {
    if (auto taken = take_over(offered); !taken) return taken;
  }
  enter_running();
  const auto now = Clock::now();
  notice_idle(now);
  if (auto written = write_checkpoints(0s); !written) return written;
  if (auto committed = commit(now); !committed) return committed;
  finish_draining();
  return {};
}

// Partitions change hands.

Result<void> StateKeeper::take_over(std::vector<std::int32_t> offered) {
  if (!keyed() && units_.count(0) > 0) {
    // Added to the topic while we have it.
    const auto ranges = source_.ranges(offered);
    if (!ranges) return unexpected(ranges.error());
    if (!ranges->has_value()) return {};
    std::vector<PartitionOffset> start;
    for (std::size_t i = 0; i < offered.size(); ++i) start.push_back({offered[i], (**ranges)[i].begin});
    source_.start(start);
    for (const auto partition : offered) {
      engines_.assign(partition);
      units_.at(0).partitions.push_back(partition);
    }
    return {};
  }
  if (!recovery_.active()) {
    if (keyed()) {
      const int needed = *std::max_element(offered.begin(), offered.end()) + 1;
      const auto extended = writer_->extend(needed, stop_requested);
      if (!extended) return unexpected(extended.error());
      if (!extended->has_value()) return {};
      if (**extended) {
        log_(
            LogLevel::warn,
            fmt::format("{} has more partitions than before: users may move to another one, and a session that is open "
                        "now be counted as two",
                        options_.topic));
      }
    }
    recovery_.begin(offered);
  }
  auto done = recovery_.step();
  if (!done) return unexpected(done.error());
  if (!done->has_value()) return {};
  const auto now = Clock::now();
  for (Unit& unit : (*done)->units) {
    unit.last_begun = now;
    units_.insert_or_assign(unit.id, std::move(unit));
  }
  last_unit_ = nullptr;
  for (const PartitionOffset& one : (*done)->start) std::erase(lost_, one.partition);
  source_.start((*done)->start);
  crash_point("recovery-assigned");
  return {};
}

void StateKeeper::enter_running() {
  for (auto& [id, unit] : units_) {
    if (unit.phase != Phase::recovering) continue;
    if (unit.advance_to_come && source_.position(id) >= unit.advance_to_come->offset) {
      engines_.advance(id, std::exchange(unit.advance_to_come, std::nullopt)->watermark);
    }
    const bool reached = std::all_of(unit.published.begin(), unit.published.end(), [&](const PartitionOffset& one) {
      return source_.position(one.partition) >= one.offset;
    });
    if (!reached) continue;
    unit.phase = Phase::running;
    unit.figures = engines_.figures(id);
    next_commit_ = {};
    crash_point("recovery-done");
  }
}

void StateKeeper::begin_draining(const std::vector<std::int32_t>& partitions, bool lost) {
  crash_point("revoke-begin");
  releasing_ = true;
  to_release_ = partitions;
  drain_deadline_ = Clock::now() + kDrainDeadline;
  recovery_.forget();  // what of it is still ours is offered again
  for (const auto partition : partitions) {
    std::erase(lost_, partition);
    Unit* unit = unit_of(partition);
    if (unit == nullptr || unit->phase == Phase::draining) continue;
    if (lost || unit->phase != Phase::running) {
      drop(unit->id);
      continue;
    }
    unit->last_offsets = positions(*unit);
    unit->phase = Phase::draining;
  }
  next_commit_ = {};
  source_.hold(partitions);
}

// The group gets back what it waits for, once that has been saved, or the time for it is over.
void StateKeeper::finish_draining() {
  if (!releasing_ || pending_) return;
  for (auto unit = units_.begin(); unit != units_.end();) {
    const std::int32_t id = unit->first;
    const bool draining = unit->second.phase == Phase::draining;
    if (draining && !saved(unit->second) && Clock::now() < drain_deadline_) return;
    ++unit;
    if (draining) drop(id);
  }
  crash_point("revoke-done");
  source_.release(std::exchange(to_release_, {}));
  releasing_ = false;
}

void StateKeeper::drop(std::int32_t id) {
  if (written_ == id) {
    writer_->abandon();
    written_.reset();
  }
  for (const auto partition : units_.at(id).partitions) engines_.revoke(partition);
  units_.erase(id);
  last_unit_ = nullptr;
}

void StateKeeper::drop_all() {
  while (!units_.empty()) {
    const auto& partitions = units_.begin()->second.partitions;
    source_.hold(partitions);
    if (units_.begin()->second.phase != Phase::draining)
      lost_.insert(lost_.end(), partitions.begin(), partitions.end());
    drop(units_.begin()->first);
  }
}

Result<void> StateKeeper::judge_restarted() {
  for (const auto partition : source_.take_restarted()) {
    Unit* unit = unit_of(partition);
    if (unit == nullptr) continue;
    const std::string what = fmt::format(
        "the state of partition {} of {} cannot be used any more: the topic was deleted "
        "and created again, or cut below what has been read",
        partition, options_.topic);
    if (!options_.rebuild) {
      return fail(Exit::unusable_state,
                  what + "; --on-unusable-state rebuild computes the figures again from the earliest offset");
    }
    log_(LogLevel::warn, what + "; computing the figures again from the earliest offset");
    const auto partitions = unit->partitions;
    const auto ranges = source_.ranges(partitions);
    if (!ranges) return unexpected(ranges.error());
    Unit fresh;
    fresh.id = unit->id;
    fresh.figures.partition = fresh.id;
    fresh.partitions = partitions;
    fresh.phase = Phase::running;
    fresh.assignment = unit->assignment + 1;
    fresh.pointer.rules = options_.rules;
    fresh.pointer.epoch = unit->pointer.epoch + 1;
    fresh.last_begun = Clock::now();
    drop(fresh.id);
    std::vector<PartitionOffset> start;
    for (std::size_t i = 0; i < partitions.size(); ++i) {
      start.push_back({partitions[i], *ranges ? (**ranges)[i].begin : 0});
      engines_.assign(partitions[i]);
    }
    fresh.pointer.offset = start.front().offset;
    fresh.published = start;
    source_.start(start);
    units_.insert_or_assign(fresh.id, std::move(fresh));
    next_commit_ = {};
  }
  return {};
}

// Checkpoints.

bool StateKeeper::wants_checkpoint(const Unit& unit, Clock::time_point now) const {
  if (unit.acknowledged) return false;  // the last one has not been committed yet
  const bool changed = positions(unit) != unit.saved_offsets || engines_.watermark(unit.id) != unit.saved_watermark;
  if (unit.phase == Phase::draining) return changed && !unit.no_checkpoint;
  if (unit.phase != Phase::running || !changed) return false;
  if (unit.wanted_now) return true;
  const auto elapsed = now - unit.last_begun;
  if (options_.checkpoint_interval) return elapsed >= *options_.checkpoint_interval;
  if (unit.bytes_read >= std::max(kMostToReadAgain, kStatesToReadAgain * unit.state_bytes)) return true;
  const double seconds = std::max(1e-3, std::chrono::duration<double>(elapsed).count());
  return elapsed >= checkpoint_interval(options_.rules.partitioning, unit.state_bytes,
                                        static_cast<double>(unit.bytes_read) / seconds);
}

// Whether nothing would be lost with a unit that drains.
bool StateKeeper::saved(const Unit& unit) const {
  if (written_ == unit.id || unit.acknowledged || wants_checkpoint(unit, {})) return false;
  if (!keyed()) return true;
  return unit.shown && unit.confirmed.front().offset == unit.last_offsets.front().offset;
}

Result<void> StateKeeper::write_checkpoints(Duration patience) {
  const auto progress = writer_->work(written_ ? patience : Duration{});
  if (!progress) return unexpected(progress.error());
  if (*progress == kafka::CheckpointWriter::Progress::acknowledged) {
    checkpoint_acknowledged();
  } else if (*progress == kafka::CheckpointWriter::Progress::failed) {
    Unit& unit = units_.at(*std::exchange(written_, std::nullopt));
    unit.checkpoint.reset();
    unit.no_checkpoint = true;
  }
  if (written_) return {};
  const auto now = Clock::now();
  for (const bool draining : {true, false}) {
    for (auto& [id, unit] : units_) {
      if ((unit.phase == Phase::draining) != draining || !wants_checkpoint(unit, now)) continue;
      begin_checkpoint(unit, now);
      return {};
    }
  }
  return {};
}

void StateKeeper::begin_checkpoint(Unit& unit, Clock::time_point now) {
  crash_point("checkpoint-begin");
  const auto offsets = positions(unit);
  std::string state = engines_.save(unit.id, offsets);
  crash_point("checkpoint-serialised");
  log_(LogLevel::debug, fmt::format("checkpoint of unit {}: {} bytes in {:.0f} ms", unit.id, state.size(),
                                    std::chrono::duration<double, std::milli>(Clock::now() - now).count()));
  unit.no_checkpoint = false;
  unit.checkpoint = {offsets, engines_.watermark(unit.id), engines_.figures(unit.id), state.size(), now};
  unit.state_bytes = state.size();
  unit.bytes_read = 0;
  unit.last_begun = now;
  unit.wanted_now = false;
  written_ = unit.id;
  writer_->start(unit.id, {unit.assignment, unit.pointer.epoch, ++unit.checkpoints, 0}, std::move(state));
  crash_point("checkpoint-sent");
}

void StateKeeper::checkpoint_acknowledged() {
  crash_point("checkpoint-acknowledged");
  Unit& unit = units_.at(*std::exchange(written_, std::nullopt));
  unit.acknowledged = true;
  unit.saved_offsets = unit.checkpoint->offsets;
  unit.saved_watermark = unit.checkpoint->watermark;
  unit.pointer.offset = unit.checkpoint->offsets.front().offset;
  unit.pointer.checkpoint = writer_->place();
  // An advance that the checkpoint has in it needs no mention any more.
  if (unit.pointer.idle && unit.checkpoint->watermark && unit.pointer.idle->watermark <= *unit.checkpoint->watermark) {
    unit.pointer.idle.reset();
  }
  next_commit_ = {};
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
    if (!keyed() && unit.idle_base && since >= options_.rules.idle_timeout && engines_.has_open_sessions(id)) {
      engines_.advance(id, *unit.idle_base + since);
    }
  }
}

// Of a keyed unit: an advance counts once it is recorded, and one at a time can be.
std::optional<IdleAdvance> StateKeeper::idle_advance(Unit& unit) {
  if (!keyed() || unit.phase != Phase::running || unit.idle < options_.rules.idle_timeout || !unit.idle_base) return {};
  if (!engines_.has_open_sessions(unit.id)) return {};  // there is nothing left to be closed
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
  next_commit_ = now + kCommitEvery;
  std::vector<Entry> entries;
  std::vector<kafka::Committed> offsets;
  for (auto& [id, unit] : units_) {
    auto entry = entry_of(unit);
    if (!entry) continue;
    offsets.insert(offsets.end(), entry->offsets.begin(), entry->offsets.end());
    entries.push_back(std::move(*entry));
  }
  if (entries.empty()) return {};
  if (dead_letters_ != nullptr) {
    const auto settled = dead_letters_->settle(kDeadLetterPatience);
    if (!settled) return unexpected(settled.error());
    if (!*settled) {
      next_commit_ = {};
      return {};
    }
  }
  crash_point("commit-begin");
  pending_ = std::move(entries);
  conclude(source_.commit(offsets));
  return {};
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
    engines_.advance(unit.id, entry.idle->watermark);
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

// What may be shown.

Snapshot StateKeeper::published(Timestamp as_of) const {
  Snapshot snapshot;
  snapshot.as_of = as_of;
  snapshot.whole_topic = !keyed();
  for (const auto& [id, unit] : units_) {
    if (!unit.shown) continue;
    merge(snapshot.total, unit.figures.metrics);
    PartitionFigures& figures = snapshot.partitions.emplace_back(unit.figures);
    figures.lag = 0;
    for (const auto partition : unit.partitions) {
      const auto lag = source_.lag(partition);
      figures.lag = lag && figures.lag ? std::optional(*figures.lag + *lag) : std::nullopt;
    }
  }
  return snapshot;
}

std::string StateKeeper::waiting_for() const {
  if (recovery_.active()) return recovery_.text();
  for (const auto& [id, unit] : units_) {
    if (unit.phase == Phase::recovering) return fmt::format("reading again what was published of partition {}", id);
    if (!unit.shown) return fmt::format("committing the position in partition {}", id);
  }
  return source_.waiting_for();
}

Result<void> StateKeeper::finish() {
  drain_deadline_ = Clock::now() + kDrainDeadline;
  for (auto& [id, unit] : units_) {
    if (unit.phase != Phase::running) continue;
    unit.last_offsets = positions(unit);
    unit.phase = Phase::draining;
  }
  const auto busy = [this] {
    return pending_ || std::any_of(units_.begin(), units_.end(), [this](const auto& entry) {
             return entry.second.phase == Phase::draining && !saved(entry.second);
           });
  };
  while (busy() && Clock::now() < drain_deadline_) {
    if (auto written = write_checkpoints(kEndPatience); !written) return written;
    next_commit_ = {};
    if (auto committed = commit(Clock::now()); !committed) return committed;
    if (source_.joining()) std::this_thread::sleep_for(kEndPatience);  // what is left has to wait for the group
  }
  return {};
}

}  // namespace clickstream::cli
