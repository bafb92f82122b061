#include "cli/state/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "cli/state/crash_point.h"

namespace clickstream::cli {
namespace {

std::uint64_t random_id() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

Recovery::Recovery(StateRules rules, std::string topic, bool rebuild, EngineSet& engines, kafka::GroupedSource& source,
                   std::unique_ptr<kafka::CheckpointReader> reader, Log log)
    : rules_(rules),
      topic_(std::move(topic)),
      rebuild_(rebuild),
      engines_(engines),
      source_(source),
      reader_(std::move(reader)),
      log_(std::move(log)) {}

Recovery::~Recovery() = default;

void Recovery::begin(const std::vector<std::int32_t>& partitions) {
  crash_point("recovery-begin");
  partitions_ = partitions;
  std::sort(partitions_.begin(), partitions_.end());
}

void Recovery::forget() {
  for (std::size_t i = 0; i < loaded_; ++i) {
    for (const auto partition : plans_[i].unit.partitions) engines_.revoke(partition);
  }
  partitions_.clear();
  plans_.clear();
  planned_ = loaded_ = 0;
  loading_ = false;
}

std::string Recovery::text() const {
  if (loading_) return fmt::format("loading the state of {}", name_of(plans_[loaded_]));
  return fmt::format("looking for the state of {} partitions", partitions_.size());
}

std::string Recovery::name_of(const Plan& plan) const {
  if (rules_.partitioning == Partitioning::unkeyed) return fmt::format("topic {}", topic_);
  return fmt::format("partition {} of {}", plan.unit.id, topic_);
}

std::vector<PartitionOffset> Recovery::earliest(const Plan& plan) const {
  std::vector<PartitionOffset> offsets;
  for (const auto partition : plan.unit.partitions) offsets.push_back({partition, ranges_.at(partition).begin});
  return offsets;
}

Result<std::optional<Recovery::Done>> Recovery::step() {
  if (plans_.empty()) {
    const auto asked = ask();
    if (!asked) return unexpected(asked.error());
    if (!*asked) return std::nullopt;
  }
  while (planned_ < plans_.size()) {
    Plan& next = plans_[planned_];
    std::vector<kafka::Committed> committed;
    for (const kafka::Committed& one : committed_) {
      const auto& of = next.unit.partitions;
      if (std::find(of.begin(), of.end(), one.partition) != of.end()) committed.push_back(one);
    }
    const auto made = plan(next, committed);
    if (!made) return unexpected(made.error());
    if (!*made) return std::nullopt;  // `next` may be gone
    ++planned_;
  }
  if (loaded_ < plans_.size()) {
    const auto loaded = load(plans_[loaded_]);
    if (!loaded) return unexpected(loaded.error());
    if (!*loaded || ++loaded_ < plans_.size()) return std::nullopt;
  }
  crash_point("recovery-loaded");
  Done done;
  for (Plan& plan : plans_) {
    plan.unit.phase = Phase::recovering;
    for (const PartitionOffset& start : plan.start) {
      const auto& published = plan.unit.published;
      const bool known = std::any_of(published.begin(), published.end(),
                                     [&](const PartitionOffset& one) { return one.partition == start.partition; });
      if (!known) plan.unit.published.push_back(start);
    }
    for (PartitionOffset offset : plan.start) {
      // The control run of the chaos test: a state that does not know its offset.
      if (broken_on_purpose("at-least-once")) {
        offset.offset = std::max(ranges_.at(offset.partition).begin, offset.offset - 500);
      }
      done.start.push_back(offset);
    }
    done.units.push_back(std::move(plan.unit));
  }
  loaded_ = 0;  // they are the keeper's now
  forget();
  return done;
}

Result<bool> Recovery::ask() {
  auto committed = source_.committed(partitions_);
  if (!committed) return unexpected(committed.error());
  if (!committed->has_value()) return false;
  const auto ranges = source_.ranges(partitions_);
  if (!ranges) return unexpected(ranges.error());
  if (!ranges->has_value()) return false;
  committed_ = std::move(**committed);
  ranges_.clear();
  for (std::size_t i = 0; i < partitions_.size(); ++i) ranges_[partitions_[i]] = (**ranges)[i];
  const auto unit = [this](std::int32_t id, std::vector<std::int32_t> partitions) {
    Plan& plan = plans_.emplace_back();
    plan.unit.id = id;
    plan.unit.figures.partition = id;
    plan.unit.partitions = std::move(partitions);
    plan.unit.assignment = random_id();
    plan.unit.pointer.rules = rules_;
  };
  if (rules_.partitioning == Partitioning::unkeyed) {
    unit(0, partitions_);
  } else {
    for (const auto partition : partitions_) unit(partition, {partition});
  }
  return true;
}

Result<bool> Recovery::plan(Plan& plan, const std::vector<kafka::Committed>& committed) {
  plan.start = earliest(plan);
  std::optional<Pointer> pointer;
  bool any_offset = false;
  std::vector<kafka::Committed> foreign;
  for (const kafka::Committed& one : committed) {
    if (!one.offset) continue;
    any_offset = true;
    auto parsed = parse_pointer(one.metadata);
    if (!parsed) {
      switch (parsed.error()) {
        case PointerError::none_of_ours:
          foreign.push_back(one);
          continue;
        case PointerError::unknown_version:
          return unusable(plan, "the pointer to it was committed by a newer version of clickstream");
        case PointerError::corrupt:
          return unusable(plan, "the pointer to it, in the metadata of the committed offset, is damaged");
      }
    }
    const kafka::Range& range = ranges_.at(one.partition);
    plan.unit.pointer.epoch = std::max(plan.unit.pointer.epoch, parsed->epoch);
    if (parsed->rules != rules_) {
      return unusable(plan, "it was made under other options: " + differences(parsed->rules, rules_));
    }
    if (range.begin > parsed->offset) {
      return unusable(plan,
                      fmt::format("records from offset {} on, which it needs, have been deleted from partition {}, "
                                  "whose log starts at {} now",
                                  parsed->offset, one.partition, range.begin));
    }
    if (*one.offset > range.end) {
      return unusable(plan,
                      fmt::format("the committed offset {} lies beyond the end {} of partition {}: the topic was "
                                  "deleted and created again, or cut",
                                  *one.offset, range.end, one.partition),
                      false);
    }
    if (pointer && (pointer->checkpoint.has_value() != parsed->checkpoint.has_value() ||
                    (pointer->checkpoint && (pointer->checkpoint->assignment != parsed->checkpoint->assignment ||
                                             pointer->checkpoint->number != parsed->checkpoint->number)))) {
      return unusable(plan, "the committed offsets of its partitions belong to different checkpoints");
    }
    pointer = *parsed;
    const auto start = std::find_if(plan.start.begin(), plan.start.end(),
                                    [&](const PartitionOffset& offset) { return offset.partition == one.partition; });
    start->offset = parsed->offset;
    plan.unit.published.push_back({one.partition, *one.offset});
  }
  if (!foreign.empty()) return begin_elsewhere(plan, "an offset was committed that no state belongs to", committed);
  if (!any_offset) {
    const auto last = reader_->last_epoch(plan.unit.id);
    if (!last) return unexpected(last.error());
    if (!last->has_value()) return false;
    if (!(*last)->written) {
      plan.unit.pointer.offset = plan.start.front().offset;
      return true;
    }
    return unusable(plan, "its committed offsets have expired or were deleted");
  }
  plan.unit.pointer = *pointer;
  plan.unit.advance_to_come = pointer->idle;
  return true;
}

// An operator has reset the group: from there on, with nothing.
Result<bool> Recovery::begin_elsewhere(Plan& plan, const std::string& why, const std::vector<kafka::Committed>& at) {
  const auto last = reader_->last_epoch(plan.unit.id);
  if (!last) return unexpected(last.error());
  if (!last->has_value()) return false;
  plan.start = earliest(plan);
  for (PartitionOffset& start : plan.start) {
    for (const kafka::Committed& one : at) {
      const kafka::Range& range = ranges_.at(start.partition);
      if (one.partition == start.partition && one.offset) {
        start.offset = std::clamp(*one.offset, range.begin, range.end);
      }
    }
  }
  plan.unit.published.clear();
  plan.unit.pointer = {};
  plan.unit.pointer.rules = rules_;
  plan.unit.pointer.epoch = (*last)->written ? (*last)->epoch + 1 : 0;
  plan.unit.computed_again = plan.unit.pointer.epoch > 0;
  plan.unit.pointer.offset = plan.start.front().offset;
  log_(LogLevel::warn, fmt::format("{}: {} (somebody reset the group?): starting at offset {} with empty state",
                                   name_of(plan), why, plan.start.front().offset));
  return true;
}

// Whether somebody has committed since: then what we know is of no use. So it is with a member that was frozen while it
// recovered, and whose partitions have another owner by now, who deletes what no pointer needs any more.
Result<std::optional<bool>> Recovery::outdated() {
  const auto committed = source_.committed(partitions_);
  if (!committed) return unexpected(committed.error());
  if (!committed->has_value()) return std::nullopt;
  return **committed != committed_;
}

Result<bool> Recovery::unusable(Plan& plan, const std::string& why, bool same_log) {
  const auto other = outdated();
  if (!other) return unexpected(other.error());
  if (!other->has_value()) return false;
  if (**other) {
    const auto partitions = partitions_;
    forget();
    partitions_ = partitions;
    return false;
  }
  if (!rebuild_) {
    return fail(
        Exit::unusable_state,
        fmt::format("the state of {} cannot be used: {}; --on-unusable-state rebuild computes the figures again "
                    "from the earliest offset",
                    name_of(plan), why));
  }
  const auto last = reader_->last_epoch(plan.unit.id);
  if (!last) return unexpected(last.error());
  if (!last->has_value()) return false;
  const std::uint32_t epoch = std::max(plan.unit.pointer.epoch, (*last)->epoch) + 1;
  plan.start = earliest(plan);
  plan.unit.published.clear();
  plan.unit.advance_to_come.reset();
  plan.unit.pointer = {};
  plan.unit.pointer.rules = rules_;
  plan.unit.pointer.epoch = epoch;
  plan.unit.computed_again = same_log;
  plan.unit.pointer.offset = plan.start.front().offset;
  log_(LogLevel::warn, fmt::format("the state of {} cannot be used: {}; computing the figures again from offset {}",
                                   name_of(plan), why, plan.start.front().offset));
  return true;
}

void Recovery::begin_empty(const Unit& unit) {
  for (const auto partition : unit.partitions) engines_.revoke(partition);
  for (const auto partition : unit.partitions) engines_.assign(partition);
}

Result<bool> Recovery::load(Plan& plan) {
  const auto& place = plan.unit.pointer.checkpoint;
  if (!place) {
    begin_empty(plan.unit);
    return true;
  }
  const auto rejected = [this, &plan](const std::string& why) {
    auto rebuilt = unusable(plan, why);
    if (rebuilt && *rebuilt) begin_empty(plan.unit);
    return rebuilt;
  };
  if (!std::exchange(loading_, true)) {
    if (auto started = reader_->start(plan.unit.id, *place); !started) return unexpected(started.error());
  }
  auto state = reader_->work();
  if (!state) return unexpected(state.error());
  if (!state->has_value()) return false;
  loading_ = false;
  if (!**state) return rejected((*state)->error());
  auto offsets = engines_.restore(plan.unit.id, ***state);
  if (!offsets) return rejected("its checkpoint is damaged: " + offsets.error());
  for (const PartitionOffset& offset : *offsets) {
    const auto start = std::find_if(plan.start.begin(), plan.start.end(),
                                    [&](const PartitionOffset& one) { return one.partition == offset.partition; });
    if (start == plan.start.end() || start->offset != offset.offset) {
      return rejected("its checkpoint belongs to other offsets than the committed pointer says");
    }
  }
  for (const PartitionOffset& start : plan.start) {
    const bool restored = std::any_of(offsets->begin(), offsets->end(), [&](const PartitionOffset& offset) {
      return offset.partition == start.partition;
    });
    if (!restored) engines_.assign(start.partition);  // of an unkeyed topic: added since
  }
  return true;
}

}  // namespace clickstream::cli
