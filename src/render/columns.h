// How much of a terminal a text takes, and a text made to fit one. Pure functions over printable() UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clickstream::render {

/// The columns that a terminal takes for it: two for a wide character (日, 😀), none for a combining one.
std::size_t columns(std::string_view text);

/// At most so many columns; the last is "…" where something was cut off.
std::string cut(std::string_view text, std::size_t most);

/// What becomes of a line that is too long: it is cut, or goes on in the next row, after a comma or before a "|".
enum class Overlong { cut, fold };

/// The text's lines as rows of at most so many columns; where `rows` are too few, lines are folded less often, then
/// left out at the end, and the last row says how many. Columns and rows are at least 1.
std::vector<std::string> fitted(std::string_view text, std::size_t columns, std::size_t rows, Overlong overlong);

}  // namespace clickstream::render
