// Reads what the operating system knows of this process.
#pragma once

#include <optional>

#include "clickstream/process.h"

namespace clickstream::http {

/// From /proc; absent where the system has none. Any thread.
std::optional<ProcessFigures> read_process_figures();

}  // namespace clickstream::http
