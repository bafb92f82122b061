// The options that several commands share, and what becomes of them.
#pragma once

#include <optional>
#include <string>

#include "cli/args.h"
#include "cli/logging.h"
#include "clickstream/checkpoint.h"
#include "clickstream/engine.h"
#include "clickstream/simulator.h"
#include "input/pacer.h"
#include "kafka/settings.h"

namespace clickstream::cli {

OptionGroup kafka_options();
OptionGroup log_options();
/// `max_pages` is the command's own default.
OptionGroup engine_options(const std::string& max_pages);
/// The visitors: --rate, --speed, --users, --daily-cycle, --seed, --site.
std::vector<Option> visitor_options();

LogOptions read_log_options(const Args& args, Values& values);

/// Properties in their order of precedence: file, environment, flags.
Result<kafka::Settings> read_kafka_settings(const Args& args, Values& values, const Log& log);

struct EngineOptions {
  EngineConfig config;
  Duration max_ahead{};
  Duration idle_timeout{};
  std::optional<Partitioning> partitioning;  ///< absent: by the first records
};
EngineOptions read_engine_options(const Args& args, Values& values);

struct VisitorOptions {
  SimulatorConfig config;  ///< its start is not set
  input::Speed speed;
};
/// The seed is a random one where none is given.
Result<VisitorOptions> read_visitor_options(const Args& args, Values& values);

/// --speed: a factor, or max.
input::Speed read_speed(const Args& args, Values& values);

/// A moment at which an event may happen.
Timestamp read_event_time(Values& values, const std::string& option, Timestamp now);

/// Where an endless simulation starts that does not run in real time: 2024-01-01.
inline constexpr Timestamp kEndlessStart{Duration{1'704'067'200'000'000}};

/// The wall clock.
Timestamp wall_clock();

}  // namespace clickstream::cli
