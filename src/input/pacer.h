// When something of simulated or recorded time may happen in real time.
//
// Reads the clock; one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "clickstream/types.h"

namespace clickstream::input {

/// How fast that time runs, in millionths; absent: as fast as it goes.
using Speed = std::optional<std::int64_t>;
inline constexpr Speed kRealTime = std::int64_t{1'000'000};

/// Whether something may happen before the wall clock shows its time.
enum class Early : bool { no, yes };

class Pacer {
 public:
  /// That time is `start` now.
  Pacer(Timestamp start, Speed speed, Early early = Early::no);

  /// The wall clock; it never jumps back.
  Timestamp now() const;

  /// The moment on that clock when `moment` comes.
  Timestamp due(Timestamp moment) const;

 private:
  Timestamp start_;
  Timestamp wall_start_;
  std::chrono::steady_clock::time_point steady_start_;
  Speed speed_;
  Early early_;
};

}  // namespace clickstream::input
