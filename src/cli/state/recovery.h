// From an offer of the group to units whose state is that of their checkpoint: asks for the committed offsets, judges
// them, loads the checkpoints. A step at a time, so that the other partitions go on.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/state/unit.h"
#include "clickstream/engine_set.h"
#include "clickstream/log.h"
#include "kafka/checkpoint_reader.h"
#include "kafka/grouped_source.h"

namespace clickstream::cli {

class Recovery {
 public:
  /// `rebuild`: recompute from the earliest offset what cannot be used. Refers to the engines and the source.
  Recovery(StateRules rules, std::string topic, bool rebuild, EngineSet& engines, kafka::GroupedSource& source,
           std::unique_ptr<kafka::CheckpointReader> reader, Log log);
  ~Recovery();

  void begin(const std::vector<std::int32_t>& partitions);
  void forget();
  bool active() const { return !partitions_.empty(); }

  /// One step: nothing while there is more to do, then once the units, recovering, and where to read on.
  struct Done {
    std::vector<Unit> units;
    std::vector<PartitionOffset> start;
  };
  Result<std::optional<Done>> step();

  /// For a person: what is being recovered.
  std::string text() const;

 private:
  // A unit, what its state is to be loaded from, and what its partitions start with if there is none.
  struct Plan {
    Unit unit;
    std::vector<PartitionOffset> start;
  };

  // Each false where there was no answer in time: to be called again.
  Result<bool> ask();
  Result<bool> plan(Plan& plan, const std::vector<kafka::Committed>& committed);
  Result<bool> begin_elsewhere(Plan& plan, const std::string& why, const std::vector<kafka::Committed>& at);
  Result<bool> unusable(Plan& plan, const std::string& why, bool same_log = true);
  Result<std::optional<bool>> outdated();
  Result<bool> load(Plan& plan);

  void begin_empty(const Unit& unit);
  std::vector<PartitionOffset> earliest(const Plan& plan) const;
  std::string name_of(const Plan& plan) const;

  StateRules rules_;
  std::string topic_;
  bool rebuild_;
  EngineSet& engines_;
  kafka::GroupedSource& source_;
  std::unique_ptr<kafka::CheckpointReader> reader_;
  Log log_;

  std::vector<std::int32_t> partitions_;         // offered
  std::map<std::int32_t, kafka::Range> ranges_;  // what they hold
  std::vector<kafka::Committed> committed_;      // what the group keeps for them, in their order
  std::vector<Plan> plans_;
  std::size_t planned_ = 0;  // how many of the plans are made,
  std::size_t loaded_ = 0;   // and carried out
  bool loading_ = false;     // the next one's checkpoint is being read
};

}  // namespace clickstream::cli
