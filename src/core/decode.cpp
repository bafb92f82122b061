#include "clickstream/decode.h"

#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "clickstream/decimal.h"

namespace clickstream {
namespace {

using rapidjson::SizeType;

// The fields, in the order of the definition: that of the reason codes.
enum Field : std::size_t { kEventId, kUserId, kSessionId, kPage, kAction, kDuration, kTimestamp, kFields };

constexpr std::array<std::string_view, kFields> kFieldNames = {"event_id", "user_id",  "session_id", "page",
                                                               "action",   "duration", "timestamp"};

Field field_of(std::string_view key) {
  for (std::size_t i = 0; i < kFields; ++i) {
    if (key == kFieldNames[i]) return static_cast<Field>(i);
  }
  return kFields;
}

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

constexpr std::size_t kMaxEventId = 64;
constexpr std::size_t kMaxPage = 2048;
constexpr std::int64_t kMaxDuration = 86'400'000'000;           // 24 h
constexpr std::int64_t kFirstTimestamp = 946'684'800'000'000;   // 2000-01-01
constexpr std::int64_t kLastTimestamp = 4'102'444'800'000'000;  // 2100-01-01

enum class Kind : std::uint8_t { absent, string, number, other };

struct Value {
  Kind kind = Kind::absent;
  bool repeated = false;
  std::string_view text;
};

// Whether the parser would have let it pass as a double: taking numbers as text, it judges the exponent only.
bool fits_double(std::string_view number) {
  constexpr std::size_t kSurelyFits = 300;
  if (number.size() < kSurelyFits && exponent_mark(number) == number.size()) return true;
  return std::isfinite(std::strtod(number.data(), nullptr));  // what follows a number is no part of one
}

// Whether the string has no half of a surrogate pair, which the parser lets pass when it is an escaped low one. As raw
// bytes they have been refused, so the bytes ED A0 … ED BF are such an escape.
bool is_text(std::string_view string) {
  for (auto at = string.find('\xed'); at != std::string_view::npos; at = string.find('\xed', at + 1)) {
    if (static_cast<unsigned char>(string[at + 1]) >= 0xa0) return false;
  }
  return true;
}

// Collects the known fields of the outermost object; everything deeper is only parsed.
class Collector {
 public:
  bool is_object() const { return is_object_; }
  const std::array<Value, kFields>& values() const { return values_; }

  bool Null() { return other(); }
  bool Bool(bool) { return other(); }
  bool Int(int) { return other(); }               // never called: numbers come as text
  bool Uint(unsigned) { return other(); }         // never called
  bool Int64(std::int64_t) { return other(); }    // never called
  bool Uint64(std::uint64_t) { return other(); }  // never called
  bool Double(double) { return other(); }         // never called
  bool RawNumber(const char* text, SizeType length, bool) {
    return fits_double({text, length}) && set(Kind::number, {text, length});
  }
  bool String(const char* text, SizeType length, bool) {
    return is_text({text, length}) && set(Kind::string, {text, length});
  }
  bool Key(const char* text, SizeType length, bool) {
    if (depth_ == 1) field_ = field_of({text, length});
    return is_text({text, length});
  }
  bool StartObject() {
    if (depth_ == 0) is_object_ = true;
    other();
    ++depth_;
    return true;
  }
  bool EndObject(SizeType) { return close(); }
  bool StartArray() {
    other();
    ++depth_;
    return true;
  }
  bool EndArray(SizeType) { return close(); }

 private:
  bool other() { return set(Kind::other, {}); }

  bool close() {
    --depth_;
    return true;
  }

  bool set(Kind kind, std::string_view text) {
    if (depth_ != 1 || !is_object_ || field_ == kFields) return true;
    Value& value = values_[field_];
    if (value.kind == Kind::absent) {
      value.kind = kind;
      value.text = text;
    } else {
      value.repeated = true;
    }
    return true;
  }

  std::array<Value, kFields> values_{};
  Field field_ = kFields;
  std::size_t depth_ = 0;
  bool is_object_ = false;
};

constexpr bool is_string(Field field) { return field == kEventId || field == kPage || field == kAction; }
constexpr bool is_id(Field field) { return field == kUserId || field == kSessionId; }

bool right_type(Field field, const Value& value) {
  if (is_string(field)) return value.kind == Kind::string;
  return value.kind == Kind::number && (!is_id(field) || is_integer_literal(value.text));
}

// The first field, in order, of which `broken` holds.
template <class Predicate>
Field first_field(Predicate broken) {
  std::size_t i = 0;
  while (i < kFields && !broken(static_cast<Field>(i))) ++i;
  return static_cast<Field>(i);
}

Expected<Event, Malformed> judge(const std::array<Value, kFields>& values, Timestamp latest) {
  Field f = first_field([&](Field i) { return values[i].repeated; });
  if (f != kFields) return unexpected(reason(Malformed::duplicate_event_id, f));
  f = first_field([&](Field i) { return values[i].kind == Kind::absent; });
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
  if (!duration.within(0, kMaxDuration)) return unexpected(out_of_range(kDuration));
  event.duration = Duration{duration.rounded()};
  const DecimalMicros timestamp = parse_seconds(values[kTimestamp].text);
  if (!timestamp.within(kFirstTimestamp, std::min(kLastTimestamp, latest.time_since_epoch().count()))) {
    return unexpected(out_of_range(kTimestamp));
  }
  event.timestamp = timestamp_from_micros(timestamp.rounded());
  return event;
}

}  // namespace

struct Decoder::Impl {
  Duration max_ahead;
  rapidjson::Reader reader;
  std::vector<char> buffer;
};

Decoder::Decoder(Duration max_ahead) : impl_(std::make_unique<Impl>()) { impl_->max_ahead = max_ahead; }
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Expected<Event, Malformed> Decoder::decode(std::string_view json, Timestamp record_time) {
  // The parser stops at a NUL byte, but after the first byte of a UTF-8 sequence it reads up to three more.
  constexpr std::size_t kPadding = 4;
  auto& buffer = impl_->buffer;
  if (buffer.size() < json.size() + kPadding) buffer.resize(json.size() + kPadding);
  if (!json.empty()) std::memcpy(buffer.data(), json.data(), json.size());
  std::memset(buffer.data() + json.size(), 0, kPadding);

  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
                              rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::InsituStringStream stream(buffer.data());
  Collector collector;
  // The stream ends at a NUL byte; one inside the text is no JSON.
  if (!impl_->reader.Parse<kFlags>(stream, collector) || stream.Tell() != json.size()) {
    return unexpected(Malformed::not_json);
  }
  if (!collector.is_object()) return unexpected(Malformed::not_object);
  return judge(collector.values(), record_time + impl_->max_ahead);
}

}  // namespace clickstream
