// --input: the source that a command reads, with what its views need to know of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/args.h"
#include "cli/options.h"
#include "clickstream/source.h"
#include "clickstream/stop.h"

namespace clickstream::cli {

struct Input {
  std::unique_ptr<Source> source;
  bool bounded = false;  ///< it has an end, at which every session closes
  std::string topic;     ///< empty where there is none
  std::string group;
  // The following refer to the source.
  std::function<std::optional<std::int64_t>(std::int32_t partition)> lag = [](std::int32_t) { return std::nullopt; };
  std::function<std::uint64_t()> rebalances = [] { return std::uint64_t{0}; };
  std::function<std::string()> waiting_for = [] { return std::string(); };  ///< empty: records may come
  std::function<double()> progress;  ///< share of a bounded input that has been read; may be absent
};

/// For `consume`: kafka (a member of the group), simulator, a file, or "-".
Result<Input> open_consume_input(const Args& args, const kafka::Settings& settings, const VisitorOptions& visitors,
                                 Timestamp now, const Stopping& stopping);

/// For `stats`: kafka (the topic up to now, or with `follow` for ever), files, or "-".
Result<Input> open_stats_input(const Args& args, const kafka::Settings& settings, Timestamp now, bool follow);

}  // namespace clickstream::cli
