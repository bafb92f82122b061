#include "render/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "render/text.h"

namespace clickstream::render {

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

}  // namespace clickstream::render
