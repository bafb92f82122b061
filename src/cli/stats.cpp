// stats: one table of the metrics, of files, of a topic up to now, or of a running consumer.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>

#include "cli/commands.h"
#include "cli/counting/shared_engines.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/range_options.h"
#include "cli/remarks.h"
#include "cli/result_file.h"
#include "cli/screen.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "cli/version.h"
#include "http/client.h"
#include "render/csv.h"
#include "render/expect.h"
#include "render/json.h"
#include "render/prometheus.h"
#include "render/table.h"

namespace clickstream::cli {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr Duration kPoll = 100ms;
constexpr auto kWatchEvery = 2s;
constexpr Duration kUrlTimeout = 10s;
constexpr std::size_t kFigureColumns = 22;  // of a page
constexpr std::size_t kNarrowestPage = 8;

struct StatsOptions {
  EngineOptions engine;
  std::string format;
  bool watch = false;
  std::optional<std::string> expect;  // the expected figures' text
};

std::string rendered(const Snapshot& snapshot, const StatsOptions& options,
                     std::size_t widest_page = render::kWidestPage) {
  if (options.format == "json") return render::stats_json(snapshot, options.watch);
  if (options.format == "csv") return render::stats_csv(snapshot);
  if (options.format == "prom") {
    return render::prometheus_text(snapshot, {version(), kafka::library_version(), std::nullopt});
  }
  return render::stats_table(snapshot, options.engine.config.busiest, widest_page);
}

// One of a series. Pages' names leave room for their figures on a terminal.
Result<void> redraw(Screen& screen, const Snapshot& snapshot, const StatsOptions& options) {
  if (!screen.in_place()) return screen.draw(rendered(snapshot, options));
  const std::size_t columns = std::max(screen.columns(), kFigureColumns + kNarrowestPage);
  return screen.draw(rendered(snapshot, options, std::min(columns - kFigureColumns, render::kWidestPage)));
}

// Adds up what the input holds; a signal cuts it short.
Result<Snapshot> read_input(Input& input, const StatsOptions& options, Screen& screen, const Log& log) {
  EngineConfig config = options.engine.config;
  config.busiest = 0;  // no table shows them
  SharedEngines engines(config, input.partitioning, options.engine.max_ahead);
  Remarks remarks(log);
  ProgressBar bar;
  Batch batch;
  auto next_draw = steady_clock::now() + kWatchEvery;
  while (!batch.at_end && !stop_requested()) {
    if (auto polled = input.source->poll(batch, kPoll); !polled) return unexpected(polled.error());
    engines.count(batch.records,
                  [&](const Record& record, Malformed reason) { remarks.malformed(record, reason, input.topic); });
    for (const auto partition : batch.assigned) engines.assign(partition);
    if (options.watch && steady_clock::now() >= next_draw) {
      next_draw += kWatchEvery;
      bar.clear();
      if (auto drawn = redraw(screen, engines.snapshot(wall_clock()), options); !drawn)
        return unexpected(drawn.error());
    }
    if (auto refreshed = screen.refresh(); !refreshed) return unexpected(refreshed.error());
    if (input.progress) bar.show(input.progress(), "");
  }
  if (batch.at_end) engines.close_all();
  Snapshot snapshot = engines.snapshot(wall_clock());
  snapshot.total.users = engines.distinct_users();
  snapshot.topic = input.topic;
  snapshot.whole_topic = input.partitioning == Partitioning::unkeyed;
  for (PartitionFigures& partition : snapshot.partitions) partition.lag = 0;
  return snapshot;
}

Result<Snapshot> ask(const std::string& url) {
  constexpr std::string_view kPath = "/stats.json";
  const bool has_path = url.size() >= kPath.size() && url.compare(url.size() - kPath.size(), kPath.size(), kPath) == 0;
  const std::string base = !url.empty() && url.back() == '/' ? url.substr(0, url.size() - 1) : url;
  const auto text = http::get(has_path ? url : base + std::string(kPath), kUrlTimeout);
  if (!text) return unexpected(text.error());
  return render::parse_stats_json(*text);
}

// With --watch, shows what it gets until stopped; the last snapshot, in any case, is the result.
Result<Snapshot> watch_url(const std::string& url, const StatsOptions& options, Screen& screen) {
  auto snapshot = ask(url);
  auto next_draw = steady_clock::now();
  while (options.watch && snapshot && !stop_requested()) {
    if (auto drawn = redraw(screen, *snapshot, options); !drawn) return unexpected(drawn.error());
    next_draw += kWatchEvery;
    while (!stop_requested() && steady_clock::now() < next_draw) {
      std::this_thread::sleep_for(50ms);
      if (auto refreshed = screen.refresh(); !refreshed) return unexpected(refreshed.error());
    }
    if (!stop_requested()) snapshot = ask(url);
  }
  return snapshot;
}

Result<int> compare_with(const std::string& expected, const Snapshot& snapshot) {
  const auto differences = render::compare(expected, render::stats_json(snapshot));
  if (!differences) return fail(Exit::failed, "--expect: " + differences.error());
  if (differences->empty()) {
    std::fputs("all figures are as expected\n", stderr);
    return 0;
  }
  std::fputs(render::differences_table(*differences).c_str(), stderr);
  return fail(Exit::differs, fmt::format("{} figures differ from the expected ones", differences->size()));
}

}  // namespace

Command stats_command() {
  OptionGroup input{"Input",
                    {{"input", 0, "WHERE", "kafka", "kafka, a FILE of JSON lines (.gz, .zst too), or -"},
                     {"url", 0, "URL", "", "ask a running consumer: http://localhost:8000"}}};
  for (Option& option : range_options()) input.options.push_back(std::move(option));
  OptionGroup output{"Output",
                     {{"format", 'o', "FORMAT", "table", "table, json, csv or prom"},
                      {"expect", 0, "FILE", "", "compare with these figures (JSON); exit status 5 if any differs"},
                      {"watch", 0, "", "", "show the figures every 2 s until stopped or at the end"}}};
  return {"stats",
          "one table of the metrics: of files, a topic up to now, or a running consumer",
          "[FILE…]",
          "Reads the files one after the other, or the topic up to its present end, or a range of it. Joins no\n"
          "group, commits nothing.",
          "  clickstream stats events.ndjson                       of a file\n"
          "  clickstream stats -t user-events                      of a topic up to now\n"
          "  clickstream stats --to 0:1500,1:1498,2:1502           as they were at these offsets\n"
          "  clickstream stats --from -1h                          of the last hour\n"
          "  clickstream stats --from 2026-11-01 --to 2026-11-02   of a day (in UTC)\n"
          "  clickstream stats --url http://localhost:8000 --watch\n"
          "                                                        of a running consumer, live\n"
          "  clickstream stats --expect t.json                     are the figures right?\n"
          "  cat events.gz | clickstream stats - -o json | jq .bounce_rate_percent\n",
          {std::move(input), std::move(output), engine_options("none"), kafka_options(), log_options()}};
}

Result<int> stats(const Args& args) {
  Values values(args);
  const LogOptions log_choice = read_log_options(args, values);
  StatsOptions options{read_engine_options(args, values),
                       values.word("format", {"table", "json", "csv", "prom"}),
                       args.given("watch"),
                       {}};
  options.engine.config.count_users = true;
  options.engine.config.max_windows.reset();
  if (args.given("url") && (args.given("input") || !args.positional().empty())) {
    values.reject("url", "names a running consumer, so there is nothing else to read");
  }
  if (args.given("input") && !args.positional().empty()) values.reject("input", "and FILE say the same; give one");
  const Timestamp now = wall_clock();
  const kafka::Span span = read_range(args, values, now, options.watch);
  if (args.given("url") || args.get("input") != "kafka" || !args.positional().empty()) {
    reject_range(args, values, "is a place in a topic, and no topic is read");
  }
  if (values.failure()) return unexpected(*values.failure());
  const auto logger = Logger::open(log_choice);
  if (!logger) return unexpected(logger.error());
  const auto settings = read_kafka_settings(args, values, logger->say());
  if (!settings) return unexpected(settings.error());
  if (values.failure()) return unexpected(*values.failure());
  if (args.given("expect")) {
    auto text = read_whole(args.get("expect"));
    if (!text) return unexpected(text.error());
    options.expect = std::move(*text);
  }

  Screen screen(options.watch && options.format == "table", render::Overlong::cut);
  Result<Snapshot> snapshot;
  if (args.given("url")) {
    snapshot = watch_url(args.get("url"), options, screen);
  } else {
    auto input = open_stats_input(args, *settings, options.engine, span, now);
    if (!input) return unexpected(input.error());
    snapshot = read_input(*input, options, screen, logger->say());
  }
  if (stop_requested() && !options.watch) return 128 + stop_signal();
  if (!snapshot) return unexpected(snapshot.error());
  if (!args.given("url") || !options.watch) {
    auto drawn = options.watch ? redraw(screen, *snapshot, options) : write_out(rendered(*snapshot, options));
    if (!drawn) return unexpected(drawn.error());
  }
  if (auto finished = screen.finish(); !finished) return unexpected(finished.error());
  return options.expect ? compare_with(*options.expect, *snapshot) : Result<int>(0);
}

}  // namespace clickstream::cli
