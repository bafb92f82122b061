#include "cli/input.h"

#include "cli/group_input.h"
#include "cli/partitioning.h"
#include "cli/signals.h"
#include "input/file_source.h"
#include "input/read_ahead.h"
#include "input/simulator_source.h"
#include "kafka/topic_source.h"

namespace clickstream::cli {
namespace {

Result<Input> open_files(const std::vector<std::string>& paths, Timestamp now) {
  auto source = input::FileSource::open(paths, now);
  if (!source) return unexpected(source.error());
  Input result;
  result.bounded = true;
  const bool live = (*source)->live();
  auto ahead = std::make_unique<input::ReadAhead>(std::move(*source));
  if (!live) result.progress = [files = ahead.get()] { return files->progress(); };
  result.source = std::move(ahead);
  return result;
}

}  // namespace

Result<Input> open_consume_input(const Args& args, const kafka::Settings& settings, const VisitorOptions& visitors,
                                 const EngineOptions& engine, const StateOptions& state, Timestamp now,
                                 const std::function<void(const std::string&)>& waiting, const Stopping& stopping) {
  const std::string& where = args.get("input");
  if (where == "kafka") return open_group_input(args, settings, engine, state, now, waiting, stopping);
  if (where != "simulator") return open_files({where}, now);
  Input result;
  result.source = std::make_unique<input::SimulatorSource>(visitors.config, visitors.speed);
  return result;
}

Result<Input> open_stats_input(const Args& args, const kafka::Settings& settings, const EngineOptions& engine,
                               const kafka::Span& span, Timestamp now) {
  if (!args.positional().empty()) return open_files(args.positional(), now);
  if (args.get("input") != "kafka") return open_files({args.get("input")}, now);
  Input result;
  result.bounded = span.to.has_value();
  result.topic = args.get("topic");
  auto source = kafka::TopicSource::connect(settings, result.topic, span, now, stop_requested);
  if (!source) return unexpected(source.error());
  result.partitioning = engine.partitioning;
  if (!result.partitioning) {
    const auto judged = judge_partitioning(
        settings, result.topic, result.bounded, engine.max_ahead, [] {}, stop_requested);
    if (!judged) return unexpected(judged.error());
    result.partitioning = *judged;
  }
  if (result.bounded) result.progress = [topic = source->get()] { return topic->progress(); };
  result.source = std::move(*source);
  return result;
}

}  // namespace clickstream::cli
