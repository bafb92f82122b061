#include "formats/text.h"

#include <xxhash.h>

#include <algorithm>

namespace clickstream::formats {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// The size of the character that the text begins with, or of what a broken one has of it (Unicode, table 3-7).
struct Sequence {
  std::size_t size;
  bool valid;
};

Sequence first_sequence(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xc2 || lead > 0xf4) return {1, false};
  const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (lead == 0xe0) low = 0xa0;
  if (lead == 0xed) high = 0x9f;
  if (lead == 0xf0) low = 0x90;
  if (lead == 0xf4) high = 0x8f;
  for (std::size_t i = 1; i < size; ++i) {
    if (i == text.size() || byte(i) < low || byte(i) > high) return {i, false};
    low = 0x80;
    high = 0xbf;
  }
  return {size, true};
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::string_view valid_utf8(std::string_view text, std::string& copy) {
  if (is_ascii(text)) return text;
  copy.clear();
  for (std::string_view rest = text; !rest.empty();) {
    const Sequence sequence = first_sequence(rest);
    copy.append(sequence.valid ? rest.substr(0, sequence.size) : kReplacement);
    rest.remove_prefix(sequence.size);
  }
  return copy;
}

// XXH3 has been stable since 0.8.0: the hashes may outlive the process.
UserId user_of(std::string_view text) {
  return UserId{static_cast<std::int64_t>(XXH3_64bits(text.data(), text.size()) >> 1)};
}

LineId::LineId(std::string_view text, Place place) {
  const XXH64_hash_t seed = (static_cast<XXH64_hash_t>(place.file) << 40) + place.line;
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, XXH3_128bits_withSeed(text.data(), text.size(), seed));
  constexpr std::string_view kHex = "0123456789abcdef";
  char* out = characters_;
  for (std::size_t i = 0; i < sizeof bytes.digest; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    *out++ = kHex[bytes.digest[i] >> 4];
    *out++ = kHex[bytes.digest[i] & 0xf];
  }
}

}  // namespace clickstream::formats
