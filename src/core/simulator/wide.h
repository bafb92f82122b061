// 128-bit integers for products that 64 bits can't hold.
#pragma once

#include <cstdint>

namespace clickstream {

__extension__ using Wide = unsigned __int128;

/// floor(a · b / 2^64): for 64 random bits `a`, a number below `b`, each practically as likely as the others.
constexpr std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>(Wide{a} * b >> 64);
}

/// floor(a · b / 2^32): the same for 32 random bits, and the `a`-th part of `b` for a Chance `a`.
constexpr std::uint64_t multiply_high_32(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>(Wide{a} * b >> 32);
}

}  // namespace clickstream
