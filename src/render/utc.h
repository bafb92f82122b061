// Moments as text, in UTC. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "clickstream/types.h"

namespace clickstream::render {

/// RFC 3339 to the second, the fraction cut off: 2026-11-23T22:15:07Z.
std::string rfc3339(Timestamp moment);

/// Reads exactly what rfc3339() writes.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

/// 2026-11-23 22:15:07
std::string date_and_time(Timestamp moment);

/// 22:15:07
std::string clock_time(Timestamp moment);

}  // namespace clickstream::render
