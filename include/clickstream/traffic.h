// What simulated visitors send: their events as records, in the order in which they are due, with the faults of real
// traffic on demand; and the right answer to all of it.
//
// Faults change no event and no figure of the visitors: a consumer with the same gap and lateness counts every event of
// theirs, and nothing else, however a topic that is keyed by user is partitioned. Same configuration, same records to
// the byte. Pure; one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "clickstream/metrics.h"
#include "clickstream/simulator.h"
#include "clickstream/types.h"

namespace clickstream {

/// Shares are of the visitors' events, in millionths, from 0 to kWhole.
struct Faults {
  std::int64_t duplicates = 0;                   ///< events that are sent again, byte for byte
  std::int64_t late = 0;                         ///< events followed by one of the same user that is late
  std::int64_t malformed = 0;                    ///< events followed by a record with the same key that is no event
  std::int64_t offline = 0;                      ///< events with which a visit goes offline, for the time of `lateness`
  Duration disorder{};                           ///< events are sent up to so much later than they happen
  Duration lateness = std::chrono::seconds{10};  ///< how much later at most, whatever the reason

  static constexpr std::int64_t kWhole = 1'000'000;
  bool any() const { return duplicates + late + malformed + offline > 0 || disorder > Duration{0}; }
};

/// Late events may begin so long before the start.
Duration reach_of_late_events(Duration gap, const Faults& faults);

struct TrafficRecord {
  UserId key{};
  std::string_view document;  ///< never empty, without a line end
};

class Traffic {
 public:
  /// Throws std::invalid_argument if the simulator does, a share is none, the disorder is longer than the lateness, or
  /// late events would lie before the year 2000.
  Traffic(const SimulatorConfig& config, const Faults& faults);
  ~Traffic();
  Traffic(Traffic&&) noexcept;
  Traffic& operator=(Traffic&&) noexcept;

  /// The moment of simulated time at which something happens, or a record is due, that next() will give.
  Timestamp next_time() const;

  /// Goes on to that moment. Absent where an event has happened that is sent later. No record is due before its event
  /// has happened. The document lives until the next call.
  std::optional<TrafficRecord> next();

  /// At the end: the next of the records that are not due yet; absent when there is none left. Nothing else happens.
  std::optional<TrafficRecord> next_held();

  /// What has happened so far, sent or still held: `counted` are the visitors' events.
  const EventCounts& events() const;

  /// The figures of all that: those of Simulator::truth(), with these events().
  Metrics truth() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clickstream
