#include <algorithm>

#include "input/unpacker.h"

namespace clickstream::input {
namespace {

constexpr std::string_view kGzip = "\x1f\x8b";
constexpr std::string_view kZstd = "\x28\xb5\x2f\xfd";
// A frame that holds no data, with which some tools begin their files; its first byte's low half may be anything.
constexpr std::string_view kZstdSkippable = "\x50\x2a\x4d\x18";

bool agrees(std::string_view first, std::string_view magic) {
  const std::size_t length = std::min(first.size(), magic.size());
  return first.substr(0, length) == magic.substr(0, length);
}

}  // namespace

Packing packing_of(std::string_view first) {
  std::string skippable(first.substr(0, kZstdSkippable.size()));
  if (!skippable.empty()) skippable[0] = static_cast<char>(skippable[0] & 0xf0);
  if (agrees(first, kGzip)) return first.size() < kGzip.size() ? Packing::unknown : Packing::gzip;
  if (agrees(first, kZstd) || agrees(skippable, kZstdSkippable)) {
    return first.size() < kZstd.size() ? Packing::unknown : Packing::zstd;
  }
  return Packing::plain;
}

}  // namespace clickstream::input
