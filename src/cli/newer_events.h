// A warning for who is about to send old events into a topic that holds newer ones.
#pragma once

#include <string>
#include <string_view>

#include "clickstream/log.h"
#include "clickstream/types.h"
#include "kafka/settings.h"

namespace clickstream::cli {

/// Where the topic's newest events are newer than `start`, this run's may be late by the rules: says so, and what to
/// do about it, another topic or `remedy`. Takes 3 s at most.
void warn_of_newer_events(const kafka::Settings& settings, const std::string& topic, Timestamp start,
                          std::string_view remedy, const Log& log);

}  // namespace clickstream::cli
