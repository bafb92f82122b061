// What the topic of a group's checkpoints is called unless it is given.
#pragma once

#include <string>

namespace clickstream::cli {

/// `<group>-<topic>-clickstream-state`, as far as a topic may be called so; else with a hash that keeps names apart.
std::string default_state_topic(const std::string& group, const std::string& topic);

}  // namespace clickstream::cli
