// The figures as a table for a terminal: `stats`. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "clickstream/snapshot.h"

namespace clickstream::render {

/// Aligned lines, each with its line end; the `top` pages with the most views, and the last 20 windows of each kind.
std::string stats_table(const Snapshot& snapshot, std::size_t top);

}  // namespace clickstream::render
