// Messages of a queue as records, each partition from where it is to where it shall end. Private to src/kafka.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "clickstream/source.h"
#include "kafka/client.h"

namespace clickstream::kafka {

/// How far a partition has been read.
struct Position {
  std::int64_t next = 0;            ///< no record below it is handed out any more
  std::optional<std::int64_t> end;  ///< of a bounded read: nothing from here on is handed out
  bool reached_end = false;         ///< of a bounded read; by position, for the last records may be control records
  bool went_back = false;           ///< the partition has another log now: its topic was recreated, or its log was cut
};

/// The partitions that are ours.
using Positions = std::map<std::int32_t, Position>;

bool all_reached_end(const Positions& positions);
bool any_went_back(const Positions& positions);

/// First offset, and the one after the last record there is now.
struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// The share of the ranges' records that has been read, 0 … 1; of partitions that are ours, `ranges` by partition.
double progress(const Positions& positions, const std::vector<Range>& ranges);

/// Fetches, and owns the messages of the last fetch. `time_if_none` is for records without a timestamp.
class Fetcher {
 public:
  Fetcher(QueueHandle queue, Timestamp time_if_none) : queue_(std::move(queue)), time_if_none_(time_if_none) {}

  /// Adds to the batch what arrives within a moment (at most `timeout`), and moves the positions; the errors met go
  /// to `errors`.
  void fetch(Batch& batch, Positions& positions, Duration timeout, std::vector<rd_kafka_resp_err_t>& errors);

  rd_kafka_queue_t* queue() const { return queue_.get(); }

 private:
  void take(const rd_kafka_message_t& message, Batch& batch, Positions& positions);

  QueueHandle queue_;
  Timestamp time_if_none_;
  std::vector<rd_kafka_message_t*> room_;
  std::vector<MessageHandle> messages_;
};

/// How long a command waits for what it has to know before it can start.
inline constexpr Duration kStartDeadline = std::chrono::seconds{7};

/// The ranges of all partitions of the topic, by partition; nothing where it does not exist, or when `stopping`
/// meanwhile.
Result<std::optional<std::vector<Range>>> query_ranges(Client& client, const std::string& topic, Duration timeout,
                                                       const Stopping& stopping);

}  // namespace clickstream::kafka
