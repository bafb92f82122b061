// --from and --to: which part of a topic is read.
#pragma once

#include <string>
#include <vector>

#include "cli/args.h"
#include "kafka/span.h"

namespace clickstream::cli {

std::vector<Option> range_options();

/// With `follow` there is no end unless one is given.
kafka::Span read_range(const Args& args, Values& values, Timestamp now, bool follow);

/// For input that is no topic.
void reject_range(const Args& args, Values& values, const std::string& why);

}  // namespace clickstream::cli
