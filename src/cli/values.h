// Values of options, from the text that a person typed. Pure; the error says what would have been right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "clickstream/expected.h"
#include "clickstream/types.h"
#include "clickstream/window.h"

namespace clickstream::cli {

template <class T>
using Parsed = Expected<T, std::string>;

/// 500ms, 10s, 5m, 1h, 1d, 1.5h; 0 needs no unit. Not negative.
Parsed<Duration> parse_duration(std::string_view text);

/// ISO 8601 (2024-01-01, 2024-01-01T12:00:00Z, with fraction or offset), epoch seconds, `now`, or `-1h` before `now`.
Parsed<Timestamp> parse_moment(std::string_view text, Timestamp now);

/// A number with at most six decimals, in millionths: 500, 0.5. Not negative.
Parsed<std::int64_t> parse_millionths(std::string_view text);

/// A part of a whole, in millionths: 1%, 0.1%, 0.01.
Parsed<std::int64_t> parse_share(std::string_view text);

/// A whole number within the bounds, `_` allowed between digits.
Parsed<std::int64_t> parse_integer(std::string_view text, std::int64_t low, std::int64_t high);

/// 1m, or 5m/1m (size and hop); whole seconds, and a size of at most 3,600 times what both are multiples of.
Parsed<WindowSpec> parse_window(std::string_view text);

/// The candidate that is a slip of the finger away from `word`, else one that begins like it.
template <class Strings>
std::optional<std::string> nearest(std::string_view word, const Strings& candidates);

/// How many letters must be added, removed, exchanged or swapped with their neighbour to make `b` of `a`.
std::size_t edit_distance(std::string_view a, std::string_view b);

template <class Strings>
std::optional<std::string> nearest(std::string_view word, const Strings& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = word.size() <= 4 ? 2 : 3;  // one less is the most that is taken for a slip
  for (const auto& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = std::string(candidate);
    }
  }
  if (best || word.size() < 3) return best;
  for (const std::string_view candidate : candidates) {
    if (candidate.substr(0, word.size()) == word || word.substr(0, candidate.size()) == candidate) {
      return std::string(candidate);
    }
  }
  return std::nullopt;
}

}  // namespace clickstream::cli
