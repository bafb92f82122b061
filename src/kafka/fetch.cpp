#include "kafka/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int kLooksBySetting = 0x020200ff;  // librdkafka from here on has fetch.queue.backoff.ms
constexpr auto kWakeEvery = 10ms;
constexpr auto kLonger = 1s;

std::string_view view(const void* data, std::size_t size) {
  return data == nullptr ? std::string_view{} : std::string_view{static_cast<const char*>(data), size};
}

}  // namespace

std::vector<Property> fetch_ahead(std::size_t kib) {
  std::vector<Property> properties = {
      {"queued.min.messages", "1000000"},  // no limit: the other one is
      {"queued.max.messages.kbytes", fmt::format("{}", kib)},
  };
  if (rd_kafka_version() >= kLooksBySetting) properties.emplace_back("fetch.queue.backoff.ms", "10");
  return properties;
}

void Fetcher::fetch(Batch& batch, Positions& positions, Duration timeout, std::vector<rd_kafka_resp_err_t>& errors) {
  if (messages_.size() == most_) disposer_->dispose(messages_);
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
  if (!messages_.empty() && rd_kafka_version() < kLooksBySetting) keep_client_awake(positions);
}

// Where there is more than is taken at once, the queue may be full: then librdkafka stops fetching, and an older one
// looks again after a second, however soon there is room, unless its thread has a request to send. Any will do; the
// answer is of no interest.
void Fetcher::keep_client_awake(const Positions& positions) {
  const auto now = steady_clock::now();
  if (messages_.size() == most_) wake_until_ = now + kLonger;
  const rd_kafka_topic_t* topic = messages_.back()->rkt;
  if (now >= wake_until_ || now < next_wake_ || topic == nullptr || positions.empty()) return;
  next_wake_ = now + kWakeEvery;
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (const auto& [partition, position] : positions) {
    rd_kafka_topic_partition_list_add(list.get(), rd_kafka_topic_name(topic), partition)->offset = RD_KAFKA_OFFSET_END;
  }
  rd_kafka_offsets_for_times(client_, list.get(), 0);
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
