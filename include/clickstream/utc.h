// A moment as text for other programs. Pure.
#pragma once

#include <string>

#include "clickstream/types.h"

namespace clickstream {

/// RFC 3339 in UTC to the millisecond, the rest cut off: 2026-11-23T22:15:07.250Z. Years 0 … 9999.
std::string rfc3339_millis(Timestamp moment);

}  // namespace clickstream
