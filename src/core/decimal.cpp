#include "clickstream/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace clickstream {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Exponents beyond this say "huge" or "nothing" whatever the digits are: no JSON text that fits in memory makes up
// for them.
constexpr std::int64_t kExponentLimit = 1'000'000'000'000;

std::int64_t parse_exponent(std::string_view text) {
  bool negative = false;
  if (text.front() == '+' || text.front() == '-') {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  std::int64_t exponent = 0;
  for (const char c : text) exponent = std::min(exponent * 10 + (c - '0'), kExponentLimit);
  return negative ? -exponent : exponent;
}

// The usual notation, quickly: no exponent, and so few digits before the point that it cannot be huge. Nothing where
// the number is another.
std::optional<DecimalMicros> parse_plain_seconds(std::string_view number) {
  constexpr std::ptrdiff_t kMostWhole = 11;
  constexpr std::ptrdiff_t kDecimals = 6;
  constexpr std::array<std::int64_t, kDecimals + 1> kScale = {1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  DecimalMicros result;
  std::int64_t digits = 0;
  const char* at = number.data();
  const char* const end = at + number.size();
  const auto take_digits = [&](std::ptrdiff_t most) {
    const char* const begin = at;
    for (; at != end && at - begin < most && is_digit(*at); ++at) digits = digits * 10 + (*at - '0');
    return at - begin;
  };
  if (*at == '-') {
    result.negative = true;
    ++at;
  }
  take_digits(kMostWhole);
  std::ptrdiff_t decimals = 0;
  if (at != end && *at == '.') {
    ++at;
    decimals = take_digits(kDecimals);
  }
  result.whole = digits * kScale[static_cast<std::size_t>(decimals)];
  if (decimals == kDecimals && at != end && is_digit(*at)) {
    result.half = *at >= '5';
    for (; at != end && is_digit(*at); ++at) result.inexact = result.inexact || *at != '0';
  }
  if (at != end) return std::nullopt;
  return result;
}

// Any notation, digit by digit.
DecimalMicros parse_any_seconds(std::string_view number) {
  DecimalMicros result;
  if (number.front() == '-') {
    result.negative = true;
    number.remove_prefix(1);
  }
  std::int64_t exponent = 6;  // seconds to microseconds
  if (const auto mark = exponent_mark(number); mark < number.size()) {
    exponent += parse_exponent(number.substr(mark + 1));
    number = number.substr(0, mark);
  }
  const auto point = std::min(number.find('.'), number.size());

  // How many of the digits, from the left, stand before the decimal point of the value in microseconds. May be
  // negative (the value starts with zeros after the point) and may exceed the digits that are there.
  std::int64_t before_point = static_cast<std::int64_t>(point) + exponent;
  bool first_cut = true;
  for (const char c : number) {
    if (c == '.') continue;
    const int digit = c - '0';
    if (before_point > 0) {
      if (result.whole >= 100'000'000'000'000'000) {  // 10^17: one more digit makes 10^18
        result.huge = true;
        return result;
      }
      result.whole = result.whole * 10 + digit;
      --before_point;
      continue;
    }
    if (first_cut) {
      first_cut = false;
      if (before_point == 0) result.half = digit >= 5;
    }
    if (digit != 0) {
      result.inexact = true;
      break;
    }
  }
  for (; before_point > 0 && result.whole != 0; --before_point) {
    if (result.whole >= 100'000'000'000'000'000) {
      result.huge = true;
      return result;
    }
    result.whole *= 10;
  }
  return result;
}

}  // namespace

// find_first_of() would call a function for each character.
std::size_t exponent_mark(std::string_view number) {
  const auto mark = std::find_if(number.begin(), number.end(), [](char c) { return c == 'e' || c == 'E'; });
  return static_cast<std::size_t>(mark - number.begin());
}

DecimalMicros parse_seconds(std::string_view number) {
  const auto plain = parse_plain_seconds(number);
  return plain ? *plain : parse_any_seconds(number);
}

bool is_number(std::string_view text) {
  const auto take_digits = [&text] {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    const auto digits = static_cast<std::size_t>(end - text.begin());
    text.remove_prefix(digits);
    return digits;
  };
  const auto take_any = [&text](std::string_view characters) {
    const bool found = !text.empty() && characters.find(text.front()) != std::string_view::npos;
    if (found) text.remove_prefix(1);
    return found;
  };
  take_any("-");
  const bool zero = !text.empty() && text.front() == '0';
  const std::size_t whole = take_digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (take_any(".") && take_digits() == 0) return false;
  if (take_any("eE")) {
    take_any("+-");
    if (take_digits() == 0) return false;
  }
  return text.empty();
}

bool is_integer_literal(std::string_view number) {
  if (number.front() == '-') number.remove_prefix(1);
  return std::all_of(number.begin(), number.end(), is_digit);
}

std::optional<std::int64_t> parse_non_negative(std::string_view integer_literal) {
  std::int64_t value = 0;
  const char* end = integer_literal.data() + integer_literal.size();
  const auto [stop, error] = std::from_chars(integer_literal.data(), end, value);
  if (error != std::errc{} || stop != end || value < 0) return std::nullopt;
  return value;
}

void append_integer(std::int64_t number, std::string& out) {
  std::array<char, 20> digits;
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), result.ptr);
}

void append_seconds(std::int64_t micros, std::string& out) {
  append_integer(micros / 1'000'000, out);
  std::int64_t fraction = micros % 1'000'000;
  if (fraction == 0) return;
  std::array<char, 7> digits = {'.'};
  for (std::size_t i = 6; i > 0; --i, fraction /= 10) digits[i] = static_cast<char>('0' + fraction % 10);
  std::size_t length = digits.size();
  while (digits[length - 1] == '0') --length;
  out.append(digits.data(), length);
}

}  // namespace clickstream
