#include "render/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace clickstream::render {
namespace {

constexpr bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Controls, spaces other than the plain one, invisible formatting (that may even turn a line around), private use.
constexpr bool prints(char32_t c) {
  constexpr std::array<std::array<char32_t, 2>, 14> not_printing = {{{0x00, 0x1F},
                                                                     {0x7F, 0xA0},
                                                                     {0xAD, 0xAD},
                                                                     {0x600, 0x605},
                                                                     {0x61C, 0x61C},
                                                                     {0x1680, 0x1680},
                                                                     {0x180E, 0x180E},
                                                                     {0x2000, 0x200F},
                                                                     {0x2028, 0x202F},
                                                                     {0x205F, 0x206F},
                                                                     {0x3000, 0x3000},
                                                                     {0xE000, 0xF8FF},
                                                                     {0xFEFF, 0xFEFF},
                                                                     {0xE0000, 0x10FFFF}}};
  return std::none_of(not_printing.begin(), not_printing.end(),
                      [c](const auto& range) { return c >= range[0] && c <= range[1]; });
}

void append_escaped(std::string& out, char32_t c) {
  const auto code = static_cast<std::uint32_t>(c);
  if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\t') {
    out += "\\t";
  } else if (code <= 0xFF) {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", code);
  } else if (code <= 0xFFFF) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
  } else {
    fmt::format_to(std::back_inserter(out), "\\U{:08x}", code);
  }
}

/// `escaped`: the characters that get a backslash though they print.
void append_printable(std::string& out, std::string_view text, std::string_view escaped) {
  while (!text.empty()) {
    const CodePoint c = first(text);
    if (!c.valid || !prints(c.value)) {
      append_escaped(out, c.value);
    } else {
      if (escaped.find(text[0]) != std::string_view::npos) out += '\\';
      out += text.substr(0, c.bytes);
    }
    text.remove_prefix(c.bytes);
  }
}

}  // namespace

CodePoint first(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  constexpr std::array<char32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  if (lead < 0xC0 || lead > 0xF4 || text.size() < bytes) return {lead, 1, false};
  char32_t value = lead & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!continues(text[i])) return {lead, 1, false};
    value = (value << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool valid = value >= smallest[bytes] && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
  return valid ? CodePoint{value, bytes, true} : CodePoint{lead, 1, false};
}

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text, "");
  return out;
}

std::string python_repr(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string out(1, quote);
  append_printable(out, text, quote == '"' ? "\\" : "\\'");
  out += quote;
  return out;
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (width(text) <= columns) return std::string{text};
  if (columns == 0) return {};
  std::size_t end = 0;
  for (std::size_t kept = 0; kept + 1 < columns; ++kept) end += first(text.substr(end)).bytes;
  return std::string{text.substr(0, end)} + "…";
}

std::string padded(std::string text, std::size_t columns) {
  const std::size_t columns_taken = width(text);
  if (columns_taken < columns) text.append(columns - columns_taken, ' ');
  return text;
}

}  // namespace clickstream::render
