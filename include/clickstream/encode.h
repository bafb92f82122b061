// Event -> JSON.
#pragma once

#include <string>

#include "clickstream/event.h"

namespace clickstream {

/// Appends the event as one JSON object without a line end, fields in the order of the definition; duration and
/// timestamp as the shortest decimal that means the same microseconds. decode() gives the same event back.
void encode(const Event& event, std::string& out);

}  // namespace clickstream
