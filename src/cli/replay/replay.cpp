// replay: publish recorded events at their own pace.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/event_output.h"
#include "cli/newer_events.h"
#include "cli/options.h"
#include "cli/replay/account.h"
#include "cli/replay/file_input.h"
#include "cli/replay/player.h"
#include "cli/replay/rejects.h"
#include "cli/replay/replay_options.h"
#include "cli/signals.h"
#include "render/number.h"
#include "render/utc.h"

namespace clickstream::cli {
namespace {

// To write into what is being read would destroy it.
Result<void> check_apart(const ReplayOptions& options) {
  const auto same = [](const std::string& a, const std::string& b) {
    std::error_code unknown;  // whoever opens it will say it better
    return !a.empty() && std::filesystem::is_regular_file(a, unknown) && std::filesystem::equivalent(a, b, unknown);
  };
  for (const std::string& path : options.paths) {
    if (same(options.rejects, path)) return fail(Exit::usage, "--rejects: " + path + " is what is read");
    if (same(options.output, path)) return fail(Exit::usage, "--output: " + path + " is what is read");
  }
  if (same(options.rejects, options.output)) return fail(Exit::usage, "--rejects: is the same file as --output");
  return {};
}

Result<std::unique_ptr<RecordedInput>> open_input(const ReplayOptions& options) {
  if (options.paths.empty()) return fail(Exit::usage, "what is to be replayed? Name a FILE, or - for standard input");
  auto input = FileInput::open(options.paths, options.format, options.recording, stop_requested);
  if (!input) return unexpected(input.error());
  return std::move(*input);
}

Result<std::unique_ptr<EventOutput>> open_output(const kafka::Settings& settings, const ReplayOptions& options,
                                                 const Log& log) {
  if (options.output != "kafka") return open_file_output(options.output, options.resume.has_value());
  auto producer = kafka::Producer::connect(settings, options.topic, stop_requested);
  if (!producer) return unexpected(producer.error());
  // At full speed a full queue is as it should be.
  return make_kafka_output(
      std::move(*producer), options.speed ? log : [](LogLevel, std::string_view) {});
}

// Where a stopped run can go on, for a person.
std::string resume_text(const RecordedInput& input, const Player& player) {
  const ResumeAt position = player.position();
  std::string text = fmt::format("stopped at {}, after {} event{}; go on with --resume {}:{}", input.position(),
                                 render::grouped(position.events), position.events == 1 ? "" : "s", position.events,
                                 position.rejections);
  if (const auto first = player.rebased_to()) {
    text += " --rebase " + render::exact_seconds(first->time_since_epoch());
  }
  return text;
}

}  // namespace

Command replay_command() {
  return {"replay",
          "publish recorded events at their own pace, or faster",
          "FILE…",
          "Reads the files one after the other (.gz, .zst too; - is standard input), and sends their events in\n"
          "order, with the gaps that they had. Each event is keyed by its user. Creates the topic if it is not\n"
          "there.",
          "  clickstream replay events.ndjson                      as it was\n"
          "  clickstream replay events.ndjson --speed 60 --rebase now\n"
          "  clickstream replay access.log.gz --speed max --rejects rejects.log\n"
          "                                                        a web server's log, at once\n"
          "  clickstream replay visits.csv --map user_id=visitor,page=url\n"
          "  clickstream replay access.log --speed max --output events.ndjson\n"
          "                                                        no broker at all\n"
          "  tail -F access.log | clickstream replay - --input-format combined\n",
          replay_option_groups()};
}

Result<int> replay(const Args& args) {
  Values values(args);
  const LogOptions log_choice = read_log_options(args, values);
  ReplayOptions options = read_replay_options(args, values);
  if (values.failure()) return unexpected(*values.failure());
  const auto logger = Logger::open(log_choice);
  if (!logger) return unexpected(logger.error());
  const Log log = logger->say();
  const auto settings = read_kafka_settings(args, values, log);
  if (!settings) return unexpected(settings.error());
  if (values.failure()) return unexpected(*values.failure());
  if (auto apart = check_apart(options); !apart) return unexpected(apart.error());

  auto input = open_input(options);
  if (!input) return unexpected(input.error());
  auto rejects = Rejects::open(options.rejects, options.resume.has_value(), log);
  if (!rejects) return unexpected(rejects.error());
  auto output = open_output(*settings, options, log);
  if (!output) return unexpected(output.error());

  Player player(**input, **output, *rejects, options, log);
  const auto played = player.run([&](Timestamp first) {
    log(LogLevel::info, fmt::format("sending events from {} on", render::rfc3339(first)));
    if (options.output == "kafka") warn_of_newer_events(*settings, options.topic.name, first, "--rebase now", log);
  });
  const auto finished = (*output)->finish();
  const auto flushed = rejects->flush();
  const bool pipe_closed = !played && played.error().code == Exit::done;
  if (!pipe_closed) {
    log(LogLevel::info,
        account_text({(*input)->tally(), (*input)->unit(), player.sent(), player.skipped(), rejects->by_reason()}));
  }
  if (!finished) return unexpected(finished.error());
  if (!played) return unexpected(played.error());
  if (!flushed) return unexpected(flushed.error());
  if (*played) return 0;
  log(LogLevel::warn, resume_text(**input, player));
  return 128 + stop_signal();
}

}  // namespace clickstream::cli
