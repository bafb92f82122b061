// What partitions hold: their first offsets and their ends. Private to src/kafka.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clickstream/stop.h"
#include "kafka/client.h"
#include "kafka/grouped_source.h"

namespace clickstream::kafka {

/// The first offsets, or those after the last records, of partitions of a topic, in their order; all of them, or an
/// error.
enum class Edge { begin, end };
Expected<std::vector<std::int64_t>, rd_kafka_resp_err_t> query_offsets(Client& client, const std::string& topic,
                                                                       const std::vector<std::int32_t>& partitions,
                                                                       Edge edge, Duration timeout);

/// How long a command waits for what it has to know before it can start.
inline constexpr Duration kStartDeadline = std::chrono::seconds{7};

/// The ranges of all partitions of the topic, by partition; nothing where it does not exist, or when `stopping`
/// meanwhile.
Result<std::optional<std::vector<Range>>> query_ranges(Client& client, const std::string& topic, Duration timeout,
                                                       const Stopping& stopping);

/// The ranges of these partitions, in their order; nothing when there is no answer in time: ask again.
Result<std::optional<std::vector<Range>>> ask_ranges(Client& client, const std::string& topic,
                                                     const std::vector<std::int32_t>& partitions);

}  // namespace clickstream::kafka
