#include "render/windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "render/utc.h"

namespace clickstream::render {
namespace {

/// Of the partitions that have one.
std::optional<Timestamp> least_watermark(const Snapshot& snapshot) {
  std::optional<Timestamp> least;
  for (const PartitionFigures& partition : snapshot.partitions) {
    if (partition.watermark) least = std::min(least.value_or(Timestamp::max()), *partition.watermark);
  }
  return least;
}

constexpr Duration kLongest = std::chrono::days{3660};

std::optional<Duration> parse_length(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Duration unit{};
  switch (text.back()) {
    case 'd':
      unit = std::chrono::days{1};
      break;
    case 'h':
      unit = std::chrono::hours{1};
      break;
    case 'm':
      unit = std::chrono::minutes{1};
      break;
    case 's':
      unit = std::chrono::seconds{1};
      break;
    default:
      return std::nullopt;
  }
  std::int64_t count = 0;
  const char* end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{} || stop != end || count < 1 || count > kLongest / unit) return std::nullopt;
  return count * unit;
}

}  // namespace

std::optional<WindowSpec> parse_window_spec(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto size = parse_length(text.substr(0, slash));
  const auto hop = slash < text.size() ? parse_length(text.substr(slash + 1)) : size;
  if (!size || !hop || *hop > *size) return std::nullopt;
  const WindowSpec spec{*size, *hop};
  return to_string(spec) == text ? std::optional(spec) : std::nullopt;
}

std::vector<LastWindow> last_windows(const Snapshot& snapshot) {
  const auto watermark = least_watermark(snapshot);
  std::vector<LastWindow> last;
  for (const WindowSeries& series : snapshot.total.windows) {
    if (auto window = last_final(series, watermark)) last.push_back({series.spec, std::move(*window)});
  }
  return last;
}

std::string window_span(const LastWindow& last) {
  const auto moment = [&last](Timestamp time) {
    return last.spec.size < std::chrono::days{1} ? clock_time(time) : date_and_time(time);
  };
  return fmt::format("{} - {}", moment(last.window.start), moment(last.window.start + last.spec.size));
}

}  // namespace clickstream::render
