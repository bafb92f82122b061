// --partitioning: whether the producers of a topic put a user's events into one partition.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/args.h"
#include "clickstream/checkpoint.h"
#include "clickstream/stop.h"
#include "kafka/grouped_source.h"
#include "kafka/settings.h"

namespace clickstream::cli {

/// Absent for auto.
std::optional<Partitioning> read_partitioning(Values& values);

/// The one that committed offsets were made under; absent where there is none.
std::optional<Partitioning> committed_partitioning(const std::vector<kafka::Committed>& committed);

/// By the keys of the topic's first records; waits for the first, and calls `empty` meanwhile. Absent when `stopping`.
Result<std::optional<Partitioning>> judge_partitioning(const kafka::Settings& settings, const std::string& topic,
                                                       bool until_end, Duration max_ahead,
                                                       const std::function<void()>& empty, const Stopping& stopping);

}  // namespace clickstream::cli
