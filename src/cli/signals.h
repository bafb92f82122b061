// SIGINT and SIGTERM: the first asks the program to drain and end, the second ends it at once.
#pragma once

namespace clickstream::cli {

/// Installs the handlers, and ignores SIGPIPE: a closed pipe is an error value where it is written to.
void install_signal_handlers();

/// The signal that asked, 0 if none has.
int stop_signal();

/// As Stopping wants it.
bool stop_requested();

/// What standard output, a terminal, is to get when the program is stopped (Ctrl-Z) or ends at once: by a second signal,
/// by SIGQUIT or SIGABRT. Null: nothing more. The text must live for ever.
void leave_terminal_with(const char* text);

/// Whether the program was stopped and goes on, since this was last asked.
bool continued();

}  // namespace clickstream::cli
