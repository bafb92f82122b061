#include "kafka/offsets.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr Duration kQuickAnswer = 1s;
constexpr Duration kOneQuestion = 2s;  // how long an answer may take before the question is put again

Failure refusal(rd_kafka_resp_err_t error, const std::string& topic) {
  return broker_failure(error, fmt::format("cannot learn the offsets of {}", topic));
}

// What the broker is asked for: one of librdkafka's two words, or a time in milliseconds.
std::int64_t word_for(Edge edge) { return edge == Edge::begin ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END; }

using Answer = Expected<std::vector<std::int64_t>, rd_kafka_resp_err_t>;

Answer ask(Client& client, const std::string& topic, const std::vector<std::int32_t>& partitions, std::int64_t what,
           Duration timeout) {
  // Not rd_kafka_query_watermark_offsets, which waits for its answer without a deadline.
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const std::int32_t partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = what;
  }
  const auto error = rd_kafka_offsets_for_times(client.get(), list.get(), to_millis(timeout));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return unexpected(error);
  std::vector<std::int64_t> offsets;
  for (const std::int32_t partition : partitions) {
    // The call succeeds when one partition does.
    const auto* element = rd_kafka_topic_partition_list_find(list.get(), topic.c_str(), partition);
    if (element->err != RD_KAFKA_RESP_ERR_NO_ERROR) return unexpected(element->err);
    offsets.push_back(element->offset);
  }
  return offsets;
}

// Asks about all partitions until there is an answer.
Result<std::optional<std::vector<std::int64_t>>> insist(Client& client, const std::string& topic,
                                                        std::size_t partitions, std::int64_t what,
                                                        steady_clock::time_point deadline, const Stopping& stopping) {
  std::vector<std::int32_t> all(partitions);
  std::iota(all.begin(), all.end(), 0);
  while (!stopping()) {
    auto offsets = ask(client, topic, all, what, kOneQuestion);
    if (offsets) return std::move(*offsets);
    if (is_refusal(offsets.error())) return unexpected(refusal(offsets.error(), topic));
    // A pause that serves the error callback: a topic that is new has no leaders for a moment.
    rd_kafka_poll(client.get(), 100);
    if (steady_clock::now() >= deadline) {
      return unexpected(client.no_answer(
          fmt::format("cannot learn the offsets of {} ({})", topic, rd_kafka_err2str(offsets.error()))));
    }
  }
  return std::nullopt;
}

}  // namespace

Expected<std::vector<std::int64_t>, rd_kafka_resp_err_t> query_offsets(Client& client, const std::string& topic,
                                                                       const std::vector<std::int32_t>& partitions,
                                                                       Edge edge, Duration timeout) {
  return ask(client, topic, partitions, word_for(edge), timeout);
}

Result<std::optional<std::vector<Range>>> query_ranges(Client& client, const std::string& topic, Duration timeout,
                                                       const Stopping& stopping) {
  const auto deadline = steady_clock::now() + timeout;
  const auto count = client.partition_count(topic, timeout, stopping);
  if (!count) return unexpected(count.error());
  if (!count->has_value()) return std::nullopt;
  std::vector<Range> ranges(static_cast<std::size_t>(**count));
  for (const Edge edge : {Edge::begin, Edge::end}) {
    const auto offsets = insist(client, topic, ranges.size(), word_for(edge), deadline, stopping);
    if (!offsets) return unexpected(offsets.error());
    if (!offsets->has_value()) return std::nullopt;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      (edge == Edge::begin ? ranges[i].begin : ranges[i].end) = (**offsets)[i];
    }
  }
  return ranges;
}

Result<std::optional<std::vector<std::int64_t>>> query_offsets_at(Client& client, const std::string& topic,
                                                                  std::size_t partitions, Timestamp moment,
                                                                  Duration timeout, const Stopping& stopping) {
  // Record timestamps are whole milliseconds; below 0 are librdkafka's words.
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(moment.time_since_epoch()).count();
  return insist(client, topic, partitions, std::max<std::int64_t>(0, millis), steady_clock::now() + timeout, stopping);
}

Result<std::optional<std::vector<Range>>> ask_ranges(Client& client, const std::string& topic,
                                                     const std::vector<std::int32_t>& partitions) {
  std::vector<Range> ranges(partitions.size());
  for (const Edge edge : {Edge::begin, Edge::end}) {
    const auto offsets = query_offsets(client, topic, partitions, edge, kQuickAnswer);
    if (!offsets && is_refusal(offsets.error())) return unexpected(refusal(offsets.error(), topic));
    if (!offsets) return std::nullopt;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      (edge == Edge::begin ? ranges[i].begin : ranges[i].end) = (*offsets)[i];
    }
  }
  return ranges;
}

}  // namespace clickstream::kafka
