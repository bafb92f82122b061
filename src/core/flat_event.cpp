#include "core/flat_event.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "clickstream/fields.h"

namespace clickstream {
namespace {

// Eight characters at once, the first one lowest. Plain integers: with SSE2 decode() was not faster.
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

  // "name":
  template <Field field>
  bool take_name() {
    constexpr std::string_view kName = kFieldNames[field];
    if (size() < kName.size() + 3 || at_[0] != '"' || std::memcmp(at_ + 1, kName.data(), kName.size()) != 0 ||
        at_[kName.size() + 1] != '"' || at_[kName.size() + 2] != ':') {
      return false;
    }
    at_ += kName.size() + 3;
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

  // Up to eight digits: how many there are, and their values, one in each byte; what follows those means nothing.
  std::size_t take_digits(Word& digits) {
    const Word word = next_word();
    const Word marks = mark_not_digit(word) & each(0x80);
    const auto count = static_cast<std::size_t>(std::countr_zero(marks)) / 8;
    digits = word ^ each('0');
    at_ += count;
    return count;
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

// The number that eight digits make, the first one lowest: pairs, fours, then all of them.
// (D. Lemire, "Quickly parsing eight digits", 2018.)
std::uint64_t number_of(Word digits) {
  constexpr Word kPairs = 0x0000'00FF'0000'00FF;
  digits = digits * 10 + (digits >> 8);
  return ((digits & kPairs) * (100 + (Word{1'000'000} << 32)) +
          ((digits >> 16) & kPairs) * (1 + (Word{10'000} << 32))) >>
         32;
}

bool take_string(Rest& rest, std::string_view& string) {
  if (!rest.take('"')) return false;
  string = rest.take_until(mark_not_plain);
  return rest.take('"');
}

// -?(0|[1-9][0-9]*)(\.[0-9]+)?
bool take_number(Rest& rest) {
  constexpr std::ptrdiff_t kSurelyFitsDouble = 300;
  const char* const begin = rest.begin();
  rest.take('-');
  const std::string_view whole = rest.take_until(mark_not_digit);
  if (whole.empty() || (whole.front() == '0' && whole.size() > 1)) return false;
  if (rest.take('.') && rest.take_until(mark_not_digit).empty()) return false;
  return rest.begin() - begin < kSurelyFitsDouble;
}

// 0|[1-9][0-9]*, below 2^63.
bool take_whole(Rest& rest, std::int64_t& number) {
  constexpr std::size_t kMostDigits = 19;
  constexpr std::array<std::uint64_t, kWordSize + 1> kScale = {1,       10,        100,        1'000,      10'000,
                                                               100'000, 1'000'000, 10'000'000, 100'000'000};
  const bool zero = rest.starts_with('0');
  std::uint64_t value = 0;
  std::size_t size = 0;
  std::size_t count = 0;
  do {
    Word digits = 0;
    count = rest.take_digits(digits);
    size += count;
    // To the end of the word, zeros before them; in two steps, since a shift by all 64 bits means nothing.
    const std::size_t half = 4 * (kWordSize - count);
    value = value * kScale[count] + number_of(digits << half << half);
  } while (count == kWordSize && size < kMostDigits);
  number = static_cast<std::int64_t>(value);
  return size > 0 && size <= kMostDigits && !(zero && size > 1) && number >= 0;
}

// A whole number of seconds, and at most six decimals.
bool take_seconds(Rest& rest, std::int64_t& micros) {
  constexpr std::int64_t kMost = 99'999'999'999;
  if (!take_whole(rest, micros) || micros > kMost) return false;
  micros *= 1'000'000;
  if (!rest.take('.')) return true;
  Word digits = 0;
  const std::size_t count = rest.take_digits(digits);
  if (count == 0 || count > 6) return false;
  digits &= (Word{1} << (8 * count)) - 1;
  micros += static_cast<std::int64_t>(number_of(digits) / 100);  // it has eight decimals
  return true;
}

// Of the kind and within the limits that judge() has.
template <Field field>
bool take_value(Rest& rest, Timestamp latest, Event& event) {
  std::int64_t number = 0;
  if constexpr (field == kEventId) {
    return take_string(rest, event.event_id) && !event.event_id.empty() && event.event_id.size() <= kMaxEventId;
  } else if constexpr (field == kUserId) {
    if (!take_whole(rest, number)) return false;
    event.user = UserId{number};
    return true;
  } else if constexpr (field == kSessionId) {
    if (!take_whole(rest, number)) return false;
    event.session = SessionId{number};
    return true;
  } else if constexpr (field == kPage) {
    return take_string(rest, event.page) && !event.page.empty() && event.page.size() <= kMaxPage;
  } else if constexpr (field == kAction) {
    return take_string(rest, event.action);
  } else if constexpr (field == kDuration) {
    if (!take_seconds(rest, number)) return false;
    event.duration = Duration{number};
    return event.duration <= kMaxDuration;
  } else {
    static_assert(field == kTimestamp);
    if (!take_seconds(rest, number)) return false;
    event.timestamp = timestamp_from_micros(number);
    return event.timestamp >= kFirstTimestamp && event.timestamp <= std::min(kLastTimestamp, latest);
  }
}

bool take_value(Rest& rest, Field field, Timestamp latest, Event& event) {
  switch (field) {
    case kEventId:
      return take_value<kEventId>(rest, latest, event);
    case kUserId:
      return take_value<kUserId>(rest, latest, event);
    case kSessionId:
      return take_value<kSessionId>(rest, latest, event);
    case kPage:
      return take_value<kPage>(rest, latest, event);
    case kAction:
      return take_value<kAction>(rest, latest, event);
    case kDuration:
      return take_value<kDuration>(rest, latest, event);
    case kTimestamp:
      return take_value<kTimestamp>(rest, latest, event);
    case kFields:
      break;
  }
  std::string_view other;
  return rest.starts_with('"') ? take_string(rest, other) : take_number(rest);
}

template <Field field>
bool take_field(Rest& rest, Timestamp latest, Event& event) {
  return rest.take(field == kEventId ? '{' : ',') && rest.take_name<field>() && take_value<field>(rest, latest, event);
}

// The most usual kind: the fields in their order, nothing between them.
bool read_in_order(Rest rest, Timestamp latest, Event& event) {
  return take_field<kEventId>(rest, latest, event) && take_field<kUserId>(rest, latest, event) &&
         take_field<kSessionId>(rest, latest, event) && take_field<kPage>(rest, latest, event) &&
         take_field<kAction>(rest, latest, event) && take_field<kDuration>(rest, latest, event) &&
         take_field<kTimestamp>(rest, latest, event) && rest.take('}') && rest.empty();
}

bool read_in_any_order(Rest rest, Timestamp latest, Event& event) {
  constexpr unsigned kAll = (1U << kFields) - 1;
  unsigned seen = 0;
  rest.skip_white_space();
  if (!rest.take('{')) return false;
  do {
    rest.skip_white_space();
    std::string_view name;
    if (!take_string(rest, name)) return false;
    rest.skip_white_space();
    if (!rest.take(':')) return false;
    rest.skip_white_space();
    const Field field = field_of(name);
    if (!take_value(rest, field, latest, event)) return false;
    rest.skip_white_space();
    if (field != kFields) {
      if ((seen >> field & 1U) != 0) return false;
      seen |= 1U << field;
    }
  } while (rest.take(','));
  if (!rest.take('}')) return false;
  rest.skip_white_space();
  return rest.empty() && seen == kAll;
}

}  // namespace

bool read_flat_event(std::string_view json, Timestamp latest, Event& event) {
  if (json.size() < kWordSize) return false;
  const Rest rest(json);
  return read_in_order(rest, latest, event) || read_in_any_order(rest, latest, event);
}

}  // namespace clickstream
