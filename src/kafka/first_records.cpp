#include "kafka/first_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "kafka/offsets.h"
#include "kafka/reader.h"

namespace clickstream::kafka {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kOfEach = 200;

bool all_at_end(const Positions& positions) {
  return std::all_of(positions.begin(), positions.end(), [](const auto& entry) {
    return entry.second.reached_end || entry.second.at_end_since.has_value();
  });
}

}  // namespace

Result<std::optional<int>> await_topic(const Settings& settings, const std::string& topic, bool until_end,
                                       const std::function<void(const std::string&)>& waiting,
                                       const Stopping& stopping) {
  auto client = Client::create(RD_KAFKA_CONSUMER, settings, {});
  if (!client) return unexpected(client.error());
  if (auto connected = (*client)->connect(stopping); !connected) return unexpected(connected.error());
  bool said = false;
  while (!stopping()) {
    auto count = (*client)->partition_count(topic, kStartDeadline, stopping);
    if (!count || count->has_value()) return count;
    if ((*client)->is_hidden(topic)) {
      return unexpected(
          broker_failure(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, fmt::format("cannot read topic {}", topic)));
    }
    if (until_end) return count;
    if (!std::exchange(said, true)) {
      settings.log(LogLevel::info, fmt::format("topic {} does not exist yet; waiting for it", topic));
    }
    waiting(fmt::format("topic {} does not exist yet", topic));
    rd_kafka_poll((*client)->get(), 200);
  }
  return std::nullopt;
}

Result<void> first_records(const Settings& settings, const std::string& topic, bool until_end,
                           const std::function<bool(const Record&)>& enough, const std::function<void()>& empty,
                           const Stopping& stopping) {
  auto reader = Reader::connect(settings, topic, Missing::fails, Timestamp{}, stopping);
  if (!reader) return unexpected(reader.error());
  const auto ranges = query_ranges((*reader)->client(), topic, kStartDeadline, stopping);
  if (!ranges) return unexpected(ranges.error());
  if (!ranges->has_value()) return {};
  for (std::size_t i = 0; i < (*ranges)->size(); ++i) {
    const Range& range = (**ranges)[i];
    const auto partition = static_cast<std::int32_t>(i);
    if (auto started = (*reader)->start(partition, range.begin, range.begin + kOfEach); !started) return started;
  }
  Batch batch;
  bool any = false;
  while (!stopping()) {
    batch.clear();
    if (auto fetched = (*reader)->fetch(batch, 20ms); !fetched) return fetched;
    if (any_went_back((*reader)->positions())) return unexpected((*reader)->went_back());
    for (const Record& record : batch.records) {
      any = true;
      if (enough(record)) return {};
    }
    if (!all_at_end((*reader)->positions())) continue;
    if (any || until_end) return {};
    empty();
  }
  return {};
}

}  // namespace clickstream::kafka
