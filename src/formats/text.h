// Lines as every format sees them. Pure.
#pragma once

#include <string_view>

#include "formats/recording.h"

namespace clickstream::formats {

constexpr bool is_blank(std::string_view line) { return line.find_first_not_of(" \t") == std::string_view::npos; }

/// The line without the byte-order mark that some programs write at the start of a file.
constexpr std::string_view without_mark(std::string_view line, Place place) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (place.line == 1 && line.substr(0, kMark.size()) == kMark) line.remove_prefix(kMark.size());
  return line;
}

}  // namespace clickstream::formats
