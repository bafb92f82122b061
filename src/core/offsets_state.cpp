#include "core/offsets_state.h"

#include <algorithm>

#include "core/bytes.h"

namespace clickstream {
namespace {

constexpr std::uint8_t kHasClock = 1;
constexpr std::uint8_t kIsIdle = 2;
constexpr Timestamp kLatestClock = timestamp_from_micros(std::int64_t{1} << 60);  // beyond any event

}  // namespace

void save_offsets(std::vector<OffsetState> offsets, std::string& out) {
  std::sort(offsets.begin(), offsets.end(),
            [](const OffsetState& a, const OffsetState& b) { return a.next.partition < b.next.partition; });
  for (const OffsetState& offset : offsets) {
    put_fixed(out, offset.next.partition);
    put_fixed(out, offset.next.offset);
    put_fixed(out, static_cast<std::uint8_t>((offset.highest ? kHasClock : 0) | (offset.idle ? kIsIdle : 0)));
    put_fixed(out, offset.highest.value_or(Timestamp{}).time_since_epoch().count());
  }
}

std::optional<std::vector<OffsetState>> restore_offsets(std::string_view state) {
  ByteReader reader(state);
  std::vector<OffsetState> offsets;
  while (reader.left() > 0) {
    OffsetState offset;
    offset.next.partition = reader.fixed<std::int32_t>();
    offset.next.offset = reader.fixed<std::int64_t>();
    const auto flags = reader.fixed<std::uint8_t>();
    const Timestamp highest = timestamp_from_micros(reader.fixed<std::int64_t>());
    const std::int32_t before = offsets.empty() ? -1 : offsets.back().next.partition;
    if (reader.failed() || flags > (kHasClock | kIsIdle) || offset.next.partition <= before || offset.next.offset < 0) {
      return std::nullopt;
    }
    if (highest < Timestamp{} || highest > kLatestClock) return std::nullopt;
    if ((flags & kHasClock) != 0) offset.highest = highest;
    offset.idle = (flags & kIsIdle) != 0;
    offsets.push_back(offset);
  }
  return offsets;
}

}  // namespace clickstream
