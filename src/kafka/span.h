// A range of a topic's records, as a person names it: by offsets, or by record timestamps.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <variant>

#include "clickstream/types.h"

namespace clickstream::kafka {

/// The first record that a partition still has, or the place behind the last one that there is at the start.
enum class Edge : std::uint8_t { begin, end };

/// By partition.
using Offsets = std::map<std::int32_t, std::int64_t>;

/// An edge; one offset for every partition; one for each; or a time: in each partition, the first record at or after it.
using Bound = std::variant<Edge, std::int64_t, Offsets, Timestamp>;

struct Span {
  Bound from = Edge::begin;
  std::optional<Bound> to = Edge::end;  ///< exclusive; absent: there is no end
};

}  // namespace clickstream::kafka
