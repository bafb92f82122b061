// What partitions hold: their first offsets, their ends, and what lies at a time. Private to src/kafka.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clickstream/stop.h"
#include "kafka/client.h"
#include "kafka/grouped_source.h"
#include "kafka/span.h"

namespace clickstream::kafka {

/// The first offsets, or those after the last records, of partitions of a topic, in their order; all of them, or an
/// error.
Expected<std::vector<std::int64_t>, rd_kafka_resp_err_t> query_offsets(Client& client, const std::string& topic,
                                                                       const std::vector<std::int32_t>& partitions,
                                                                       Edge edge, Duration timeout);

/// How long a command waits for what it has to know before it can start.
inline constexpr Duration kStartDeadline = std::chrono::seconds{7};

/// The ranges of all partitions of the topic, by partition; nothing where it does not exist, or when `stopping`
/// meanwhile.
Result<std::optional<std::vector<Range>>> query_ranges(Client& client, const std::string& topic, Duration timeout,
                                                       const Stopping& stopping);

/// The offsets of the first records of all partitions at or after a moment, by partition, −1 where there is none (yet);
/// nothing when `stopping` meanwhile.
Result<std::optional<std::vector<std::int64_t>>> query_offsets_at(Client& client, const std::string& topic,
                                                                  std::size_t partitions, Timestamp moment,
                                                                  Duration timeout, const Stopping& stopping);

/// The ranges of these partitions, in their order; nothing when there is no answer in time: ask again.
Result<std::optional<std::vector<Range>>> ask_ranges(Client& client, const std::string& topic,
                                                     const std::vector<std::int32_t>& partitions);

}  // namespace clickstream::kafka
