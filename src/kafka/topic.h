// A topic to be there before anything is sent to it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clickstream/failure.h"
#include "clickstream/stop.h"

namespace clickstream::kafka {

struct TopicSpec {
  std::string name;
  int partitions = 3;
  int replication_factor = -1;  ///< −1: the broker's default
  std::vector<std::pair<std::string, std::string>> configs = {{"message.timestamp.type", "LogAppendTime"}};
};

class Client;

/// Creates the topic unless it exists, or the program is `stopping`. Where that is not allowed, the
/// failure has the exact kafka-topics command for someone who may.
Result<void> ensure_topic(Client& client, const TopicSpec& topic, const Stopping& stopping);

/// Adds partitions to a topic that has fewer; whether it did, or nothing when there is no answer in time.
Result<std::optional<bool>> extend_topic(Client& client, const std::string& topic, int partitions,
                                         const Stopping& stopping);

}  // namespace clickstream::kafka
