// Bytes as text (RFC 4648, with padding). Pure.
#pragma once

#include <string>
#include <string_view>

namespace clickstream::sinks {

std::string base64(std::string_view bytes);

}  // namespace clickstream::sinks
