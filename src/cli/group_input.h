// The input of `consume` that most have: a topic, as a member of a consumer group, with state or without.
#pragma once

#include "cli/input.h"

namespace clickstream::cli {

Result<Input> open_group_input(const Args& args, const kafka::Settings& settings, const EngineOptions& engine,
                               const StateOptions& state, Timestamp now,
                               const std::function<void(const std::string&)>& waiting, const Stopping& stopping);

}  // namespace clickstream::cli
