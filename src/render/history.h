// The headline figures of the last minutes, for charts.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "clickstream/snapshot.h"

namespace clickstream::render {

/// The figures as a snapshot has them: since the beginning, not those of one second.
struct HistorySample {
  Timestamp time{};
  std::uint64_t consumed = 0;  ///< events
  std::uint64_t page_views = 0;
  std::uint64_t clicks = 0;
  std::optional<double> bounce_rate_percent;
  std::optional<double> click_through_rate_percent;
  std::optional<double> average_session_duration_seconds;
};

/// A value; knows the time from the snapshots alone.
class History {
 public:
  static constexpr Duration kInterval = std::chrono::seconds{1};
  static constexpr std::size_t kSamples = 300;  ///< five minutes

  /// A sample, unless the last one is younger than the interval, or the snapshot is of no moment. A clock that was put
  /// back begins anew.
  void add(const Snapshot& snapshot);

  /// The oldest first; at most kSamples.
  const std::deque<HistorySample>& samples() const { return samples_; }

 private:
  std::deque<HistorySample> samples_;
};

}  // namespace clickstream::render
