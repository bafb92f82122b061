#include "kafka/positions.h"

#include <algorithm>
#include <utility>

#include "kafka/offsets.h"

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr Duration kQuickAnswer = 500ms;

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

std::vector<std::int32_t> take_restarted(Positions& positions) {
  std::vector<std::int32_t> partitions;
  for (auto& [partition, position] : positions) {
    if (std::exchange(position.went_back, false)) partitions.push_back(partition);
  }
  return partitions;
}

Duration idle_for(const Client& client, const Positions& positions, std::int32_t partition) {
  const auto found = positions.find(partition);
  if (found == positions.end() || !found->second.at_end_since) return Duration{};
  const auto since = std::max(*found->second.at_end_since, client.last_trouble());
  return std::chrono::duration_cast<Duration>(steady_clock::now() - since);
}

void begin_idle_anew(Positions& positions) {
  for (auto& [partition, position] : positions) {
    if (position.at_end_since) position.at_end_since = steady_clock::now();
  }
}

void confirm_idle(Client& client, const std::string& topic, Positions& positions,
                  const std::vector<std::int32_t>& partitions) {
  const auto ends = query_offsets(client, topic, partitions, Edge::end, kQuickAnswer);
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    Position& position = positions.at(partitions[i]);
    if (!ends || (*ends)[i] > position.next) position.at_end_since = steady_clock::now();
  }
}

std::optional<std::int64_t> lag_of(const Client& client, const std::string& topic, std::int32_t partition,
                                   const Position& position) {
  Range known;
  const auto error = rd_kafka_get_watermark_offsets(client.get(), topic.c_str(), partition, &known.begin, &known.end);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || known.end < 0) return std::nullopt;
  return std::max<std::int64_t>(0, known.end - std::max(position.next, known.begin));
}

}  // namespace clickstream::kafka
