// A look at the first records of a topic, before anything is decided about it.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "clickstream/source.h"
#include "clickstream/stop.h"
#include "kafka/settings.h"

namespace clickstream::kafka {

/// Waits for a topic to exist, and gives the number of its partitions: nothing when `stopping` first, or at once where it
/// is not there and `until_end`. What it waits for is told to `waiting`.
Result<std::optional<int>> await_topic(const Settings& settings, const std::string& topic, bool until_end,
                                       const std::function<void(const std::string&)>& waiting,
                                       const Stopping& stopping);

/// Calls `enough` with the first records of every partition as they come (a few hundred of each, at most), until it
/// says so, all there are have been seen, or `stopping`. An empty topic is waited for, unless `until_end`, and `empty`
/// called meanwhile.
Result<void> first_records(const Settings& settings, const std::string& topic, bool until_end,
                           const std::function<bool(const Record&)>& enough, const std::function<void()>& empty,
                           const Stopping& stopping);

}  // namespace clickstream::kafka
