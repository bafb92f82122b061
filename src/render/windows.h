// What several views of windows need: a kind's name read back, the last window of each kind. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/snapshot.h"
#include "clickstream/window.h"

namespace clickstream::render {

/// Reads exactly what to_string() writes, of windows of at most ten years.
std::optional<WindowSpec> parse_window_spec(std::string_view text);

struct LastWindow {
  WindowSpec spec;
  Window window;
};

/// The last window that is final in every partition, with events or without, by kind; no kind of which none is.
std::vector<LastWindow> last_windows(const Snapshot& snapshot);

/// "22:14:00 - 22:15:00"; with the dates, where a window is a day or longer.
std::string window_span(const LastWindow& last);

}  // namespace clickstream::render
