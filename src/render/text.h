// Words that visitors sent, made safe to show: no line break, terminal escape or invisible character survives.
// Pure functions over UTF-8; a byte that is no UTF-8 shows as \x and its two digits.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace clickstream::render {

/// The text with a backslash escape, as Python writes it, for each character that does not print.
std::string printable(std::string_view text);

/// As Python's repr() of a str: quoted, and printable().
std::string python_repr(std::string_view text);

/// Code points: the columns that a text takes in a terminal, near enough.
std::size_t width(std::string_view text);

/// At most `columns` code points; the last is "…" where something was cut off.
std::string shortened(std::string_view text, std::size_t columns);

/// Filled up with spaces on the right.
std::string padded(std::string text, std::size_t columns);

}  // namespace clickstream::render
