// How a command ends, and the one line that says why.
#pragma once

#include <string>

#include "clickstream/expected.h"

namespace clickstream {

/// The exit codes; 130 and 143 (bounded work cut short by a signal) are the shell's own convention.
enum class Exit : int {
  done = 0,
  failed = 1,
  usage = 2,
  unreachable = 3,  ///< broker unreachable, or authentication or authorisation refused
  undelivered = 4,
  differs = 5,  ///< `stats --expect`
  unusable_state = 6,
};

/// What went wrong and what to do next, for a person; one or a few lines without a line end.
struct Failure {
  Exit code = Exit::failed;
  std::string message;
};

template <class T>
using Result = Expected<T, Failure>;

inline auto fail(Exit code, std::string message) { return unexpected(Failure{code, std::move(message)}); }

}  // namespace clickstream
