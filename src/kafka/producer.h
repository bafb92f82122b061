// Sends events to a topic: idempotent, keyed, lz4; every event's fate is counted.
//
// One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "clickstream/stop.h"
#include "kafka/settings.h"
#include "kafka/topic.h"

namespace clickstream::kafka {

class Producer {
 public:
  /// Connects, and creates the topic where it may.
  static Result<std::unique_ptr<Producer>> connect(const Settings& settings, const TopicSpec& topic,
                                                   const Stopping& stopping);
  ~Producer();

  /// Queues one event, copied; false when the send queue is full: poll() and try again.
  bool send(std::string_view key, std::string_view payload);

  /// Takes delivery reports, waiting up to `timeout` for the first.
  void poll(Duration timeout);

  /// Waits until everything queued has been delivered or has failed, at most `timeout`.
  void flush(Duration timeout);

  std::uint64_t delivered() const;
  std::uint64_t failed() const;
  std::uint64_t in_flight() const;
  /// Why the first event that failed did; empty while none has.
  const std::string& first_error() const;
  /// Why no event can be delivered any more; absent while they can.
  const std::optional<Failure>& failure() const;

 private:
  struct Impl;
  explicit Producer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace clickstream::kafka
