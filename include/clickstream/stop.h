// Whether the person who runs the program has asked it to stop; asked by everything that waits.
#pragma once

#include <functional>

namespace clickstream {

/// Cheap, and callable from any thread.
using Stopping = std::function<bool()>;

}  // namespace clickstream
