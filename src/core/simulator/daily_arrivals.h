// When visits begin in the course of a day: a Poisson process whose intensity follows the time of day (UTC).
#pragma once

#include <cstdint>

#include "clickstream/types.h"
#include "core/simulator/random.h"
#include "core/simulator/wide.h"

namespace clickstream {

/// How busy a moment is, in thousandths of the day's mean, each of an hour's microseconds counted: 3.6e12 is the mean.
std::uint64_t daily_intensity(Timestamp time);
inline constexpr std::uint64_t kMeanDailyIntensity = 1'000ULL * 3'600'000'000ULL;

class DailyArrivals {
 public:
  /// `mean_gap`: between two visits, over a day, in units of 2^-20 microseconds.
  DailyArrivals(const Random& random, Timestamp start, Wide mean_gap);

  Timestamp next() const { return next_; }
  void advance();

 private:
  std::uint32_t draw();
  std::uint64_t exponential();

  Random random_;
  Wide candidate_gap_;  // at the busiest hour's intensity
  Timestamp next_;
  std::uint64_t fraction_ = 0;  // of a microsecond past next_, in units of 2^-20
  RandomBlock block_{};
  std::uint64_t drawn_ = 0;
};

}  // namespace clickstream
