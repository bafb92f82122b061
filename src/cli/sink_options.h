// --sink: where rows go that people query.
#pragma once

#include <string>
#include <vector>

#include "cli/args.h"
#include "clickstream/log.h"
#include "clickstream/rows.h"
#include "clickstream/stop.h"
#include "sinks/sinks.h"

namespace clickstream::cli {

OptionGroup sink_options();

struct SinkChoice {
  std::vector<std::string> places;  ///< as given: file:PATH, or a URL
  bool init = false;                ///< create what is missing there
};
SinkChoice read_sinks(const Args& args, Values& values);

/// Opens all of them. Tables or templates that are missing, or of another version, are a failure; so is a server that
/// cannot be reached, unless `wait` says to try until it can be.
Result<sinks::Sinks> open_sinks(const SinkChoice& choice, const RowSource& source, bool wait, const Log& log,
                                const Stopping& stopping);

}  // namespace clickstream::cli
