// The fields of an event as text, as a document or a table has them, and the judgement on them.
//
// Pure. Whoever reads a format finds the values; what they must be is the same for all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "clickstream/event.h"
#include "clickstream/expected.h"
#include "clickstream/malformed.h"

namespace clickstream {

/// In the order of the definition: that of the reason codes.
enum Field : std::size_t { kEventId, kUserId, kSessionId, kPage, kAction, kDuration, kTimestamp, kFields };

inline constexpr std::array<std::string_view, kFields> kFieldNames = {"event_id", "user_id",  "session_id", "page",
                                                                      "action",   "duration", "timestamp"};

/// kFields: there is no such field.
constexpr Field field_of(std::string_view name) {
  std::size_t i = 0;
  while (i < kFields && name != kFieldNames[i]) ++i;
  return static_cast<Field>(i);
}

inline constexpr Timestamp kFirstTimestamp = timestamp_from_micros(946'684'800'000'000);   ///< 2000-01-01
inline constexpr Timestamp kLastTimestamp = timestamp_from_micros(4'102'444'800'000'000);  ///< 2100-01-01
inline constexpr Duration kMaxDuration = std::chrono::hours{24};
inline constexpr std::size_t kMaxEventId = 64;  ///< bytes
inline constexpr std::size_t kMaxPage = 2048;   ///< bytes

enum class FieldKind : std::uint8_t { absent, string, number, other };

struct FieldValue {
  FieldKind kind = FieldKind::absent;
  bool repeated = false;
  std::string_view text;  ///< a number's is as JSON has it (RFC 8259 §6)
};

using FieldValues = std::array<FieldValue, kFields>;

/// The event, or the first reason that applies. No timestamp may lie past `latest`. The event's strings are the values'.
Expected<Event, Malformed> judge(const FieldValues& values, Timestamp latest);

}  // namespace clickstream
