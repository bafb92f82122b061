// What serves and what asks, for --version.
#pragma once

#include <string>

namespace clickstream::http {

/// "civetweb 1.15" and "libcurl 7.88.1", a line each with its end.
std::string library_versions();

}  // namespace clickstream::http
