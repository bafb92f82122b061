// The figures as a table for a terminal: `stats`. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "clickstream/snapshot.h"

namespace clickstream::render {

constexpr std::size_t kWidestPage = 60;

/// Aligned lines, each with its line end; the `top` pages with the most views, and the last 20 windows of each kind.
/// Names of pages are shortened to `widest_page`.
std::string stats_table(const Snapshot& snapshot, std::size_t top, std::size_t widest_page = kWidestPage);

}  // namespace clickstream::render
