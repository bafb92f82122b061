// What a part of the program has to say to the person who runs it; where it goes is the executable's choice.
#pragma once

#include <functional>
#include <string_view>

namespace clickstream {

enum class LogLevel { debug, info, warn, error };

/// One line, without its end. Must be callable from any thread.
using Log = std::function<void(LogLevel, std::string_view)>;

}  // namespace clickstream
