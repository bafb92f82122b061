#include "sinks/version.h"

#include <fmt/format.h>
#include <libpq-fe.h>

namespace clickstream::sinks {

std::string library_versions() {
  const int version = PQlibVersion();
  return fmt::format("libpq {}.{}\n", version / 10000, version % 10000);
}

}  // namespace clickstream::sinks
