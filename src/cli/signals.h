// SIGINT and SIGTERM: the first asks the program to drain and end, the second ends it at once.
#pragma once

namespace clickstream::cli {

/// Installs the handlers, and ignores SIGPIPE: a closed pipe is an error value where it is written to.
void install_signal_handlers();

/// The signal that asked, 0 if none has.
int stop_signal();

/// As Stopping wants it.
bool stop_requested();

}  // namespace clickstream::cli
