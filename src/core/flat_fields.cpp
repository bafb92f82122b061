#include "core/flat_fields.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace clickstream {
namespace {

// Eight characters at once, the first one lowest. Plain integers: SSE2 and AVX2 made decode() only 5 and 9 % faster.
using Word = std::uint64_t;

constexpr std::size_t kWordSize = sizeof(Word);

constexpr Word each(unsigned char c) { return Word{0x0101'0101'0101'0101} * c; }

Word word_at(const char* at) {
  Word word;
  std::memcpy(&word, at, kWordSize);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// Both set the highest bit of each byte that they mark. A borrow or carry may set that of the next byte too: only up to
// the first marked one is the word right.

// What no plain string has: below 0x20, a quote, a backslash; above 0x7F, for the subtractions leave the bit set.
Word mark_not_plain(Word word) {
  return (word - each(0x20)) | ((word ^ each('"')) - each(1)) | ((word ^ each('\\')) - each(1));
}

Word mark_not_digit(Word word) {
  const Word digits = word ^ each('0');
  return (digits + each(0x80 - 10)) | digits;
}

// What is left of a text of one word at least.
class Rest {
 public:
  explicit Rest(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool empty() const { return at_ == end_; }
  const char* begin() const { return at_; }
  bool starts_with(char c) const { return at_ != end_ && *at_ == c; }

  bool take(char c) {
    const bool found = starts_with(c);
    at_ += found ? 1 : 0;
    return found;
  }

  // "name": without white space.
  bool take_name(std::string_view name) {
    if (size() < name.size() + 3 || at_[0] != '"' || std::memcmp(at_ + 1, name.data(), name.size()) != 0 ||
        at_[name.size() + 1] != '"' || at_[name.size() + 2] != ':') {
      return false;
    }
    at_ += name.size() + 3;
    return true;
  }

  void skip_white_space() {
    while (at_ != end_ && *at_ <= ' ' && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  // What stands before the first marked character, or before the end.
  template <class Mark>
  std::string_view take_until(Mark mark) {
    const char* const begin = at_;
    Word marks = 0;
    while ((marks = mark(next_word()) & each(0x80)) == 0) at_ += kWordSize;
    at_ += std::countr_zero(marks) / 8;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

 private:
  std::size_t size() const { return static_cast<std::size_t>(end_ - at_); }

  // Near the end the characters before it are shifted out; NUL, which is always marked, comes in.
  Word next_word() const {
    if (size() >= kWordSize) return word_at(at_);
    return empty() ? 0 : word_at(end_ - kWordSize) >> (8 * (kWordSize - size()));
  }

  const char* at_;
  const char* end_;
};

bool take_string(Rest& rest, std::string_view& string) {
  if (!rest.take('"')) return false;
  string = rest.take_until(mark_not_plain);
  return rest.take('"');
}

// -?(0|[1-9][0-9]*)(\.[0-9]+)?
bool take_number(Rest& rest, std::string_view& number) {
  constexpr std::size_t kSurelyFitsDouble = 300;
  const char* const begin = rest.begin();
  rest.take('-');
  const std::string_view whole = rest.take_until(mark_not_digit);
  if (whole.empty() || (whole.front() == '0' && whole.size() > 1)) return false;
  if (rest.take('.') && rest.take_until(mark_not_digit).empty()) return false;
  number = {begin, static_cast<std::size_t>(rest.begin() - begin)};
  return number.size() < kSurelyFitsDouble;
}

// A name and its colon. Mostly it is the `expected` one.
bool take_field(Rest& rest, Field expected, Field& field) {
  if (expected != kFields && rest.take_name(kFieldNames[expected])) {
    field = expected;
    return true;
  }
  std::string_view name;
  if (!take_string(rest, name)) return false;
  field = field_of(name);
  rest.skip_white_space();
  return rest.take(':');
}

bool take_value(Rest& rest, FieldValue& value) {
  value.kind = rest.starts_with('"') ? FieldKind::string : FieldKind::number;
  return value.kind == FieldKind::string ? take_string(rest, value.text) : take_number(rest, value.text);
}

}  // namespace

bool read_flat_fields(std::string_view json, FieldValues& values) {
  if (json.size() < kWordSize) return false;
  Rest rest(json);
  rest.skip_white_space();
  if (!rest.take('{')) return false;
  Field expected = kEventId;
  do {
    rest.skip_white_space();
    Field field = kFields;
    if (!take_field(rest, expected, field)) return false;
    rest.skip_white_space();
    FieldValue value;
    if (!take_value(rest, value)) return false;
    rest.skip_white_space();
    if (field != kFields) {
      if (values[field].kind != FieldKind::absent) return false;
      values[field] = value;
      expected = static_cast<Field>(field + 1);
    }
  } while (rest.take(','));
  if (!rest.take('}')) return false;
  rest.skip_white_space();
  return rest.empty();
}

}  // namespace clickstream
