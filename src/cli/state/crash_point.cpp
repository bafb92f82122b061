#include "cli/state/crash_point.h"

#include <csignal>
#include <cstdlib>
#include <string>

namespace clickstream::cli {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

}  // namespace

void crash_point(std::string_view point) {
  static const std::string_view where = environment("CLICKSTREAM_CRASH_AT");
  if (where.empty()) return;
  const auto colon = where.find(':');
  if (where.substr(0, colon) != point) return;
  static int left = colon == std::string_view::npos ? 1 : std::atoi(where.data() + colon + 1);
  if (--left == 0) std::raise(SIGKILL);
}

bool broken_on_purpose(std::string_view flaw) {
  static const std::string_view name = environment("CLICKSTREAM_BREAK");
  return name == flaw;
}

}  // namespace clickstream::cli
