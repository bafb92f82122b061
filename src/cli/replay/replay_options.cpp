#include "cli/replay/replay_options.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "cli/bound.h"
#include "cli/options.h"
#include "cli/range_options.h"

namespace clickstream::cli {
namespace {

constexpr std::array<std::string_view, 4> kFormats = {"ndjson", "csv", "common", "combined"};  // as the enum has them
constexpr std::array<const char*, 6> kOfFiles = {"input-format",   "map",         "include-static", "include-methods",
                                                 "include-errors", "include-bots"};

std::vector<std::pair<std::string, std::string>> read_map(const Args& args, Values& values) {
  std::vector<std::pair<std::string, std::string>> columns;
  for (const std::string& text : args.all("map")) {
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(text.find(',', at), text.size());
      const std::string pair = text.substr(at, end - at);
      const std::size_t equals = pair.find('=');
      if (equals == std::string::npos || equals == 0 || equals + 1 == pair.size()) {
        values.reject("map", "'" + pair + "' is no FIELD=COLUMN such as user_id=visitor");
      } else {
        columns.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
      }
      at = end + 1;
    }
  }
  return columns;
}

ResumeAt read_resume(const std::string& text, Values& values) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto events = parse_integer(text.substr(0, colon), 0, INT64_MAX);
  const auto rejections = parse_integer(colon < text.size() ? text.substr(colon + 1) : "", 0, INT64_MAX);
  if (events && rejections) return {static_cast<std::uint64_t>(*events), static_cast<std::uint64_t>(*rejections)};
  values.reject("resume", "'" + text + "' is no position such as 1200:40, which a stopped run names");
  return {};
}

// --from-topic and what belongs to it, or only to files.
void read_topic(const Args& args, Values& values, Timestamp now, ReplayOptions& options) {
  options.from_topic = args.get("from-topic");
  if (!args.given("from-topic")) {
    reject_range(args, values, "is a place in a topic; name it with --from-topic");
    return;
  }
  if (options.from_topic.empty()) values.reject("from-topic", "needs the name of a topic");
  if (!args.positional().empty()) values.reject("from-topic", "and FILE are two inputs; give one");
  for (const char* option : kOfFiles) {
    if (args.given(option)) values.reject(option, "is for files; the records of a topic are JSON events");
  }
  if (options.output == "kafka" && options.from_topic == options.topic.name) {
    values.reject("from-topic", "is the topic that is written to; name another one with --to-topic");
  }
  options.range = read_range(args, values, now, false);
  if (!args.given("resume")) return;
  const auto offsets = parse_bound(args.get("resume"), now);
  if (offsets && std::holds_alternative<kafka::Offsets>(*offsets)) {
    options.range.from = *offsets;
  } else {
    values.reject("resume",
                  "'" + args.get("resume") + "' is no position such as 0:1200,1:1190, which a stopped run names");
  }
}

std::optional<Rebase> read_rebase(const Args& args, Values& values) {
  if (!args.given("rebase")) return std::nullopt;
  const std::string& text = args.get("rebase");
  const Timestamp first = read_event_time(values, "rebase", wall_clock());
  if (args.given("resume") && (text == "now" || text.front() == '-')) {
    values.reject("rebase", "with --resume, give the moment that the stopped run has named");
  }
  return text == "now" ? Rebase{} : Rebase{first};
}

}  // namespace

std::vector<OptionGroup> replay_option_groups() {
  OptionGroup input{
      "Input",
      {{"input-format", 0, "FORMAT", "", "ndjson, csv, common or combined (by the first line)"},
       {"map", 0, "FIELD=COLUMN,…", "", "CSV: the columns of our fields, where their names differ", true},
       {"include-static", 0, "", "", "access log: requests for images, styles, scripts and so on are page views too"},
       {"include-methods", 0, "", "", "access log: requests by other methods than GET are too"},
       {"include-errors", 0, "", "", "access log: requests that were not answered with a page are too"},
       {"include-bots", 0, "", "", "access log: requests of robots and programs are too"},
       {"rejects", 0, "FILE", "", "write the lines that are no events there, as they are"},
       {"from-topic", 0, "TOPIC", "",
        "instead of files: the events of a topic, of all partitions in the order of time"}}};
  for (Option& option : range_options()) input.options.push_back(std::move(option));
  OptionGroup pace{"Pace",
                   {{"speed", 0, "FACTOR", "1", "go through recorded time so many times as fast, or max"},
                    {"rebase", 0, "MOMENT", "",
                     "shift all times, so that the first event happens then: now, ISO 8601, epoch seconds or -1h"},
                    {"resume", 0, "POSITION", "", "go on where a stopped run said that it was"}}};
  OptionGroup output{"Output",
                     {{"output", 0, "kafka|FILE|-", "kafka", "a topic, a file of JSON lines, or standard output"}}};
  OptionGroup kafka = kafka_options();
  kafka.options.push_back({"to-topic", 0, "TOPIC", "", "the same as --topic"});
  kafka.options.push_back({"partitions", 0, "N", "3", "of the topic, where it has to be created"});
  kafka.options.push_back({"replication-factor", 0, "N", "-1", "of the topic; -1: the broker's default"});
  return {std::move(input), std::move(pace), std::move(output), std::move(kafka), log_options()};
}

ReplayOptions read_replay_options(const Args& args, Values& values) {
  ReplayOptions options;
  options.paths = args.positional();
  if (args.given("input-format")) {
    const std::string word = values.word("input-format", {kFormats.begin(), kFormats.end()});
    const auto found = std::find(kFormats.begin(), kFormats.end(), word);
    options.format = static_cast<formats::Format>(found - kFormats.begin());
  }
  options.recording.columns = read_map(args, values);
  const Timestamp now = wall_clock();
  options.recording.now = now;
  options.recording.old_times = args.given("rebase");
  options.recording.include_static = args.given("include-static");
  options.recording.include_methods = args.given("include-methods");
  options.recording.include_errors = args.given("include-errors");
  options.recording.include_bots = args.given("include-bots");
  options.speed = read_speed(args, values);
  options.rebase = read_rebase(args, values);
  if (args.given("resume")) {
    options.resume = args.given("from-topic") ? ResumeAt{} : read_resume(args.get("resume"), values);
  }
  options.rejects = args.get("rejects");
  options.output = args.get("output");
  options.topic.name = args.get(args.given("to-topic") ? "to-topic" : "topic");
  options.topic.partitions = static_cast<int>(values.integer("partitions", 1, 100'000));
  options.topic.replication_factor = static_cast<int>(values.integer("replication-factor", -1, 100));
  read_topic(args, values, now, options);
  return options;
}

}  // namespace clickstream::cli
