#include "cli/window_option.h"

#include <algorithm>

namespace clickstream::cli {

Option window_option() {
  return {"window", 0, "SIZE[/HOP]", "", "figures of every 1m, or of the last 5m every minute: 5m/1m; repeatable",
          true};
}

std::vector<WindowSpec> read_windows(const Args& args, Values& values) {
  std::vector<WindowSpec> windows;
  for (const std::string& text : args.all("window")) {
    const auto window = parse_window(text);
    if (!window) {
      values.reject("window", window.error());
      continue;
    }
    windows.push_back(*window);
  }
  std::sort(windows.begin(), windows.end());
  if (const auto twice = std::adjacent_find(windows.begin(), windows.end()); twice != windows.end()) {
    values.reject("window", to_string(*twice) + " is given twice");
  }
  return windows;
}

}  // namespace clickstream::cli
