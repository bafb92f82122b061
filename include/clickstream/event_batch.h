// Records decoded ahead of their use.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "clickstream/decode.h"
#include "clickstream/source.h"

namespace clickstream {

/// One thread at a time.
class EventBatch {
 public:
  /// Decodes the records, in place of what was decoded before. The events' strings live until the next call, and no
  /// longer than the records; the decoder may be used again.
  void decode(std::span<const Record> records, Decoder& decoder);

  std::size_t size() const { return events_.size(); }
  const Decoded& operator[](std::size_t index) const { return events_[index]; }

 private:
  std::vector<Decoded> events_;
  std::deque<std::string> kept_;  // what is in no record as it is: unescaped
};

}  // namespace clickstream
