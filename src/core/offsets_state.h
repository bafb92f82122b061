// Where a unit's partitions stand, in a saved state.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/checkpoint.h"

namespace clickstream {

struct OffsetState {
  PartitionOffset next;
  std::optional<Timestamp> highest;  ///< unkeyed: the partition's clock, from 1970 on
  bool idle = false;                 ///< unkeyed
};

void save_offsets(std::vector<OffsetState> offsets, std::string& out);

/// By partition; nothing if it is not what save_offsets() appended.
std::optional<std::vector<OffsetState>> restore_offsets(std::string_view state);

}  // namespace clickstream
