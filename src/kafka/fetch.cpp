#include "kafka/fetch.h"

#include <fmt/format.h>

#include <algorithm>

namespace clickstream::kafka {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBatch = 10'000;
// The call returns when the batch is full or the time is over, not when something is there: this is the latency.
constexpr Duration kMoment = 20ms;
constexpr Duration kQueryDeadline = 10s;

std::string_view view(const void* data, std::size_t size) {
  return data == nullptr ? std::string_view{} : std::string_view{static_cast<const char*>(data), size};
}

}  // namespace

bool all_reached_end(const Positions& positions) {
  return std::all_of(positions.begin(), positions.end(), [](const auto& entry) { return entry.second.reached_end; });
}

double progress(const Positions& positions, const std::vector<Range>& ranges) {
  std::int64_t all = 0;
  std::int64_t read = 0;
  for (const auto& [partition, position] : positions) {
    const auto index = static_cast<std::size_t>(partition);
    if (index >= ranges.size()) continue;
    const Range range = ranges[index];
    all += range.end - range.begin;
    read += std::clamp(position.next, range.begin, range.end) - range.begin;
  }
  return all == 0 ? 0.0 : static_cast<double>(read) / static_cast<double>(all);
}

void Fetcher::fetch(Batch& batch, Positions& positions, Duration timeout, std::vector<rd_kafka_resp_err_t>& errors) {
  messages_.clear();
  room_.resize(kBatch);
  const auto count =
      rd_kafka_consume_batch_queue(queue_.get(), to_millis(std::min(timeout, kMoment)), room_.data(), room_.size());
  for (std::size_t i = 0; i < static_cast<std::size_t>(std::max<ssize_t>(count, 0)); ++i) {
    const rd_kafka_message_t& message = *messages_.emplace_back(room_[i]);
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR || message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      take(message, batch, positions);
    } else {
      errors.push_back(message.err);
    }
  }
}

void Fetcher::take(const rd_kafka_message_t& message, Batch& batch, Positions& positions) {
  // Around a rebalance there may be messages of a partition that is no longer ours, or of before it was ours again.
  const auto found = positions.find(message.partition);
  if (found == positions.end() || message.offset < found->second.next) return;
  Position& position = found->second;
  const bool at_eof = message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
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

Result<std::vector<Range>> query_ranges(Client& client, const std::string& topic, int count, const Stopping& stopping) {
  std::vector<Range> ranges;
  const auto deadline = std::chrono::steady_clock::now() + kQueryDeadline;
  while (ranges.size() < static_cast<std::size_t>(count)) {
    Range range;
    const auto partition = static_cast<std::int32_t>(ranges.size());
    const auto error =
        rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), partition, &range.begin, &range.end, 1000);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ranges.push_back(range);
    } else if (stopping() || std::chrono::steady_clock::now() > deadline) {
      return unexpected(
          broker_failure(error, fmt::format("cannot learn the end of partition {} of {}", partition, topic)));
    } else {
      rd_kafka_poll(client.get(), 50);  // a topic that is new has no leaders for a moment
    }
  }
  return ranges;
}

}  // namespace clickstream::kafka
