// --window: the kinds of windows whose figures are kept.
#pragma once

#include <vector>

#include "cli/args.h"
#include "clickstream/window.h"

namespace clickstream::cli {

/// Repeatable.
Option window_option();

/// By size, then hop.
std::vector<WindowSpec> read_windows(const Args& args, Values& values);

}  // namespace clickstream::cli
