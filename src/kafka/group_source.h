// Records of a topic as a member of a consumer group.
//
// Reads every partition that it is given from its beginning and commits nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "clickstream/source.h"
#include "clickstream/stop.h"
#include "kafka/settings.h"

namespace clickstream::kafka {

struct GroupOptions {
  std::string topic;
  std::string group;
  bool until_end = false;  ///< bounded: up to the end offsets at the start
};

class GroupSource : public Source {
 public:
  /// Connects and subscribes; a topic that does not exist yet is waited for while polling, unless `until_end`.
  static Result<std::unique_ptr<GroupSource>> connect(const Settings& settings, const GroupOptions& options,
                                                      Timestamp now, const Stopping& stopping);
  /// Leaves the group, if it can within a few seconds.
  ~GroupSource() override;

  Result<void> poll(Batch& batch, Duration timeout) override;

  /// Why there are no records yet; empty once the group has given us our partitions, be they none.
  std::string waiting_for() const;

  /// Records behind the partition's end as last heard of it.
  std::optional<std::int64_t> lag(std::int32_t partition) const;

  std::uint64_t rebalances() const;

  /// Of a bounded read, the share of the records that has been read, 0 … 1.
  double progress() const;

 private:
  struct Impl;
  explicit GroupSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace clickstream::kafka
