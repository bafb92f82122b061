#include "render/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "render/number.h"
#include "render/text.h"

namespace clickstream::render {
namespace {

// 1:23, 1:02:03
std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

std::string progress_bar(double done_share, std::string_view text, int columns) {
  constexpr std::size_t longest = 30;
  constexpr std::size_t shortest = 5;
  const auto room = static_cast<std::size_t>(std::max(columns, 0));
  const double share = done_share > 0 ? std::min(done_share, 1.0) : 0;  // NaN shows as 0
  const std::string figures = fmt::format("{:3}%  {}", static_cast<int>(share * 100), printable(text));
  const std::size_t taken = width(figures) + 3;
  if (taken + shortest > room) return shortened(figures, room);
  const std::size_t length = std::min(room - taken, longest);
  const auto done = static_cast<std::size_t>(share * static_cast<double>(length));
  return fmt::format("[{}{}] {}", std::string(done, '#'), std::string(length - done, '-'), figures);
}

std::string progress_text(std::uint64_t events, Duration elapsed, double done_share) {
  constexpr double longest = 100 * 3600;  // more is no estimate
  std::string text = fmt::format("{} events", grouped(events));
  const double seconds = std::chrono::duration<double>(elapsed).count();
  if (seconds < 1) return text;
  text += fmt::format("  {}/s", grouped(static_cast<std::uint64_t>(static_cast<double>(events) / seconds + 0.5)));
  const double left = seconds * (1 - done_share) / done_share;
  if (left >= 0 && left < longest) text += fmt::format("  {} left", clock_text(left));
  return text;
}

}  // namespace clickstream::render
