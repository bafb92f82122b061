#include "input/pacer.h"

#include <algorithm>

namespace clickstream::input {

Pacer::Pacer(Timestamp start, Speed speed, Early early)
    : start_(start),
      wall_start_(std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now())),
      steady_start_(std::chrono::steady_clock::now()),
      speed_(speed),
      early_(early) {}

Timestamp Pacer::now() const {
  return wall_start_ + std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - steady_start_);
}

Timestamp Pacer::due(Timestamp moment) const {
  const bool early = early_ == Early::yes;
  if (!speed_) return early ? wall_start_ : moment;
  const Duration elapsed = moment - start_;
  // Quotient and remainder apart: the product of both could pass 64 bits.
  const Duration real{elapsed.count() / *speed_ * 1'000'000 + elapsed.count() % *speed_ * 1'000'000 / *speed_};
  return early ? wall_start_ + real : std::max(moment, wall_start_ + real);
}

}  // namespace clickstream::input
