// No state: what is computed is shown, and every start begins at the beginning.
#pragma once

#include <chrono>

#include "cli/state/keeper.h"
#include "clickstream/dead_letters.h"
#include "clickstream/engine_set.h"
#include "clickstream/log.h"
#include "kafka/grouped_source.h"

namespace clickstream::cli {

class StatelessKeeper : public Keeper {
 public:
  /// `group`: the source, if it is one; null for files, pipes and the simulator. `dead_letters`: null where none are
  /// kept. Refers to all of them.
  StatelessKeeper(EngineSet& engines, kafka::GroupedSource* group, DeadLetters* dead_letters, Log log)
      : engines_(engines), group_(group), dead_letters_(dead_letters), log_(std::move(log)) {}

  bool is_new(const Record&) override { return true; }
  Result<void> after(const Batch& batch) override;
  Snapshot published(Timestamp as_of) const override;
  std::string waiting_for() const override { return group_ == nullptr ? std::string() : group_->waiting_for(); }
  Result<void> finish() override;

 private:
  using Clock = std::chrono::steady_clock;

  EngineSet& engines_;
  kafka::GroupedSource* group_;
  DeadLetters* dead_letters_;
  Log log_;
  Clock::time_point next_settling_{};
};

}  // namespace clickstream::cli
