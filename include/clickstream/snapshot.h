// The figures at one moment, as every view shows them: console, /metrics, /stats.json, a table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clickstream/metrics.h"
#include "clickstream/types.h"

namespace clickstream {

struct PartitionFigures {
  std::int32_t partition = 0;
  Metrics metrics;
  std::optional<Timestamp> watermark;  ///< absent before the first event
  std::optional<std::int64_t> lag;     ///< records behind the partition's end; absent where that is unknown
};

/// A value: made by one thread, then shared read-only.
struct Snapshot {
  Timestamp as_of{};
  std::string topic;  ///< empty where there is none
  std::string group;
  std::vector<PartitionFigures> partitions;  ///< ascending
  Metrics total;                             ///< the partitions merged
  std::uint64_t rebalances = 0;

  /// The sum over partitions; absent if any is unknown or there are none.
  std::optional<std::int64_t> lag() const;
};

}  // namespace clickstream
