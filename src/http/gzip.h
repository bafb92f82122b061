// gzip as HTTP uses it. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace clickstream::http {

/// Whether the value of an Accept-Encoding header allows gzip.
bool accepts_gzip(std::string_view accept_encoding);

/// Throws std::runtime_error where zlib can't (memory).
std::string gzip(std::string_view data);

}  // namespace clickstream::http
