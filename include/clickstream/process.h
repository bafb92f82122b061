// What the operating system knows of this process.
#pragma once

#include <cstdint>

namespace clickstream {

/// A value; the units are those of Prometheus' process_* metrics.
struct ProcessFigures {
  double cpu_seconds = 0;         ///< user and system time
  double start_time_seconds = 0;  ///< since the epoch
  std::uint64_t resident_memory_bytes = 0;
  std::uint64_t virtual_memory_bytes = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
};

}  // namespace clickstream
