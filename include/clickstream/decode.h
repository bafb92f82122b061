// JSON -> Event.
#pragma once

#include <memory>
#include <string_view>

#include "clickstream/event.h"
#include "clickstream/expected.h"
#include "clickstream/malformed.h"

namespace clickstream {

/// The event that a record is, or why it is none.
using Decoded = Expected<Event, Malformed>;

/// Reads one JSON object into an Event, or says by a reason code why it is none (RFC 8259; UTF-8 is validated;
/// any depth of nesting; unknown fields are ignored; a number beyond a double's range anywhere is not_json).
///
/// Numbers are converted from their decimal text to integer microseconds, half away from zero, and judged before
/// they are rounded. One thread at a time.
class Decoder {
 public:
  /// `max_ahead`: how far an event's timestamp may lie past its record's.
  explicit Decoder(Duration max_ahead = std::chrono::hours{1});
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  /// The event's strings live until the next call, and no longer than `json`: they point into it, or into a copy that
  /// the decoder owns.
  Decoded decode(std::string_view json, Timestamp record_time);

  /// Whether the strings of the last event are in that copy.
  bool copied() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clickstream
