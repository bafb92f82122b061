// Messages of a queue as records, each partition from where it is to where it shall end. Private to src/kafka.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "clickstream/source.h"
#include "kafka/disposer.h"
#include "kafka/handles.h"
#include "kafka/positions.h"
#include "kafka/settings.h"

namespace clickstream::kafka {

/// How much a client fetches ahead, give or take an answer of the broker: of all its partitions together, or of each
/// where they have queues of their own. The default is read before the processor's cache forgets it.
std::vector<Property> fetch_ahead(std::size_t kib = std::size_t{16} << 10);

/// Fetches, up to `most` at once, and owns the messages of the last fetch. `time_if_none` is for records without a
/// timestamp. Refers to the client, and to a disposer that dies before it.
class Fetcher {
 public:
  Fetcher(rd_kafka_t* client, Disposer& disposer, QueueHandle queue, Timestamp time_if_none, std::size_t most = 10'000)
      : client_(client), disposer_(&disposer), queue_(std::move(queue)), time_if_none_(time_if_none), most_(most) {}

  /// Adds to the batch what is there, waiting up to `timeout` for the first of it, and moves the positions; the errors
  /// met go to `errors`.
  void fetch(Batch& batch, Positions& positions, Duration timeout, std::vector<rd_kafka_resp_err_t>& errors);

  rd_kafka_queue_t* queue() const { return queue_.get(); }

 private:
  void take(const rd_kafka_message_t& message, Batch& batch, Positions& positions);
  void keep_client_awake(const Positions& positions);

  rd_kafka_t* client_;
  Disposer* disposer_;
  QueueHandle queue_;
  Timestamp time_if_none_;
  std::size_t most_;
  std::vector<MessageHandle> messages_;
  std::chrono::steady_clock::time_point next_wake_{};
  std::chrono::steady_clock::time_point wake_until_{};
};

}  // namespace clickstream::kafka
