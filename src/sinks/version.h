// What writes to PostgreSQL, for --version.
#pragma once

#include <string>

namespace clickstream::sinks {

/// "libpq 15.14", a line with its end.
std::string library_versions();

}  // namespace clickstream::sinks
