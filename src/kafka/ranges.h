// From what a person names to offsets. Private to src/kafka.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clickstream/stop.h"
#include "kafka/client.h"
#include "kafka/grouped_source.h"
#include "kafka/span.h"

namespace clickstream::kafka {

/// What the span is in each partition of the topic at this moment, by partition: within what the partition holds, and
/// possibly empty. Without an end it reaches to the present one. Offsets that had to be cut are warned about once for
/// each end of the span; nothing when `stopping` meanwhile.
Result<std::optional<std::vector<Range>>> resolve(Client& client, const std::string& topic, const Span& span,
                                                  const Stopping& stopping);

}  // namespace clickstream::kafka
