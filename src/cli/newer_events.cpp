#include "cli/newer_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/options.h"
#include "cli/signals.h"
#include "clickstream/decode.h"
#include "kafka/topic_source.h"
#include "render/utc.h"

namespace clickstream::cli {

using namespace std::chrono_literals;

void warn_of_newer_events(const kafka::Settings& settings, const std::string& topic, Timestamp start,
                          std::string_view remedy, const Log& log) {
  const auto payloads = kafka::newest_payloads(settings, topic, 3s, stop_requested);
  if (!payloads) return;
  Decoder decoder;
  std::optional<Timestamp> newest;
  for (const std::string& payload : *payloads) {
    const auto event = decoder.decode(payload, wall_clock());
    if (event) newest = std::max(newest.value_or(event->timestamp), event->timestamp);
  }
  if (!newest || *newest <= start) return;
  log(LogLevel::warn,
      fmt::format(
          "topic {} already holds events up to {}, but this run starts at {}: a consumer may count its events as "
          "late. Use another topic (-t), or {}",
          topic, render::rfc3339(*newest), render::rfc3339(start), remedy));
}

}  // namespace clickstream::cli
