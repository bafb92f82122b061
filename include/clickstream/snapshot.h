// The figures at one moment, as every view shows them: console, /metrics, /stats.json, a table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clickstream/metrics.h"
#include "clickstream/types.h"

namespace clickstream {

/// The last checkpoint that a commit points to.
struct CheckpointFigures {
  Timestamp time{};
  std::uint64_t bytes = 0;
  Duration duration{};  ///< from its begin to the commit
};

struct PartitionFigures {
  std::int32_t partition = 0;
  Metrics metrics;
  std::optional<Timestamp> watermark;             ///< absent before the first event
  std::optional<std::int64_t> lag;                ///< records behind the partition's end; absent where that is unknown
  std::optional<CheckpointFigures> checkpoint{};  ///< absent before the first, and where none are made
  std::optional<std::uint64_t> foreign_keys{};    ///< records whose key is no id; absent where keys mean nothing
};

/// What a sink has done.
struct SinkFigures {
  std::string name;
  std::uint64_t written = 0;     ///< rows that it has
  std::uint64_t superseded = 0;  ///< rows of which it had a newer version
  std::uint64_t refused = 0;     ///< rows that it will not take
  std::uint64_t retries = 0;     ///< attempts after which it was tried again
  std::uint64_t queued_rows = 0;
  std::uint64_t writes = 0;                 ///< attempts that succeeded,
  Duration write_time{};                    ///< and how long they took together
  std::optional<Timestamp> last_success{};  ///< absent before the first
};

/// A value: made by one thread, then shared read-only.
struct Snapshot {
  Timestamp as_of{};
  std::string topic;  ///< empty where there is none
  std::string group;
  bool whole_topic = false;                  ///< an unkeyed topic is one unit, the only element of `partitions`
  std::vector<PartitionFigures> partitions;  ///< ascending
  Metrics total;                             ///< the partitions merged
  std::uint64_t rebalances = 0;
  std::vector<std::pair<std::string, std::uint64_t>> dead_letters;  ///< of this instance, by reason; empty: none kept
  std::vector<SinkFigures> sinks;                                   ///< of this instance

  /// The sum over partitions; absent if any is unknown or there are none.
  std::optional<std::int64_t> lag() const;
};

/// Adds the figures of `other`, of the same partitions but other users, to `into`.
void merge(Snapshot& into, const Snapshot& other);

}  // namespace clickstream
