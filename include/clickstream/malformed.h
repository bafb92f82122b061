// Why a record is not an event: a fixed set of reason codes, safe as metric labels.
//
// The whole document is parsed before its fields are judged; then the first that applies, in the order of this
// list: not JSON, not an object, and per field (in the order of the event's definition) given twice, missing, of
// the wrong type, out of range.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clickstream {

enum class Malformed : std::uint8_t {
  not_json,
  not_object,
  duplicate_event_id,
  duplicate_user_id,
  duplicate_session_id,
  duplicate_page,
  duplicate_action,
  duplicate_duration,
  duplicate_timestamp,
  missing_event_id,
  missing_user_id,
  missing_session_id,
  missing_page,
  missing_action,
  missing_duration,
  missing_timestamp,
  wrong_type_event_id,
  wrong_type_user_id,
  wrong_type_session_id,
  wrong_type_page,
  wrong_type_action,
  wrong_type_duration,
  wrong_type_timestamp,
  out_of_range_event_id,
  out_of_range_user_id,
  out_of_range_session_id,
  out_of_range_page,
  out_of_range_duration,
  out_of_range_timestamp,
};

inline constexpr std::array<std::string_view, 29> kMalformedNames = {
    "not_json",
    "not_object",
    "duplicate_event_id",
    "duplicate_user_id",
    "duplicate_session_id",
    "duplicate_page",
    "duplicate_action",
    "duplicate_duration",
    "duplicate_timestamp",
    "missing_event_id",
    "missing_user_id",
    "missing_session_id",
    "missing_page",
    "missing_action",
    "missing_duration",
    "missing_timestamp",
    "wrong_type_event_id",
    "wrong_type_user_id",
    "wrong_type_session_id",
    "wrong_type_page",
    "wrong_type_action",
    "wrong_type_duration",
    "wrong_type_timestamp",
    "out_of_range_event_id",
    "out_of_range_user_id",
    "out_of_range_session_id",
    "out_of_range_page",
    "out_of_range_duration",
    "out_of_range_timestamp",
};

inline constexpr std::size_t kMalformedReasons = kMalformedNames.size();
static_assert(kMalformedReasons == static_cast<std::size_t>(Malformed::out_of_range_timestamp) + 1);

constexpr std::size_t index(Malformed reason) { return static_cast<std::size_t>(reason); }
constexpr std::string_view name(Malformed reason) { return kMalformedNames[index(reason)]; }

}  // namespace clickstream
