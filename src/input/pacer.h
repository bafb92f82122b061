// When something of simulated time may happen in real time.
//
// Reads the clock; one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "clickstream/types.h"

namespace clickstream::input {

/// How fast simulated time runs, in millionths; absent: as fast as it goes.
using Speed = std::optional<std::int64_t>;
inline constexpr Speed kRealTime = std::int64_t{1'000'000};

class Pacer {
 public:
  /// Simulated time is `start` now.
  Pacer(Timestamp start, Speed speed);

  /// The wall clock; it never jumps back.
  Timestamp now() const;

  /// The moment on that clock when `simulated` comes: never before the clock itself shows that time.
  Timestamp due(Timestamp simulated) const;

 private:
  Timestamp simulated_start_;
  Timestamp wall_start_;
  std::chrono::steady_clock::time_point steady_start_;
  Speed speed_;
};

}  // namespace clickstream::input
