// --input: the source that a command reads, with what its views need to know of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/args.h"
#include "cli/options.h"
#include "cli/state_options.h"
#include "clickstream/source.h"
#include "clickstream/stop.h"
#include "kafka/checkpoint_reader.h"
#include "kafka/checkpoint_writer.h"
#include "kafka/grouped_source.h"
#include "kafka/span.h"

namespace clickstream::cli {

struct Input {
  std::unique_ptr<Source> source;
  bool bounded = false;  ///< it has an end, at which every session closes
  std::string topic;     ///< empty where there is none
  std::string group;
  std::optional<Partitioning> partitioning;  ///< absent where there are no keys
  std::function<double()> progress;          ///< share of a bounded input that has been read; may be absent
  // Of a group's topic. The first refers to the source; the others are there where state is kept.
  kafka::GroupedSource* grouped = nullptr;
  std::unique_ptr<kafka::CheckpointWriter> writer;
  std::unique_ptr<kafka::CheckpointReader> reader;
};

/// For `consume`: kafka (a member of the group), simulator, a file, or "-". What it waits for before there is a source
/// is told to `waiting`.
Result<Input> open_consume_input(const Args& args, const kafka::Settings& settings, const VisitorOptions& visitors,
                                 const EngineOptions& engine, const StateOptions& state, Timestamp now,
                                 const std::function<void(const std::string&)>& waiting, const Stopping& stopping);

/// For `stats`: kafka (the span of the topic), files, or "-".
Result<Input> open_stats_input(const Args& args, const kafka::Settings& settings, const EngineOptions& engine,
                               const kafka::Span& span, Timestamp now);

}  // namespace clickstream::cli
