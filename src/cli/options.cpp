#include "cli/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <random>

#include "cli/partitioning.h"
#include "cli/result_file.h"
#include "cli/window_option.h"

namespace clickstream::cli {
namespace {

constexpr std::int64_t kDefaultRate = 500'000'000;          // in millionths
constexpr std::int64_t kHighestRate = 100'000'000'000'000;  // 100 M events/s
constexpr std::int64_t kMostUsers = 1'000'000'000;
constexpr Timestamp kFirstTime{std::chrono::sys_days{std::chrono::year{2000} / 1 / 1}};
constexpr Timestamp kLastTime{std::chrono::sys_days{std::chrono::year{2100} / 1 / 1}};

Result<Site> read_site(const std::string& path) {
  const auto text = read_whole(path);
  if (!text) return unexpected(text.error());
  auto site = Site::parse(*text);
  if (!site) return fail(Exit::usage, fmt::format("{}: {}", path, site.error()));
  return std::move(*site);
}

}  // namespace

OptionGroup kafka_options() {
  return {
      "Kafka",
      {{"brokers", 'b', "HOST:PORT,…", "localhost:9092", "brokers to find the cluster by"},
       {"topic", 't', "TOPIC", "user-events", "the topic of the events"},
       {"property", 'X', "NAME=VALUE", "", "any librdkafka property; repeatable", true},
       {"kafka-config", 'F', "FILE", "", "a file of librdkafka properties, a NAME=VALUE a line: the place for secrets"},
       {"connect-timeout", 0, "DURATION", "10s", "how long to wait for the first connection; 0: for ever"}}};
}

OptionGroup log_options() {
  return {"Log",
          {{"log-level", 0, "LEVEL", "info", "debug, info, warn or error"},
           {"log-format", 0, "FORMAT", "text", "text or json"},
           {"log-file", 0, "PATH", "", "also log to this file, rotated at 10 MB, parent folders created"}}};
}

OptionGroup engine_options(const std::string& max_pages) {
  return {
      "Metrics",
      {{"gap", 0, "DURATION", "30m", "a longer silence than this ends a session"},
       {"lateness", 0, "DURATION", "10s", "how far the watermark stays behind the newest event"},
       {"idle-timeout", 0, "DURATION", "60s", "a partition silent for this long no longer holds its sessions open"},
       {"partitioning", 0, "HOW", "auto", "keyed or unkeyed (each user's events anywhere); auto: by the first keys"},
       {"max-ahead", 0, "DURATION", "1h", "an event further ahead of its record is malformed"},
       window_option(),
       {"max-pages", 0, "N", max_pages, "distinct pages told apart in each partition, or none: no limit"},
       {"top", 0, "N", "10", "how many pages and sessions to show"}}};
}

std::vector<Option> visitor_options() {
  return {{"rate", 0, "N", "500", "events in a second of simulated time; 0: 500, as fast as it goes"},
          {"speed", 0, "FACTOR", "1", "run simulated time so many times as fast, or max"},
          {"users", 0, "N", "0", "size of the population; 0: enough for the rate"},
          {"daily-cycle", 0, "", "", "visits follow the time of day, with the rate as the day's mean"},
          {"seed", 0, "N", "", "same seed and start, same events (a random one)"},
          {"site", 0, "FILE", "", "the pages and how visitors move between them (a built-in shop)"}};
}

LogOptions read_log_options(const Args& args, Values& values) {
  return {values.word("log-level", {"debug", "info", "warn", "error"}),
          values.word("log-format", {"text", "json"}) == "json", args.get("log-file")};
}

Result<kafka::Settings> read_kafka_settings(const Args& args, Values& values, const Log& log) {
  kafka::Settings settings;
  settings.log = log;
  settings.connect_timeout = values.duration("connect-timeout");
  auto& properties = settings.properties;
  properties.emplace_back("bootstrap.servers", args.get("brokers"));
  if (args.given("kafka-config")) {
    if (auto added = kafka::add_properties_of_file(settings, args.get("kafka-config")); !added) {
      return unexpected(added.error());
    }
  }
  if (auto added = kafka::add_properties_of_environment(settings, environ); !added) return unexpected(added.error());
  for (const std::string& text : args.all("property")) {
    if (auto added = kafka::add_property(settings, text); !added) {
      const std::string name = text.substr(0, text.find('='));  // the value may be a secret
      return fail(added.error().code, fmt::format("-X {}: {}", name, added.error().message));
    }
  }
  if (args.given("brokers")) properties.emplace_back("bootstrap.servers", args.get("brokers"));
  if (auto checked = kafka::check(settings); !checked) return unexpected(checked.error());
  return settings;
}

EngineOptions read_engine_options(const Args& args, Values& values) {
  EngineOptions options;
  options.config.gap = values.duration("gap");
  options.config.lateness = values.duration("lateness");
  options.max_ahead = values.duration("max-ahead");
  options.idle_timeout = values.duration("idle-timeout");
  options.partitioning = read_partitioning(values);
  options.config.windows = read_windows(args, values);
  options.config.busiest = static_cast<std::size_t>(values.integer("top", 0, 1000));
  options.config.max_pages.reset();
  if (args.get("max-pages") != "none") {
    options.config.max_pages = static_cast<std::size_t>(values.integer("max-pages", 0, INT32_MAX));
  }
  return options;
}

input::Speed read_speed(const Args& args, Values& values) {
  if (args.get("speed") == "max") return std::nullopt;
  const std::int64_t speed = values.millionths("speed");
  if (speed > 0) return speed;
  values.reject("speed", "must be more than 0, or max");
  return input::kRealTime;
}

Timestamp read_event_time(Values& values, const std::string& option, Timestamp now) {
  const Timestamp time = values.moment(option, now);
  if (time < kFirstTime || time >= kLastTime) {
    values.reject(option, "an event's time must lie between the years 2000 and 2100");
  }
  return time;
}

Result<VisitorOptions> read_visitor_options(const Args& args, Values& values) {
  VisitorOptions options;
  options.config.events_per_million_seconds = values.millionths("rate");
  options.speed = read_speed(args, values);
  if (options.config.events_per_million_seconds == 0) {
    if (args.given("speed") && options.speed) values.reject("rate", "0 means --speed max, but --speed says otherwise");
    options.config.events_per_million_seconds = kDefaultRate;
    options.speed.reset();
  }
  if (options.config.events_per_million_seconds > kHighestRate) {
    values.reject("rate", "more than 100 million events a second; to send as fast as possible, use 0");
  }
  options.config.users = values.integer("users", 0, kMostUsers);
  options.config.daily_cycle = args.given("daily-cycle");
  if (args.given("seed")) {
    options.config.seed = static_cast<std::uint64_t>(values.integer("seed", 0, INT64_MAX));
  } else {
    options.config.seed = std::random_device{}() >> 1;
  }
  if (args.given("site")) {
    auto site = read_site(args.get("site"));
    if (!site) return unexpected(site.error());
    options.config.site = std::move(*site);
  }
  return options;
}

Timestamp wall_clock() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

}  // namespace clickstream::cli
