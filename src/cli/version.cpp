#include "cli/version.h"

#include <fmt/core.h>
#include <spdlog/version.h>

#include <cxxopts.hpp>

#include "http/version.h"
#include "kafka/settings.h"
#include "sinks/version.h"

namespace clickstream::cli {
namespace {

// As fmt numbers its versions.
std::string dotted(int version) { return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100); }

}  // namespace

std::string version() { return CLICKSTREAM_VERSION; }

std::string version_text() {
  return fmt::format("clickstream {}\nlibrdkafka {} ({})\n{}{}fmt {}\nspdlog {}.{}.{}\ncxxopts {}.{}.{}\n", version(),
                     kafka::library_version(), kafka::library_features(), http::library_versions(),
                     sinks::library_versions(), dotted(FMT_VERSION), SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR,
                     SPDLOG_VER_PATCH, CXXOPTS__VERSION_MAJOR, CXXOPTS__VERSION_MINOR, CXXOPTS__VERSION_PATCH);
}

}  // namespace clickstream::cli
