// No state: what is computed is shown, and every start begins at the beginning.
#pragma once

#include <chrono>
#include <map>

#include "cli/outlets.h"
#include "cli/state/keeper.h"
#include "clickstream/engine_set.h"
#include "clickstream/log.h"
#include "kafka/grouped_source.h"

namespace clickstream::cli {

class StatelessKeeper : public Keeper {
 public:
  /// `group`: the source, if it is one; null for files, pipes and the simulator. `unkeyed`: all partitions are one unit.
  /// Refers to all of them.
  StatelessKeeper(EngineSet& engines, kafka::GroupedSource* group, bool unkeyed, Outlets& outlets, Log log)
      : engines_(engines), group_(group), unkeyed_(unkeyed), outlets_(outlets), log_(std::move(log)) {}

  bool is_new(const Record&) override { return true; }
  Result<void> after(const Batch& batch) override;
  bool taking_over() const override { return false; }
  Snapshot published(Timestamp as_of) const override;
  std::string waiting_for() const override { return group_ == nullptr ? std::string() : group_->waiting_for(); }
  Result<void> finish(bool at_end, const Stopping& stopping) override;

 private:
  using Clock = std::chrono::steady_clock;

  void give_rows(const Batch& batch);
  Result<bool> settle(Duration patience);

  EngineSet& engines_;
  kafka::GroupedSource* group_;
  bool unkeyed_;
  Outlets& outlets_;
  Log log_;
  std::int64_t records_ = 0;                   // read so far
  std::map<std::int32_t, std::int64_t> next_;  // the offset behind the last record of each partition
  Clock::time_point next_settling_{};
};

}  // namespace clickstream::cli
