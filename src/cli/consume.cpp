// consume: compute the metrics live; console block every few seconds, HTTP for Prometheus and people.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/counting/decode_ahead.h"
#include "cli/dead_letters.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/outlets.h"
#include "cli/published.h"
#include "cli/remarks.h"
#include "cli/routes.h"
#include "cli/screen.h"
#include "cli/signals.h"
#include "cli/sink_options.h"
#include "cli/state/state_keeper.h"
#include "cli/state/stateless_keeper.h"
#include "cli/state_options.h"
#include "cli/terminal.h"
#include "clickstream/engine_set.h"
#include "http/server.h"
#include "render/console.h"
#include "render/json.h"

namespace clickstream::cli {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kPublishEvery = 250ms;
constexpr Duration kPoll = 100ms;
constexpr Duration kMoment = 5ms;
constexpr const char* kHeading = "📊 Metrics Consumer started with Prometheus exporter...\n";

struct ConsumeOptions {
  EngineOptions engine;
  StateOptions state;
  Duration interval{};
  bool json = false;
};

// source -> decode -> engine -> views: the whole pipeline.
class Pipeline {
 public:
  Pipeline(Input input, Outlets outlets, const ConsumeOptions& options, const Logger& logger, Published& published)
      : input_(std::move(input)),
        outlets_(std::move(outlets)),
        options_(options),
        logger_(logger),
        published_(published),
        engines_(options.engine.config, input_.partitioning),
        decoding_(options.engine.max_ahead, engines_),
        keeper_(make_keeper()),
        remarks_(logger.say()),
        screen_(!options.json, render::Overlong::fold) {}

  /// Until the end of a bounded input, or a signal; `stopping` is a sign of life, too.
  Result<void> run(const Stopping& stopping) {
    Batch batch;
    publish();
    while (!stop_requested() && !batch.at_end) {
      if (auto polled = poll(batch); !polled) return polled;
      if (auto applied = apply(batch); !applied) return applied;
      const auto now = steady_clock::now();
      if (now >= next_publication_) publish();
      if (options_.interval > 0s && now >= next_block_) {
        if (auto shown = show(); !shown) return shown;
      }
      if (auto refreshed = screen_.refresh(); !refreshed) return refreshed;
      if (input_.progress) bar_.show(input_.progress(), "");
    }
    if (auto finished = keeper_->finish(batch.at_end, stopping); !finished) return finished;
    closed_ = batch.at_end;
    if (auto shown = show(); !shown) return shown;
    return screen_.finish();
  }

 private:
  std::unique_ptr<Keeper> make_keeper() {
    if (!input_.writer) {
      return std::make_unique<StatelessKeeper>(engines_, input_.grouped, input_.partitioning == Partitioning::unkeyed,
                                               outlets_, logger_.say());
    }
    StateKeeper::Options options{rules_of(options_.engine, *input_.partitioning), input_.topic, options_.state.rebuild,
                                 options_.state.checkpoint_interval};
    return std::make_unique<StateKeeper>(std::move(options), engines_, *input_.grouped, std::move(input_.writer),
                                         std::move(input_.reader), outlets_, logger_.say());
  }

  // Of records, none while a sink has too much to do.
  Result<void> poll(Batch& batch) {
    const bool full = outlets_.is_full();
    if (input_.grouped != nullptr) {
      input_.grouped->pause(full);
    } else if (full) {
      batch.clear();
      outlets_.wait_for_rows(kPoll);
      return {};
    }
    return input_.source->poll(batch, keeper_->taking_over() ? kMoment : kPoll);
  }

  Result<void> apply(const Batch& batch) {
    decoding_.begin(batch.records);
    for (const Record& record : batch.records) {
      const bool is_new = keeper_->is_new(record);
      const Verdict verdict = engines_.apply(record, decoding_.next());
      if (verdict.fate == Fate::malformed) {
        remarks_.malformed(record, verdict.reason, input_.topic);
        if (is_new) outlets_.put_malformed(record, verdict.reason);
      } else if (verdict.fate == Fate::late && is_new) {
        outlets_.put_late(record);
      }
    }
    return keeper_->after(batch);
  }

  const Snapshot& publish() {
    // At the end of a bounded input everything is closed, which no state has in it: more may come.
    auto snapshot =
        std::make_shared<Snapshot>(closed_ ? engines_.snapshot(wall_clock()) : keeper_->published(wall_clock()));
    snapshot->topic = input_.topic;
    snapshot->group = input_.group;
    snapshot->whole_topic = input_.partitioning == Partitioning::unkeyed;
    outlets_.show(*snapshot);
    if (input_.grouped != nullptr) snapshot->rebalances = input_.grouped->rebalances();
    snapshot_ = snapshot;
    published_.set(std::move(snapshot), keeper_->waiting_for());
    remarks_.watch_keys(snapshot_->total);
    const auto now = steady_clock::now();
    next_publication_ = now + kPublishEvery;
    if (now >= next_late_check_) {
      next_late_check_ = now + 1s;
      remarks_.watch_late(snapshot_->total, now);
    }
    return *snapshot_;
  }

  // The console block, of figures that HTTP shows too.
  Result<void> show() {
    const Snapshot& snapshot = publish();
    const auto now = steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_block_).count();
    const auto consumed = snapshot.total.events.consumed;
    const double rate = consumed < last_consumed_ ? 0 : static_cast<double>(consumed - last_consumed_) / seconds;
    // A block that takes the place of the one before, a moment later, does not say less.
    auto busiest = engines_.take_busiest();
    if (screen_.in_place() && busiest.empty()) busiest = std::move(last_busiest_);
    last_busiest_ = busiest;
    last_block_ = now;
    last_consumed_ = consumed;
    next_block_ = now + options_.interval;
    bar_.clear();
    logger_.note(render::summary_line(snapshot, rate, snapshot.lag()));
    if (options_.json) return screen_.draw(render::stats_json(snapshot, true));
    return screen_.draw(
        render::console_block({snapshot, std::move(busiest), options_.engine.config.busiest, rate, snapshot.lag()}));
  }

  Input input_;
  Outlets outlets_;
  ConsumeOptions options_;
  const Logger& logger_;
  Published& published_;
  EngineSet engines_;
  DecodeAhead decoding_;
  std::unique_ptr<Keeper> keeper_;
  Remarks remarks_;
  Screen screen_;
  ProgressBar bar_;
  std::shared_ptr<const Snapshot> snapshot_;
  steady_clock::time_point next_publication_{};
  steady_clock::time_point next_late_check_{};
  steady_clock::time_point last_block_ = steady_clock::now();
  steady_clock::time_point next_block_ = last_block_ + options_.interval;
  std::uint64_t last_consumed_ = 0;
  std::vector<Session> last_busiest_;
  bool closed_ = false;
};

Result<std::unique_ptr<http::Server>> start_server(const Args& args, Values& values, const Published& published,
                                                   const Log& log) {
  if (args.get("metrics-port") == "none") return nullptr;
  const auto port = static_cast<int>(values.integer("metrics-port", 0, 65535));
  if (values.failure()) return unexpected(*values.failure());
  const std::string& address = args.get("listen");
  auto server = http::Server::start(address, port, consumer_routes(published));
  if (server) {
    const bool is_ipv6 = address.find(':') != std::string::npos;
    const std::string url = fmt::format("http://{}:{}", is_ipv6 ? "[" + address + "]" : address, (*server)->port());
    log(LogLevel::info, fmt::format("live page at {0}, metrics at {0}/metrics", url));
  }
  return server;
}

}  // namespace

Command consume_command() {
  OptionGroup input{"Input", {}};
  input.options = {{"input", 0, "WHERE", "kafka", "kafka, simulator, a FILE of JSON lines (.gz, .zst too), or -"},
                   {"until-end", 'e', "", "", "stop at the end offsets that the topic has at the start"}};
  OptionGroup output{"Output",
                     {{"metrics-port", 0, "PORT", "8000", "HTTP port; 0: any free one, none: no HTTP"},
                      {"listen", 0, "ADDRESS", "127.0.0.1", "HTTP address"},
                      {"interval", 0, "DURATION", "5s", "time between two blocks on standard output; 0: only the last"},
                      {"format", 'o', "FORMAT", "table", "of these blocks: table, or json (an object a line)"},
                      {"dead-letter", 0, "WHERE", "",
                       "what is malformed or late: a TOPIC (TOPIC-dead-letter, with state), "
                       "file:PATH or none"}}};
  OptionGroup kafka = kafka_options();
  kafka.options.insert(kafka.options.begin() + 2, {"group", 'g', "GROUP", "clickstream", "the consumer group"});
  return {"consume",
          "compute the metrics live, for a terminal and for Prometheus",
          "",
          "A new group starts at the topic's earliest offset. Checkpoints in a topic of their own let every\n"
          "start go on where the group was, however it ended; what is shown never falls. A file or pipe is\n"
          "read to its end. SIGINT and SIGTERM save, print a last block and end.",
          "  clickstream consume --metrics-port 8000               the topic user-events of localhost:9092\n"
          "  clickstream consume --input simulator --rate 2000     no broker at all\n"
          "  clickstream consume -b kafka:9092 -t clicks -F client.properties\n"
          "  clickstream consume --until-end --metrics-port none   the figures up to now, then end\n"
          "  clickstream consume --input events.ndjson.gz -o json\n",
          {std::move(input),
           std::move(output),
           engine_options("200"),
           state_options(),
           sink_options(),
           std::move(kafka),
           {"Visitors of --input simulator", visitor_options()},
           log_options()}};
}

Result<int> consume(const Args& args) {
  Values values(args);
  const LogOptions log_choice = read_log_options(args, values);
  ConsumeOptions options{read_engine_options(args, values), read_state_options(args, values),
                         values.duration("interval"), values.word("format", {"table", "json"}) == "json"};
  const SinkChoice sink_choice = read_sinks(args, values);
  const DeadLetterTarget dead_letter = read_dead_letter(args, values, options.state);
  auto visitors = read_visitor_options(args, values);
  if (!visitors) return unexpected(visitors.error());
  if (values.failure()) return unexpected(*values.failure());
  const auto logger = Logger::open(log_choice);
  if (!logger) return unexpected(logger.error());
  const Log log = logger->say();
  const auto settings = read_kafka_settings(args, values, log);
  if (!settings) return unexpected(settings.error());
  if (values.failure()) return unexpected(*values.failure());

  Published published;
  const auto server = start_server(args, values, published, log);
  if (!server) return unexpected(server.error());
  if (!options.json) {
    if (auto written = write_out(kHeading); !written) return unexpected(written.error());
  }
  const Timestamp now = wall_clock();
  visitors->config.start = visitors->speed == input::kRealTime ? now : kEndlessStart;
  const Stopping stopping = [&published] {
    published.beat();
    return stop_requested();
  };
  const bool reads_kafka = args.get("input") == "kafka";
  const RowSource rows_of{args.get(reads_kafka ? "topic" : "input"), reads_kafka ? args.get("group") : ""};
  auto sinks = open_sinks(sink_choice, rows_of, settings->connect_timeout == 0s, log, stopping);
  if (!sinks && stop_requested()) return 0;
  if (!sinks) return unexpected(sinks.error());
  const auto waiting = [&published](const std::string& what) { published.set(std::make_shared<Snapshot>(), what); };
  auto input = open_consume_input(args, *settings, *visitors, options.engine, options.state, now, waiting, stopping);
  if (!input) return unexpected(input.error());
  // A state does not hold all users there ever were.
  options.engine.config.count_users = input->bounded && !input->writer;
  const std::string source = input->topic.empty() ? args.get("input") : input->topic;
  auto dead_letters = open_dead_letters(dead_letter, source, *settings, options.state.replication_factor, stopping);
  if (!dead_letters) return unexpected(dead_letters.error());
  options.engine.config.give_rows = !sinks->empty();
  Outlets outlets(std::move(*dead_letters), std::move(*sinks), log);
  auto ended = Pipeline(std::move(*input), std::move(outlets), options, *logger, published).run(stopping);
  if (!ended) return unexpected(ended.error());
  return 0;
}

}  // namespace clickstream::cli
