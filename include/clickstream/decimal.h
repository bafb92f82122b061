// Decimal text <-> integers, exactly: no double in between, so that a faster parser never changes a figure.
//
// Reads the text of a JSON number that a parser, or is_number(), has found valid (RFC 8259 §6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clickstream {

/// A decimal number of seconds in microseconds, with what rounding needs to know.
struct DecimalMicros {
  bool negative = false;   ///< a minus sign; −0 counts as 0
  bool huge = false;       ///< at least 10^18 µs: `whole` is not set
  std::int64_t whole = 0;  ///< of the absolute value, cut
  bool half = false;       ///< what was cut is at least half a microsecond
  bool inexact = false;    ///< something other than 0 was cut

  /// Judges the exact value, before it is rounded. 0 <= low <= high < 10^18.
  bool within(std::int64_t low, std::int64_t high) const {
    const bool below_zero = negative && (whole != 0 || inexact);
    return !huge && !below_zero && whole >= low && (whole < high || (whole == high && !inexact));
  }

  /// Half away from zero; for a value that is not negative.
  std::int64_t rounded() const { return whole + (half ? 1 : 0); }
};

DecimalMicros parse_seconds(std::string_view number);

/// Where the exponent's e or E stands; the number's size where there is none.
std::size_t exponent_mark(std::string_view number);

/// Whether it is the text of a JSON number.
bool is_number(std::string_view text);

/// Whether the number is an integer literal: digits with at most a minus sign.
bool is_integer_literal(std::string_view number);

/// An integer literal's value; nothing where it is not in 0 … 2^63−1.
std::optional<std::int64_t> parse_non_negative(std::string_view integer_literal);

void append_integer(std::int64_t number, std::string& out);

/// Microseconds that are not negative, as the shortest decimal number of seconds.
void append_seconds(std::int64_t micros, std::string& out);

}  // namespace clickstream
