// A moment as text for other programs, and back. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "clickstream/types.h"

namespace clickstream {

/// RFC 3339 in UTC to the millisecond, the rest cut off: 2026-11-23T22:15:07.250Z. Years 0 … 9999.
std::string rfc3339_millis(Timestamp moment);

/// The same to the microsecond, nothing cut off: 2026-11-23T22:15:07.250000Z.
std::string rfc3339_micros(Timestamp moment);

/// ISO 8601: 2024-01-01, 2024-01-01T12:00, 2024-01-01 12:00:00.25, each of the latter with Z, +02:00, -0530 or nothing
/// (UTC) behind. Absent: it is none.
std::optional<Timestamp> parse_iso_8601(std::string_view text);

}  // namespace clickstream
