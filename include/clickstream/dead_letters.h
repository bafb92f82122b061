// Where records go that are no events or came too late: unchanged, with the reason and where they came from.
//
// At least once: after a crash the same record may be put again. Its source topic, partition and offset tell.
#pragma once

#include <string_view>

#include "clickstream/failure.h"
#include "clickstream/source.h"
#include "clickstream/types.h"

namespace clickstream {

/// One thread at a time. After an error both calls return it again, and what was put is not safe.
class DeadLetters {
 public:
  DeadLetters() = default;
  /// Waits for nothing: what is not settled may be lost.
  virtual ~DeadLetters() = default;
  DeadLetters(const DeadLetters&) = delete;
  DeadLetters& operator=(const DeadLetters&) = delete;

  /// Copies the record; a key or payload whose data() is nullptr is null, not empty. `reason` is the name of a
  /// Malformed, or "late". May wait while the place for what is not yet safe is full, for as long as that takes; false
  /// when the program is asked to stop meanwhile, and then the record is not taken.
  virtual Result<bool> put(const Record& record, std::string_view reason) = 0;

  /// True when everything put so far is safe: acknowledged by the broker, or on disk. False when it is not yet, after
  /// `timeout` (0: only looks). Cheap when there is nothing to wait for.
  virtual Result<bool> settle(Duration timeout) = 0;
};

}  // namespace clickstream
