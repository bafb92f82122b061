// The faults that `produce` makes on demand.
#pragma once

#include "cli/args.h"
#include "clickstream/traffic.h"

namespace clickstream::cli {

OptionGroup fault_options();

/// With --lateness. `config` is complete but for its site.
Faults read_faults(Values& values, const SimulatorConfig& config);

}  // namespace clickstream::cli
