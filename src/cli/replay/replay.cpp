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
#include "cli/replay/topic_input.h"
#include "cli/signals.h"
#include "render/number.h"
#include "render/utc.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

struct OpenedInput {
  std::unique_ptr<RecordedInput> input;
  TopicInput* topic = nullptr;  // the same, if it is one
};

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

Result<OpenedInput> open_input(const kafka::Settings& settings, const ReplayOptions& options) {
  OpenedInput opened;
  if (!options.from_topic.empty()) {
    auto topic = TopicInput::open(settings, options.from_topic, options.range, options.recording.max_ahead,
                                  options.recording.now, stop_requested);
    if (!topic) return unexpected(topic.error());
    opened.topic = topic->get();
    opened.input = std::move(*topic);
    return opened;
  }
  if (options.paths.empty()) {
    return fail(Exit::usage, "what is to be replayed? Name a FILE, - for standard input, or --from-topic");
  }
  auto input = FileInput::open(options.paths, options.format, options.recording, stop_requested);
  if (!input) return unexpected(input.error());
  opened.input = std::move(*input);
  return opened;
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

// The same for a topic, of which the other run does not read again what was sent: events are shifted so that the first
// one that was not happens when it would have.
std::string resume_text(TopicInput& input, const Player& player) {
  std::string text = fmt::format("stopped after {} event{}; go on with {}", render::grouped(player.sent()),
                                 player.sent() == 1 ? "" : "s", input.resume_options(!player.at_hand()));
  if (!player.rebased_to()) return text;
  auto time = player.at_hand();
  formats::Recorded next;
  if (!time && input.next(next, 1s) == RecordedInput::Next::event) time = next.event.timestamp + player.shift();
  return time ? text + " --rebase " + render::exact_seconds(time->time_since_epoch()) : text;
}

}  // namespace

Command replay_command() {
  return {"replay",
          "publish recorded events at their own pace, or faster",
          "[FILE…]",
          "Reads the files one after the other (.gz, .zst too; - is standard input), or a range of a topic, and\n"
          "sends the events in order, with the gaps that they had. Each event is keyed by its user. Creates the\n"
          "topic if it is not there.",
          "  clickstream replay events.ndjson                      as it was\n"
          "  clickstream replay events.ndjson --speed 60 --rebase now\n"
          "  clickstream replay access.log.gz --speed max --rejects rejects.log\n"
          "                                                        a web server's log, at once\n"
          "  clickstream replay --from-topic raw --to-topic user-events --speed max\n"
          "                                                        a topic without keys, with keys\n"
          "  clickstream replay --from-topic user-events --from -1h --to-topic test --rebase now\n"
          "                                                        the last hour, again\n"
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

  auto opened = open_input(*settings, options);
  if (!opened) return unexpected(opened.error());
  RecordedInput& input = *opened->input;
  auto rejects = Rejects::open(options.rejects, options.resume.has_value(), log);
  if (!rejects) return unexpected(rejects.error());
  auto output = open_output(*settings, options, log);
  if (!output) return unexpected(output.error());

  Player player(input, **output, *rejects, options, log);
  const auto played = player.run([&](Timestamp first) {
    log(LogLevel::info, fmt::format("sending events from {} on", render::rfc3339(first)));
    if (options.output == "kafka") warn_of_newer_events(*settings, options.topic.name, first, "--rebase now", log);
  });
  const auto finished = (*output)->finish();
  const auto flushed = rejects->flush();
  const bool pipe_closed = !played && played.error().code == Exit::done;
  if (!pipe_closed) {
    log(LogLevel::info,
        account_text({input.tally(), input.unit(), player.sent(), player.skipped(), rejects->by_reason()}));
  }
  if (!finished) return unexpected(finished.error());
  if (!played) return unexpected(played.error());
  if (!flushed) return unexpected(flushed.error());
  if (*played) return 0;
  log(LogLevel::warn, opened->topic != nullptr ? resume_text(*opened->topic, player) : resume_text(input, player));
  return 128 + stop_signal();
}

}  // namespace clickstream::cli
