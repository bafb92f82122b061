#include "core/json_fields.h"

#include <rapidjson/reader.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "clickstream/decimal.h"

namespace clickstream {
namespace {

using rapidjson::SizeType;

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
  const FieldValues& values() const { return values_; }

  bool Null() { return other(); }
  bool Bool(bool) { return other(); }
  bool Int(int) { return other(); }               // never called: numbers come as text
  bool Uint(unsigned) { return other(); }         // never called
  bool Int64(std::int64_t) { return other(); }    // never called
  bool Uint64(std::uint64_t) { return other(); }  // never called
  bool Double(double) { return other(); }         // never called
  bool RawNumber(const char* text, SizeType length, bool) {
    return fits_double({text, length}) && set(FieldKind::number, {text, length});
  }
  bool String(const char* text, SizeType length, bool) {
    return is_text({text, length}) && set(FieldKind::string, {text, length});
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
  bool other() { return set(FieldKind::other, {}); }

  bool close() {
    --depth_;
    return true;
  }

  bool set(FieldKind kind, std::string_view text) {
    if (depth_ != 1 || !is_object_ || field_ == kFields) return true;
    FieldValue& value = values_[field_];
    if (value.kind == FieldKind::absent) {
      value.kind = kind;
      value.text = text;
    } else {
      value.repeated = true;
    }
    return true;
  }

  FieldValues values_{};
  Field field_ = kFields;
  std::size_t depth_ = 0;
  bool is_object_ = false;
};

}  // namespace

struct JsonFields::Impl {
  rapidjson::Reader reader;
  std::vector<char> buffer;
};

JsonFields::JsonFields() : impl_(std::make_unique<Impl>()) {}
JsonFields::~JsonFields() = default;
JsonFields::JsonFields(JsonFields&&) noexcept = default;
JsonFields& JsonFields::operator=(JsonFields&&) noexcept = default;

Expected<FieldValues, Malformed> JsonFields::read(std::string_view json) {
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
  return collector.values();
}

}  // namespace clickstream
