// Texts as every format needs them. Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "clickstream/fields.h"
#include "formats/recording.h"

namespace clickstream::formats {

constexpr bool is_blank(std::string_view line) { return line.find_first_not_of(" \t") == std::string_view::npos; }

/// The line without the byte-order mark that some programs write at the start of a file.
constexpr std::string_view without_mark(std::string_view line, Place place) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (place.line == 1 && line.substr(0, kMark.size()) == kMark) line.remove_prefix(kMark.size());
  return line;
}

/// The last moment that a line may have: one from the future would make all that follow it late.
inline Timestamp latest(const RecordingOptions& options) {
  const bool unlimited = options.now == Timestamp{};
  return unlimited ? kLastTimestamp : std::min(kLastTimestamp, options.now + options.max_ahead);
}

/// The text itself, or a copy in `copy` with U+FFFD in the place of what is no UTF-8 (of each longest beginning of a
/// character, as Unicode recommends).
std::string_view valid_utf8(std::string_view text, std::string& copy);

/// The user that stands for a text: 63 bits of XXH3, the same for ever.
UserId user_of(std::string_view text);

/// The id of what stands in a line: 128 bits of XXH3 over it and its place, in the shape of a UUID. The same line in
/// another run has the same one.
class LineId {
 public:
  LineId(std::string_view text, Place place);
  operator std::string_view() const { return {characters_, sizeof characters_}; }

 private:
  char characters_[36];
};

}  // namespace clickstream::formats
