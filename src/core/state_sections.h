// The frame of a saved state: sections, each a tag of four letters (the last is the version of what follows), a length
// of 8 bytes, and so many bytes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/expected.h"
#include "core/bytes.h"

namespace clickstream {

inline constexpr std::string_view kOffsetsTag = "OFF1";
inline constexpr std::string_view kFiguresTag = "FIG1";
inline constexpr std::string_view kPagesTag = "PAG1";
inline constexpr std::string_view kSessionsTag = "SES2";
inline constexpr std::string_view kSessionsTagBefore = "SES1";  // without first views: the version before
inline constexpr std::string_view kWindowsTag = "WIN1";

/// Appends a section that holds what `write()` appends to `out`.
template <class Write>
void write_section(std::string& out, std::string_view tag, Write write) {
  out.append(tag);
  const std::size_t length_at = out.size();
  put_fixed(out, std::uint64_t{0});
  write();
  const std::uint64_t length = out.size() - length_at - sizeof length;
  out.replace(length_at, sizeof length, reinterpret_cast<const char*>(&length), sizeof length);
}

/// The contents of exactly these sections, in this order.
Expected<std::vector<std::string_view>, std::string> read_sections(std::string_view state,
                                                                   std::initializer_list<std::string_view> tags);

/// Takes one section off the front of `state`.
Expected<std::string_view, std::string> take_section(std::string_view& state, std::string_view tag);

}  // namespace clickstream
