// The moments of an exactly level rate: slot k is at start + k / rate, rounded down to a microsecond.
#pragma once

#include <cstdint>

#include "clickstream/types.h"

namespace clickstream {

class Slots {
 public:
  Slots(Timestamp start, std::int64_t events_per_million_seconds) : next_(start), rate_(events_per_million_seconds) {}

  /// The start at first.
  Timestamp next() const { return next_; }

  void advance() {
    next_ += Duration{kMicroseconds / rate_};
    fraction_ += kMicroseconds % rate_;
    if (fraction_ >= rate_) {
      fraction_ -= rate_;
      next_ += Duration{1};
    }
  }

 private:
  static constexpr std::int64_t kMicroseconds = 1'000'000'000'000;  // in a million seconds

  Timestamp next_;
  std::int64_t fraction_ = 0;  // of a microsecond that next_ leaves out, in units of 1 / rate_
  std::int64_t rate_;
};

}  // namespace clickstream
