// produce: simulate visitors, publish their events.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/event_output.h"
#include "cli/fault_options.h"
#include "cli/newer_events.h"
#include "cli/options.h"
#include "cli/result_file.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "cli/window_option.h"
#include "clickstream/traffic.h"
#include "input/pacer.h"
#include "render/json.h"
#include "render/utc.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

constexpr double kLongestMicros = 3660 * 86400e6;  // ten years, as for durations

struct ProduceOptions {
  VisitorOptions visitors;
  Faults faults;
  std::int64_t count = 0;          // of events, without what faults add; 0: no limit
  std::optional<Timestamp> end;    // of simulated time, where one was given
  std::optional<Duration> length;  // of simulated time, where it is known: about, if it is the count's
  std::string output;
  std::string truth;
  kafka::TopicSpec topic;

  bool bounded() const { return count > 0 || length.has_value(); }
};

Result<ProduceOptions> read_options(const Args& args, Values& values) {
  ProduceOptions options;
  auto visitors = read_visitor_options(args, values);
  if (!visitors) return unexpected(visitors.error());
  options.visitors = std::move(*visitors);
  SimulatorConfig& config = options.visitors.config;
  config.gap = values.duration("gap");
  config.windows = read_windows(args, values);
  if (args.given("count")) {
    options.count = values.integer("count", 1, INT64_MAX);
    const double micros =
        static_cast<double>(options.count) * 1e12 / static_cast<double>(config.events_per_million_seconds);
    if (micros > kLongestMicros) values.reject("count", "takes longer than ten years at this rate");
    options.length = Duration{static_cast<std::int64_t>(std::min(micros, kLongestMicros)) + 1};
  }
  const auto wanted = args.given("for") ? std::optional(values.duration("for")) : std::nullopt;
  if (wanted) options.length = std::min(options.length.value_or(*wanted), *wanted);
  const Timestamp now = wall_clock();
  if (args.given("start")) {
    config.start = read_event_time(values, "start", now);
  } else if (options.visitors.speed == input::kRealTime) {
    config.start = now;
  } else {
    config.start = options.length ? now - *options.length : kEndlessStart;
  }
  if (wanted) options.end = config.start + *wanted;
  options.faults = read_faults(values, config);
  options.output = args.get("output");
  options.truth = args.get("truth");
  options.topic.name = args.get("topic");
  options.topic.partitions = static_cast<int>(values.integer("partitions", 1, 100'000));
  options.topic.replication_factor = static_cast<int>(values.integer("replication-factor", -1, 100));
  return options;
}

Result<std::unique_ptr<EventOutput>> open_output(const kafka::Settings& settings, const ProduceOptions& options,
                                                 const Log& log) {
  if (options.output != "kafka") return open_file_output(options.output);
  auto producer = kafka::Producer::connect(settings, options.topic, stop_requested);
  if (!producer) return unexpected(producer.error());
  if (!stop_requested()) {
    warn_of_newer_events(settings, options.topic.name, options.visitors.config.start, "--start now", log);
  }
  return make_kafka_output(std::move(*producer), log);
}

Result<void> send(const TrafficRecord& record, EventOutput& output) {
  const auto taken = output.send(record.key, record.document);
  if (!taken) return unexpected(taken.error());
  if (!*taken) return fail(Exit::undelivered, "stopped while the send queue was full");
  return {};
}

// Lets traffic flow until the options' bounds or a signal, and sends what is still held then.
Result<void> run(Traffic& traffic, EventOutput& output, const ProduceOptions& options, const Log& log) {
  const Timestamp start = options.visitors.config.start;
  const input::Pacer pacer(start, options.visitors.speed);
  const auto limit = static_cast<std::uint64_t>(options.count);
  ProgressBar bar;
  const std::uint64_t& events = traffic.events().counted;
  // Not where the events themselves come to the terminal.
  const bool visible = options.bounded() && !(options.output == "-" && stdout_is_terminal());
  const auto show_progress = [&](Timestamp next) {
    if (!visible) return;
    const double by_count = limit == 0 ? 0 : static_cast<double>(events) / static_cast<double>(limit);
    const double by_time = static_cast<double>((next - start).count()) / static_cast<double>(options.length->count());
    bar.show(std::max(by_count, options.end ? by_time : 0), fmt::format("{} events", events));
  };
  Timestamp next_warning = pacer.now() + 5s;
  while (!stop_requested() && (limit == 0 || events < limit)) {
    const Timestamp next = traffic.next_time();
    if (options.end && next >= *options.end) break;
    const Timestamp due = pacer.due(next);
    const Timestamp now = pacer.now();
    if (now < due) {
      show_progress(next);
      if (auto waited = output.wait(std::min<Duration>(due - now, 100ms)); !waited) return unexpected(waited.error());
      continue;
    }
    if (options.visitors.speed && now > next_warning && now - due > 2s) {
      next_warning = now + 10s;
      log(LogLevel::warn,
          fmt::format("{:.0f} s behind: visitors are simulated or sent more slowly than --rate asks for",
                      std::chrono::duration<double>(now - due).count()));
    }
    const auto record = traffic.next();
    if (!record) continue;
    if (auto taken = send(*record, output); !taken) return taken;
    if (traffic.events().consumed % 64 == 0) show_progress(next);
  }
  while (const auto record = traffic.next_held()) {
    if (auto taken = send(*record, output); !taken) return taken;
  }
  return {};
}

std::string what_was_sent(const EventCounts& events, bool faults, double seconds) {
  const double rate = static_cast<double>(events.consumed) / std::max(seconds, 1e-9);
  std::string said = fmt::format("sent {} {} in {:.1f} s ({:.0f}/s), all delivered", events.consumed,
                                 faults ? "records" : "events", seconds, rate);
  if (faults) {
    said += fmt::format(": {} events, {} duplicate, {} late, {} malformed", events.counted, events.duplicate,
                        events.late, events.malformed_total());
  }
  return said;
}

}  // namespace

Command produce_command() {
  OptionGroup visitors{"Visitors", visitor_options()};
  visitors.options.push_back(
      {"start", 0, "MOMENT", "",
       "start of simulated time: ISO 8601, epoch seconds, now or -1h (now; at another speed than "
       "1: so that the run ends now, or 2024-01-01 for an endless one)"});
  visitors.options.push_back({"count", 0, "N", "", "stop after so many events, without what faults add"});
  visitors.options.push_back({"for", 0, "DURATION", "", "stop after so much simulated time"});
  OptionGroup output{"Output",
                     {{"output", 0, "kafka|FILE|-", "kafka", "a topic, a file of JSON lines, or standard output"},
                      {"truth", 0, "FILE", "", "write the right answer, for `stats --expect`"},
                      {"gap", 0, "DURATION", "30m", "what --truth takes for a session's end"},
                      {"lateness", 0, "DURATION", "10s", "how late an event may come: faults keep within it"},
                      window_option()}};
  OptionGroup kafka = kafka_options();
  kafka.options.push_back({"partitions", 0, "N", "3", "of the topic, where it has to be created"});
  kafka.options.push_back({"replication-factor", 0, "N", "-1", "of the topic; -1: the broker's default"});
  return {"produce",
          "simulate visitors, publish their events",
          "",
          "Runs until stopped, or for --count events or --for a time. Each event is keyed by its user, so that\n"
          "a user's events stay in order in one partition. Creates the topic if it does not exist.",
          "  clickstream produce --rate 500                        500 events a second, for ever\n"
          "  clickstream produce --count 10                        a first try\n"
          "  clickstream produce --rate 0 --count 1000000 --seed 7 --truth t.json\n"
          "                                                        a million events, and the right answer\n"
          "  clickstream produce --duplicates 1% --disorder 5s --late 0.1% --malformed 0.1% --truth t.json\n"
          "                                                        what real traffic is like\n"
          "  clickstream produce --output - --count 1000 | head    no broker at all\n",
          {std::move(visitors), fault_options(), std::move(output), std::move(kafka), log_options()}};
}

Result<int> produce(const Args& args) {
  Values values(args);
  const LogOptions log_choice = read_log_options(args, values);
  const auto options = read_options(args, values);
  if (!options) return unexpected(options.error());
  if (values.failure()) return unexpected(*values.failure());
  const auto logger = Logger::open(log_choice);
  if (!logger) return unexpected(logger.error());
  const Log log = logger->say();
  const auto settings = read_kafka_settings(args, values, log);
  if (!settings) return unexpected(settings.error());
  if (values.failure()) return unexpected(*values.failure());
  if (!options->truth.empty()) {
    if (auto writable = check_writable(options->truth); !writable) return unexpected(writable.error());
  }

  auto output = open_output(*settings, *options, log);
  if (!output) return unexpected(output.error());
  log(LogLevel::info, fmt::format("simulating visitors from {} on, --seed {}",
                                  render::rfc3339(options->visitors.config.start), options->visitors.config.seed));
  Traffic traffic(options->visitors.config, options->faults);
  const auto begin = std::chrono::steady_clock::now();
  const auto sent = run(traffic, **output, *options, log);
  auto finished = (*output)->finish();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  if (!options->truth.empty()) {
    Snapshot truth;
    truth.as_of = wall_clock();
    truth.total = traffic.truth();
    if (auto written = write_whole(options->truth, render::stats_json(truth)); !written) {
      return unexpected(written.error());
    }
  }
  if (!finished) return unexpected(finished.error());
  if (!sent) return unexpected(sent.error());
  log(LogLevel::info, what_was_sent(traffic.events(), options->faults.any(), seconds));
  return stop_requested() && options->bounded() ? 128 + stop_signal() : 0;
}

}  // namespace clickstream::cli
