#include "cli/state/state_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "cli/options.h"
#include "cli/signals.h"
#include "cli/state/crash_point.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kDrainDeadline = 4s;  // of a revocation and of the end; after it the last checkpoint has to do
constexpr Duration kEndPatience = 50ms;

}  // namespace

StateKeeper::StateKeeper(Options options, EngineSet& engines, kafka::GroupedSource& source,
                         std::unique_ptr<kafka::CheckpointWriter> writer,
                         std::unique_ptr<kafka::CheckpointReader> reader, Outlets& outlets, Log log)
    : options_(std::move(options)),
      engines_(engines),
      source_(source),
      writer_(std::move(writer)),
      outlets_(outlets),
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
    const auto advance = *std::exchange(unit.advance_to_come, std::nullopt);
    engines_.advance(unit.id, advance.watermark, advance.offset);
  }
  return std::none_of(unit.published.begin(), unit.published.end(), [&](const PartitionOffset& published) {
    return published.partition == record.partition && record.offset < published.offset;
  });
}

Result<void> StateKeeper::after(const Batch& batch) {
  give_rows();
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
    if (unit.computed_again) outlets_.supersede({unit.id, unit.pointer.epoch, input_before(unit.published)});
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
      const auto advance = *std::exchange(unit.advance_to_come, std::nullopt);
      engines_.advance(id, advance.watermark, advance.offset);
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
  if (prepared_) std::erase_if(prepared_->entries, [id](const Entry& entry) { return entry.unit == id; });
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

Result<void> StateKeeper::finish(bool at_end, const Stopping& stopping) {
  give_rows();
  while (at_end && !outlets_.wait_for_rows(kEndPatience) && !stopping()) {
  }
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
  if (at_end) {
    engines_.close_all();
    engines_.take_rows();  // these sessions may go on
  }
  return {};
}

}  // namespace clickstream::cli
