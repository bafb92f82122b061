// The figures in Prometheus' text format: /metrics and `stats -o prom`. Pure.
#pragma once

#include <optional>
#include <string>

#include "clickstream/process.h"
#include "clickstream/snapshot.h"

namespace clickstream::render {

/// What an instance shows besides its snapshot.
struct InstanceFigures {
  std::string version;
  std::string librdkafka;                 ///< its version
  std::optional<ProcessFigures> process;  ///< absent where the system does not tell
};

/// The plain names carry the totals of this instance; the clickstream_* ones carry topic, group and partition (topic
/// and group only where there are any). A ratio whose denominator is 0, a watermark or a lag that is not known, a
/// kind of windows before its first is final have no sample, and a metric without samples is left out.
std::string prometheus_text(const Snapshot& snapshot, const InstanceFigures& instance);

}  // namespace clickstream::render
