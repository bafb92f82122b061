// Where records come from: a topic, a file, a pipe, the simulator. The pipeline knows only this.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "clickstream/failure.h"
#include "clickstream/types.h"

namespace clickstream {

/// One record as it was read; the views live until the next poll of the source they came from.
struct Record {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  Timestamp time{};  ///< the record timestamp: the broker's clock, or the time of reading
  std::string_view key;
  std::string_view payload;
};

/// What one poll brought. Partitions change hands after the records.
struct Batch {
  std::vector<Record> records;
  std::vector<std::int32_t> revoked;   ///< to be given up; of a group's topic (GroupedSource): once that is answered
  std::vector<std::int32_t> assigned;  ///< ours from now on; of a group's topic: once that is answered
  bool lost = false;                   ///< what is revoked is someone else's already
  bool at_end = false;                 ///< a bounded input has ended; nothing follows

  void clear() {
    records.clear();
    revoked.clear();
    assigned.clear();
    lost = false;
    at_end = false;
  }
};

/// Used by one thread at a time. Nothing comes of a partition before it has been assigned.
class Source {
 public:
  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  /// Replaces `batch` by what arrives within `timeout` (an empty batch when nothing does).
  virtual Result<void> poll(Batch& batch, Duration timeout) = 0;
};

}  // namespace clickstream
