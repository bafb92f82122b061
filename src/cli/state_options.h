// --state and what belongs to it.
#pragma once

#include <optional>
#include <string>

#include "cli/args.h"
#include "cli/options.h"
#include "clickstream/checkpoint.h"

namespace clickstream::cli {

OptionGroup state_options();

struct StateOptions {
  bool keep = false;        ///< state in Kafka; none otherwise
  std::string topic;        ///< of the state
  bool rebuild = false;     ///< what cannot be used is computed again
  std::string instance_id;  ///< empty: none
  std::optional<Duration> checkpoint_interval;
  int replication_factor = -1;  ///< of topics that are created; −1: the broker's default
};
StateOptions read_state_options(const Args& args, Values& values);

/// Under what the figures are computed.
StateRules rules_of(const EngineOptions& engine, Partitioning partitioning);

}  // namespace clickstream::cli
