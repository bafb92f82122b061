// Words that visitors sent, made safe to show: no line break, terminal escape or invisible character survives.
// Pure functions over UTF-8; a byte that is no UTF-8 shows as \x and its two digits.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace clickstream::render {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
  bool valid = false;  ///< otherwise `value` is that of a byte that is no UTF-8
};

/// The first character of a text that is not empty.
CodePoint first(std::string_view text);

/// The text with a backslash escape, as Python writes it, for each character that does not print.
std::string printable(std::string_view text);

/// As Python's repr() of a str: quoted, and printable().
std::string python_repr(std::string_view text);

/// Code points: what tables are aligned by. columns.h has the columns that a terminal takes for them.
std::size_t width(std::string_view text);

/// At most `columns` code points; the last is "…" where something was cut off.
std::string shortened(std::string_view text, std::size_t columns);

/// Filled up with spaces on the right.
std::string padded(std::string text, std::size_t columns);

}  // namespace clickstream::render
