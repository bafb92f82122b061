#include "render/columns.h"

#include <fmt/format.h>
#include <locale.h>
#include <wchar.h>

#include <algorithm>

#include "render/text.h"

namespace clickstream::render {
namespace {

constexpr std::string_view kIndent = "  ";  // of a row that goes on

/// What the C library's tables say, whatever locale the program runs in.
int table_width(char32_t c) {
  static const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (utf8 == nullptr) return -1;
  const locale_t before = uselocale(utf8);
  const int columns = wcwidth(static_cast<wchar_t>(c));
  uselocale(before);
  return columns;
}

std::size_t width(const CodePoint& c) {
  constexpr char32_t first_wide = 0x1100;
  if (c.value < 0x7F) return 1;
  const int columns = table_width(c.value);
  if (columns >= 0) return static_cast<std::size_t>(columns);
  return c.value < first_wide ? 1 : 2;  // newer than the tables: rather too much
}

/// The bytes of the longest beginning that takes at most so many columns.
std::size_t beginning(std::string_view text, std::size_t most) {
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const CodePoint c = first(text.substr(bytes));
    const std::size_t columns = width(c);
    if (columns > most) break;
    most -= columns;
    bytes += c.bytes;
  }
  return bytes;
}

/// Where a line may go on in the next row.
bool may_break(std::string_view text, std::size_t at) {
  return text[at] == ' ' && (text[at - 1] == ',' || (at + 1 < text.size() && text[at + 1] == '|'));
}

/// `text` up to the first place to break, or all of it.
std::string_view first_piece(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (may_break(text, i)) return text.substr(0, i);
  }
  return text;
}

/// A piece that is too long for a row loses its middle, so that the figure at its end is seen.
std::string squeezed(std::string_view piece, std::size_t most) {
  const std::size_t space = piece.rfind(' ');
  if (space == std::string_view::npos) return cut(piece, most);
  const std::string_view figure = piece.substr(space);
  const std::size_t taken = columns(figure);
  if (taken > most / 2) return cut(piece, most);
  return cut(piece.substr(0, space), most - taken) + std::string(figure);
}

/// A line as rows, of which the last takes what is left and is cut.
std::vector<std::string> folded(std::string_view line, std::size_t most, std::size_t rows) {
  if (columns(line) <= most || rows < 2) return {cut(line, most)};
  std::vector<std::string> out;
  std::string row;
  while (!line.empty()) {
    const std::string_view piece = first_piece(line);
    const bool fits = columns(row) + columns(piece) <= most;
    const bool is_new = row.empty() || row == kIndent;
    if (fits) {
      row += piece;
    } else if (is_new) {
      row += squeezed(piece, most - std::min(columns(row), most));
    } else {
      out.push_back(std::move(row));
      row = kIndent;
      line.remove_prefix(1);  // the space
      if (out.size() + 1 == rows) {
        out.push_back(cut(row + std::string(line), most));
        return out;
      }
      continue;
    }
    line.remove_prefix(piece.size());
  }
  out.push_back(cut(row, most));
  return out;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::size_t columns(std::string_view text) {
  std::size_t sum = 0;
  while (!text.empty()) {
    const CodePoint c = first(text);
    sum += width(c);
    text.remove_prefix(c.bytes);
  }
  return sum;
}

std::string cut(std::string_view text, std::size_t most) {
  if (beginning(text, most) == text.size()) return std::string(text);
  if (most == 0) return {};
  return std::string(text.substr(0, beginning(text, most - 1))) + "…";
}

std::vector<std::string> fitted(std::string_view text, std::size_t columns, std::size_t rows, Overlong overlong) {
  const std::vector<std::string_view> lines = lines_of(text);
  std::vector<std::string> out;
  for (std::size_t each = overlong == Overlong::fold ? rows : 1; each > 0; --each) {
    out.clear();
    for (const std::string_view line : lines) {
      for (std::string& row : folded(line, columns, each)) out.push_back(std::move(row));
    }
    if (out.size() <= rows) return out;
  }
  const std::size_t left_out = out.size() - rows + 1;
  out.resize(rows);
  out.back() = cut(fmt::format("… {} more lines", left_out), columns);
  return out;
}

}  // namespace clickstream::render
