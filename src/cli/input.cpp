#include "cli/input.h"

#include "cli/signals.h"
#include "input/file_source.h"
#include "input/simulator_source.h"
#include "kafka/group_source.h"
#include "kafka/topic_source.h"

namespace clickstream::cli {
namespace {

Result<Input> open_files(const std::vector<std::string>& paths, Timestamp now) {
  auto source = input::FileSource::open(paths, now);
  if (!source) return unexpected(source.error());
  Input result;
  result.bounded = true;
  if (!(*source)->live()) result.progress = [files = source->get()] { return files->progress(); };
  result.source = std::move(*source);
  return result;
}

}  // namespace

Result<Input> open_consume_input(const Args& args, const kafka::Settings& settings, const VisitorOptions& visitors,
                                 Timestamp now, const Stopping& stopping) {
  const std::string& where = args.get("input");
  if (where == "simulator") {
    Input result;
    result.source = std::make_unique<input::SimulatorSource>(visitors.config, visitors.speed);
    return result;
  }
  if (where != "kafka") return open_files({where}, now);
  const kafka::GroupOptions options{args.get("topic"), args.get("group"), args.given("until-end")};
  auto source = kafka::GroupSource::connect(settings, options, now, stopping);
  if (!source) return unexpected(source.error());
  Input result;
  result.bounded = options.until_end;
  result.topic = options.topic;
  result.group = options.group;
  const kafka::GroupSource* group = source->get();
  result.lag = [group](std::int32_t partition) { return group->lag(partition); };
  result.rebalances = [group] { return group->rebalances(); };
  result.waiting_for = [group] { return group->waiting_for(); };
  if (options.until_end) result.progress = [group] { return group->progress(); };
  result.source = std::move(*source);
  return result;
}

Result<Input> open_stats_input(const Args& args, const kafka::Settings& settings, Timestamp now, bool follow) {
  if (!args.positional().empty()) return open_files(args.positional(), now);
  if (args.get("input") != "kafka") return open_files({args.get("input")}, now);
  auto source = kafka::TopicSource::connect(settings, args.get("topic"), follow, now, stop_requested);
  if (!source) return unexpected(source.error());
  Input result;
  result.bounded = !follow;
  result.topic = args.get("topic");
  if (!follow) result.progress = [topic = source->get()] { return topic->progress(); };
  result.source = std::move(*source);
  return result;
}

}  // namespace clickstream::cli
