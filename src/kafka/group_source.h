// Records of a topic as a member of a consumer group, partition by partition: for a topic keyed by user.
#pragma once

#include <memory>
#include <string>

#include "clickstream/stop.h"
#include "kafka/grouped_source.h"
#include "kafka/settings.h"

namespace clickstream::kafka {

class GroupMember;

struct GroupOptions {
  std::string topic;
  bool until_end = false;  ///< bounded: up to the end offsets at the start
};

/// Joins the group; a topic that does not exist yet is waited for while polling, unless `until_end`.
Result<std::unique_ptr<GroupedSource>> open_group_source(std::unique_ptr<GroupMember> member,
                                                         const GroupOptions& options, const Stopping& stopping);

/// A start at whatever a partition's first offset is.
inline constexpr std::int64_t kBeginning = -2;

}  // namespace clickstream::kafka
