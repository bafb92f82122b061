#include "clickstream/fields.h"

#include <algorithm>

#include "clickstream/decimal.h"

namespace clickstream {
namespace {

constexpr Malformed reason(Malformed of_event_id, Field field) {
  return static_cast<Malformed>(index(of_event_id) + field);
}

// out_of_range_* has no code for action: any string is one.
constexpr Malformed out_of_range(Field field) {
  const std::size_t skipped = field > kAction ? 1 : 0;
  return static_cast<Malformed>(index(Malformed::out_of_range_event_id) + field - skipped);
}
static_assert(out_of_range(kPage) == Malformed::out_of_range_page);
static_assert(out_of_range(kTimestamp) == Malformed::out_of_range_timestamp);

constexpr std::int64_t micros(Timestamp moment) { return moment.time_since_epoch().count(); }

constexpr bool is_string(Field field) { return field == kEventId || field == kPage || field == kAction; }
constexpr bool is_id(Field field) { return field == kUserId || field == kSessionId; }

bool right_type(Field field, const FieldValue& value) {
  if (is_string(field)) return value.kind == FieldKind::string;
  return value.kind == FieldKind::number && (!is_id(field) || is_integer_literal(value.text));
}

// The first field, in order, of which `broken` holds.
template <class Predicate>
Field first_field(Predicate broken) {
  std::size_t i = 0;
  while (i < kFields && !broken(static_cast<Field>(i))) ++i;
  return static_cast<Field>(i);
}

}  // namespace

Expected<Event, Malformed> judge(const FieldValues& values, Timestamp latest) {
  Field f = first_field([&](Field i) { return values[i].repeated; });
  if (f != kFields) return unexpected(reason(Malformed::duplicate_event_id, f));
  f = first_field([&](Field i) { return values[i].kind == FieldKind::absent; });
  if (f != kFields) return unexpected(reason(Malformed::missing_event_id, f));
  f = first_field([&](Field i) { return !right_type(i, values[i]); });
  if (f != kFields) return unexpected(reason(Malformed::wrong_type_event_id, f));

  Event event;
  event.event_id = values[kEventId].text;
  if (event.event_id.empty() || event.event_id.size() > kMaxEventId) return unexpected(out_of_range(kEventId));
  const auto user = parse_non_negative(values[kUserId].text);
  if (!user) return unexpected(out_of_range(kUserId));
  event.user = UserId{*user};
  const auto session = parse_non_negative(values[kSessionId].text);
  if (!session) return unexpected(out_of_range(kSessionId));
  event.session = SessionId{*session};
  event.page = values[kPage].text;
  if (event.page.empty() || event.page.size() > kMaxPage) return unexpected(out_of_range(kPage));
  event.action = values[kAction].text;
  const DecimalMicros duration = parse_seconds(values[kDuration].text);
  if (!duration.within(0, kMaxDuration.count())) return unexpected(out_of_range(kDuration));
  event.duration = Duration{duration.rounded()};
  const DecimalMicros timestamp = parse_seconds(values[kTimestamp].text);
  if (!timestamp.within(micros(kFirstTimestamp), micros(std::min(kLastTimestamp, latest)))) {
    return unexpected(out_of_range(kTimestamp));
  }
  event.timestamp = timestamp_from_micros(timestamp.rounded());
  return event;
}

}  // namespace clickstream
