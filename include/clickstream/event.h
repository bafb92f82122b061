// One event of the wire: what the simulator makes, encode() writes, decode() reads and the engine counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "clickstream/types.h"

namespace clickstream {

/// The strings are views; whoever hands out an Event says how long they live.
struct Event {
  std::string_view event_id;  ///< 1 to 64 bytes, the identity for deduplication
  UserId user{};
  SessionId session{};
  std::string_view page;    ///< 1 to 2,048 bytes, as sent: page_path() gives what is counted
  std::string_view action;  ///< as sent: action_of() gives its kind
  Duration duration{};      ///< 0 … 24 h: the stay, from `timestamp` on
  Timestamp timestamp{};

  /// The end of the time that the event covers.
  Timestamp end() const { return timestamp + duration; }
};

enum class Action : std::uint8_t { page_view, click, other };

constexpr Action action_of(std::string_view action) {
  // By the size first: then the compiler compares in place.
  if (action.size() == 9 && action == std::string_view("page_view", 9)) return Action::page_view;
  if (action.size() == 5 && action == std::string_view("click", 5)) return Action::click;
  return Action::other;
}

/// The page without query string and fragment; "/" when nothing is left.
constexpr std::string_view page_path(std::string_view page) {
  std::size_t length = 0;
  while (length < page.size() && page[length] != '?' && page[length] != '#') ++length;
  return length == 0 ? std::string_view{"/"} : page.substr(0, length);
}

}  // namespace clickstream
