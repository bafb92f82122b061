// A range of a topic, partition by partition, each at the pace of whoever takes its records; without a consumer group.
//
// What is fetched ahead is bounded for all partitions together. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "clickstream/source.h"
#include "clickstream/stop.h"
#include "kafka/grouped_source.h"
#include "kafka/settings.h"
#include "kafka/span.h"

namespace clickstream::kafka {

class PartitionReader {
 public:
  /// `now` is the time of records without one. No partitions when `stopping` meanwhile.
  static Result<std::unique_ptr<PartitionReader>> connect(const Settings& settings, const std::string& topic,
                                                          const Span& span, Timestamp now, const Stopping& stopping);
  ~PartitionReader();
  PartitionReader(const PartitionReader&) = delete;
  PartitionReader& operator=(const PartitionReader&) = delete;

  /// What is read, by partition.
  const std::vector<Range>& ranges() const;

  /// The partition's next records, a few: none where nothing arrives within `timeout`, or at its end. Their views live
  /// until the next call for the same partition.
  Result<std::vector<Record>> next(std::int32_t partition, Duration timeout);

  /// The partition's range has been read.
  bool at_end(std::int32_t partition) const;

 private:
  struct Impl;
  explicit PartitionReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace clickstream::kafka
