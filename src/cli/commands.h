// The subcommands. Each takes its parsed options and returns the process's exit status; a failure's line is printed
// by main().
#pragma once

#include "cli/args.h"
#include "clickstream/failure.h"

namespace clickstream::cli {

Command produce_command();
Command consume_command();
Command replay_command();
Command stats_command();

Result<int> produce(const Args& args);
Result<int> consume(const Args& args);
Result<int> replay(const Args& args);
Result<int> stats(const Args& args);

}  // namespace clickstream::cli
