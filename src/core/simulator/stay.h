// How long visitors stay on a page, in milliseconds: log-normal with σ = 1, from a table of integers.
#pragma once

#include <cstdint>

namespace clickstream {

/// A site's medians are at most this, so that the longest stay (26.6 medians) is well below a day.
inline constexpr std::uint32_t kMaxMedianStay = 600'000;

/// The stay that 32 random bits stand for.
std::uint32_t stay(std::uint32_t median, std::uint32_t random);

/// The whole stay of a visitor who is met on the page at some moment: a long one is met more often than a short one.
std::uint32_t stay_under_way(std::uint32_t median, std::uint32_t random);

/// The mean stay for a median, or a sum of means for a sum of medians.
std::uint64_t mean_of_stays(std::uint64_t medians);

}  // namespace clickstream
