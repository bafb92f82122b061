// Behaviour written as text: events in, time moved, figures out. tests/unit/behaviour/README.md describes the format.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/metrics.h"
#include "clickstream/types.h"

namespace clickstream {

/// The moment 0s of a script: 2024-01-01 00:00:00 UTC.
inline constexpr Timestamp kScriptStart = timestamp_from_micros(1'704'067'200'000'000);

/// Runs a script on an engine of its own; the complaints, each as `name:line: what`, are empty if all is as it says.
std::vector<std::string> run_script(std::string_view name, std::string_view text);

/// The same on an engine that is saved and restored after every line. It counts no users.
std::vector<std::string> run_script_saving(std::string_view name, std::string_view text);

/// A span as a script writes it: `1h30m`, `-5s`, `9s999ms999us`, `0s`.
std::string format_span(Duration span);
std::optional<Duration> parse_span(std::string_view text);

/// Every figure that `expect` knows, as it writes it.
std::map<std::string, std::string> figures(const Metrics& metrics, std::optional<Timestamp> watermark);

/// Only the figures that differ, of two that do.
std::string different_figures(const Metrics& expected, const Metrics& found);

}  // namespace clickstream
