#include "kafka/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kBatch = 10'000;
// The call returns when the batch is full or the time is over, not when something is there: this is the latency.
constexpr Duration kMoment = 20ms;
constexpr Duration kOneQuestion = 2s;  // how long an answer may take before the question is put again

std::string_view view(const void* data, std::size_t size) {
  return data == nullptr ? std::string_view{} : std::string_view{static_cast<const char*>(data), size};
}

}  // namespace

bool any_went_back(const Positions& positions) {
  return std::any_of(positions.begin(), positions.end(), [](const auto& entry) { return entry.second.went_back; });
}

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
  // Around a rebalance there may be messages of a partition that is no longer ours.
  const auto found = positions.find(message.partition);
  if (found == positions.end()) return;
  Position& position = found->second;
  if (message.offset < position.next) {
    position.went_back = true;
    return;
  }
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

Result<std::optional<std::vector<Range>>> query_ranges(Client& client, const std::string& topic, Duration timeout,
                                                       const Stopping& stopping) {
  const auto deadline = steady_clock::now() + timeout;
  const auto count = client.partition_count(topic, timeout, stopping);
  if (!count) return unexpected(count.error());
  if (!count->has_value()) return std::nullopt;
  std::vector<Range> ranges(static_cast<std::size_t>(**count));
  bool has_begin = false;
  while (!stopping()) {
    // Not rd_kafka_query_watermark_offsets, which waits for its answer without a deadline.
    const PartitionList list(rd_kafka_topic_partition_list_new(**count));
    for (std::int32_t partition = 0; partition < **count; ++partition) {
      rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset =
          has_begin ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
    }
    const auto error = rd_kafka_offsets_for_times(client.get(), list.get(), to_millis(kOneQuestion));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      for (int i = 0; i < list->cnt; ++i) {
        Range& range = ranges[static_cast<std::size_t>(list->elems[i].partition)];
        (has_begin ? range.end : range.begin) = list->elems[i].offset;
      }
      if (std::exchange(has_begin, true)) return ranges;
    } else if (is_refusal(error)) {
      return unexpected(broker_failure(error, fmt::format("cannot learn the offsets of {}", topic)));
    } else {
      // A pause that serves the error callback: a topic that is new has no leaders for a moment.
      rd_kafka_poll(client.get(), 100);
      if (steady_clock::now() >= deadline) {
        return unexpected(
            client.no_answer(fmt::format("cannot learn the offsets of {} ({})", topic, rd_kafka_err2str(error))));
      }
    }
  }
  return std::nullopt;
}

}  // namespace clickstream::kafka
