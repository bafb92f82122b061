// Counter-based random numbers: each is a pure function of a key and of what it is for, so it is the same in
// whatever order it is asked for, on any machine.
#pragma once

#include <array>
#include <cstdint>

#include "clickstream/types.h"

namespace clickstream {

/// 128 random bits.
using RandomBlock = std::array<std::uint32_t, 4>;

/// Philox4x32-10 of J. Salmon, M. Moraes, R. Dror and D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
RandomBlock philox4x32(RandomBlock counter, std::array<std::uint32_t, 2> key);

/// What a random number is for: numbers of two streams have nothing to do with each other.
enum class Stream : std::uint32_t { visit, stay, under_way, event_id, arrival, fault, delay, stray };

class Random {
 public:
  explicit Random(std::uint64_t key);

  /// Those of a run. Two runs that begin at different times share nothing, not even the ids of their events.
  static Random of_run(std::uint64_t seed, Timestamp start);

  RandomBlock block(Stream stream, std::uint64_t index, std::uint32_t step = 0) const;

 private:
  std::array<std::uint32_t, 2> key_;
};

/// Two words of a block as one.
constexpr std::uint64_t word_64(std::uint32_t high, std::uint32_t low) {
  return static_cast<std::uint64_t>(high) << 32 | low;
}

}  // namespace clickstream
