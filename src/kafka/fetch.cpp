#include "kafka/fetch.h"

#include <algorithm>
#include <utility>

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;

std::string_view view(const void* data, std::size_t size) {
  return data == nullptr ? std::string_view{} : std::string_view{static_cast<const char*>(data), size};
}

}  // namespace

void Fetcher::fetch(Batch& batch, Positions& positions, Duration timeout, std::vector<rd_kafka_resp_err_t>& errors) {
  messages_.clear();
  // One by one: rd_kafka_consume_batch_queue drops messages that it has taken already when the client pauses their
  // partition, as it does in every rebalance, and afterwards goes on behind them (seen with librdkafka 2.0.2).
  int patience = to_millis(timeout);
  while (messages_.size() < most_) {
    MessageHandle next(rd_kafka_consume_queue(queue_.get(), std::exchange(patience, 0)));
    if (!next) break;
    const rd_kafka_message_t& message = *messages_.emplace_back(std::move(next));
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR || message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF ||
        message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
      take(message, batch, positions);
    } else {
      errors.push_back(message.err);
    }
  }
}

void Fetcher::take(const rd_kafka_message_t& message, Batch& batch, Positions& positions) {
  // Around a rebalance there may be messages of a partition that is no longer ours.
  const auto found = positions.find(message.partition);
  if (found == positions.end()) return;
  Position& position = found->second;
  if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    position.went_back = true;
    return;
  }
  // After a rebalance, what has been read may come once more.
  if (message.offset < position.next) return;
  const bool at_eof = message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
  if (!at_eof) {
    position.at_end_since.reset();
  } else if (!position.at_end_since) {
    position.at_end_since = steady_clock::now();
  }
  position.next = at_eof ? message.offset : message.offset + 1;
  position.reached_end = position.end && position.next >= *position.end;
  if (at_eof || (position.end && message.offset >= *position.end)) return;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const auto millis = rd_kafka_message_timestamp(&message, &type);
  const bool has_time = type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && millis >= 0;
  batch.records.push_back({message.partition, message.offset,
                           has_time ? Timestamp{std::chrono::milliseconds{millis}} : time_if_none_,
                           view(message.key, message.key_len), view(message.payload, message.len)});
}

}  // namespace clickstream::kafka
