// Messages of a queue as records, each partition from where it is to where it shall end. Private to src/kafka.
#pragma once

#include <cstddef>
#include <vector>

#include "clickstream/source.h"
#include "kafka/positions.h"

namespace clickstream::kafka {

/// Fetches, up to `most` at once, and owns the messages of the last fetch. `time_if_none` is for records without a
/// timestamp.
class Fetcher {
 public:
  Fetcher(QueueHandle queue, Timestamp time_if_none, std::size_t most = 10'000)
      : queue_(std::move(queue)), time_if_none_(time_if_none), most_(most) {}

  /// Adds to the batch what is there, waiting up to `timeout` for the first of it, and moves the positions; the errors
  /// met go to `errors`.
  void fetch(Batch& batch, Positions& positions, Duration timeout, std::vector<rd_kafka_resp_err_t>& errors);

  rd_kafka_queue_t* queue() const { return queue_.get(); }

 private:
  void take(const rd_kafka_message_t& message, Batch& batch, Positions& positions);

  QueueHandle queue_;
  Timestamp time_if_none_;
  std::size_t most_;
  std::vector<MessageHandle> messages_;
};

}  // namespace clickstream::kafka
