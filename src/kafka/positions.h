// How far the partitions that are ours have been read. Private to src/kafka.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kafka/client.h"
#include "kafka/grouped_source.h"

namespace clickstream::kafka {

/// How far a partition has been read.
struct Position {
  std::int64_t next = 0;            ///< no record below it is handed out any more
  std::optional<std::int64_t> end;  ///< of a bounded read: nothing from here on is handed out
  bool reached_end = false;         ///< of a bounded read; by position, for the last records may be control records
  bool went_back = false;           ///< the partition has another log now: its topic was recreated, or its log was cut
  std::optional<std::chrono::steady_clock::time_point> at_end_since;  ///< while there is nothing more to be read
};

/// The partitions that are ours.
using Positions = std::map<std::int32_t, Position>;

bool all_reached_end(const Positions& positions);
bool any_went_back(const Positions& positions);

/// The share of the ranges' records that has been read, 0 … 1; of partitions that are ours, `ranges` by partition.
double progress(const Positions& positions, const std::vector<Range>& ranges);

/// The partitions that went back, which are as if nobody had noticed from now on.
std::vector<std::int32_t> take_restarted(Positions& positions);

/// For how long a partition has been at its end without trouble with a broker.
Duration idle_for(const Client& client, const Positions& positions, std::int32_t partition);

/// Partitions that are at their end are idle from now on only.
void begin_idle_anew(Positions& positions);

/// See GroupedSource::confirm_idle.
void confirm_idle(Client& client, const std::string& topic, Positions& positions,
                  const std::vector<std::int32_t>& partitions);

/// Records behind the partition's end as last heard of it, of a reader that is at `position`.
std::optional<std::int64_t> lag_of(const Client& client, const std::string& topic, std::int32_t partition,
                                   const Position& position);

}  // namespace clickstream::kafka
