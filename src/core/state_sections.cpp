#include "core/state_sections.h"

#include <algorithm>
#include <array>

namespace clickstream {
namespace {

constexpr std::size_t kTagBytes = 4;
constexpr std::array kKnownTags = {kOffsetsTag, kFiguresTag, kPagesTag, kSessionsTag, kSessionsTagBefore, kWindowsTag};

bool is_tag(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

std::string about(std::string_view tag, std::string_view what) {
  return std::string("section ").append(tag).append(what);
}

// What stands where another section, or none, should.
std::string unexpected_section(std::string_view tag) {
  if (!is_tag(tag)) return "something that is no section";
  if (std::find(kKnownTags.begin(), kKnownTags.end(), tag) != kKnownTags.end())
    return about(tag, " in the wrong place");
  return about(tag, " is unknown: made by a newer version");
}

}  // namespace

Expected<std::string_view, std::string> take_section(std::string_view& state, std::string_view tag) {
  ByteReader reader(state);
  const std::string_view found = reader.bytes(kTagBytes);
  if (reader.failed()) return unexpected(about(tag, " is missing"));
  if (found != tag) return unexpected(unexpected_section(found));
  const std::string_view content = reader.bytes(reader.fixed<std::uint64_t>());
  if (reader.failed()) return unexpected(about(tag, " is cut short"));
  state = reader.bytes(reader.left());
  return content;
}

Expected<std::vector<std::string_view>, std::string> read_sections(std::string_view state,
                                                                   std::initializer_list<std::string_view> tags) {
  std::vector<std::string_view> contents;
  for (const std::string_view tag : tags) {
    const auto content = take_section(state, tag);
    if (!content) return unexpected(content.error());
    contents.push_back(*content);
  }
  if (!state.empty()) return unexpected(unexpected_section(state.substr(0, kTagBytes)));
  return contents;
}

}  // namespace clickstream
