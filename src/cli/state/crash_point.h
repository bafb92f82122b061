// Places where a test may have the program killed: what must hold there, must hold however it ends.
#pragma once

#include <string_view>

namespace clickstream::cli {

/// Kills the process (SIGKILL) where CLICKSTREAM_CRASH_AT names this point, as `point` or `point:N` for the Nth time.
void crash_point(std::string_view point);

/// Whether CLICKSTREAM_BREAK names this flaw: for the control runs of tests that have to notice it.
/// at-least-once: what lies shortly before a checkpoint is counted again. sink-after-commit: a position is committed whether
/// or not sinks and dead letters have what came before it.
bool broken_on_purpose(std::string_view flaw);

}  // namespace clickstream::cli
