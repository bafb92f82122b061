// The block that `consume` prints every few seconds, and its last line alone. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clickstream/session.h"
#include "clickstream/snapshot.h"

namespace clickstream::render {

/// Refers to the snapshot, which must outlive it.
struct ConsoleBlock {
  const Snapshot& snapshot;
  std::vector<Session> busiest;  ///< in the order to show, at most `top`
  std::size_t top = 10;          ///< how many pages to show
  double events_per_second = 0;
  std::optional<std::int64_t> lag;
};

/// All lines, each with its line end. After the summary follows a line for each kind of windows that has a final one.
std::string console_block(const ConsoleBlock& block);

/// The block's summary, without a line end: for the log.
std::string summary_line(const Snapshot& snapshot, double events_per_second, std::optional<std::int64_t> lag);

}  // namespace clickstream::render
