// --dead-letter: opens what it names.
#pragma once

#include <memory>
#include <string>

#include "cli/args.h"
#include "cli/dead_letter_option.h"
#include "cli/state_options.h"
#include "clickstream/dead_letters.h"
#include "clickstream/stop.h"
#include "kafka/settings.h"

namespace clickstream::cli {

/// What was given; else a topic beside the one that is read, where state is kept, else none.
DeadLetterTarget read_dead_letter(const Args& args, Values& values, const StateOptions& state);

/// Null for none. `source` names what is read.
Result<std::unique_ptr<DeadLetters>> open_dead_letters(const DeadLetterTarget& target, const std::string& source,
                                                       const kafka::Settings& settings, int replication_factor,
                                                       const Stopping& stopping);

}  // namespace clickstream::cli
