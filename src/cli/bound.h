// The ends of a range of a topic, as the options --from and --to name them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/values.h"
#include "kafka/span.h"

namespace clickstream::cli {

/// beginning, now, an offset (of every partition), P:OFFSET,P:OFFSET,… (of each), or a time: ISO 8601, @epoch seconds,
/// or -1h before `now`.
Parsed<kafka::Bound> parse_bound(std::string_view text, Timestamp now);

/// Whether it is clear, without a look at the topic, that `to` lies before `from`.
bool is_reversed(const kafka::Bound& from, const kafka::Bound& to, Timestamp now);

}  // namespace clickstream::cli
