// Writing to a descriptor whose reader may be slow, stuck or gone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "clickstream/failure.h"

namespace clickstream::cli {

struct Written {
  std::size_t bytes = 0;
  int error = 0;  ///< as errno has it; 0: all of it is written
};

/// Waits for a slow reader; once the program is asked to stop, for 8 s, then the error is ETIMEDOUT.
Written write_all(int descriptor, std::string_view text);

/// What to say of the error. A closed pipe is `Exit::done` with no message: nobody reads any more, which is no error.
Failure write_failure(int error, const std::string& name);

}  // namespace clickstream::cli
