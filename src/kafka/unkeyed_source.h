// Records of a topic whose producers set no key: one member of the group reads all its partitions, the others wait.
//
// Whoever holds the one partition of the state topic, to which all members subscribe, is the one that works.
#pragma once

#include <memory>
#include <string>

#include "clickstream/stop.h"
#include "kafka/group_source.h"

namespace clickstream::kafka {

Result<std::unique_ptr<GroupedSource>> open_unkeyed_source(std::unique_ptr<GroupMember> member,
                                                           const Settings& settings, const GroupOptions& options,
                                                           const std::string& state_topic, Timestamp now,
                                                           const Stopping& stopping);

}  // namespace clickstream::kafka
