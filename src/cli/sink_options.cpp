#include "cli/sink_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "sinks/file_store.h"
#include "sinks/postgres_store.h"
#include "sinks/search_store.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kFile = "file:";

// How the places of each kind begin, and what the sink is called in the log and the metrics.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kKinds = {{
    {kFile, "file"},
    {"postgresql://", "postgresql"},
    {"postgres://", "postgresql"},
    {"elasticsearch+https://", "elasticsearch"},
    {"elasticsearch+http://", "elasticsearch"},
}};

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

std::string_view kind_of(std::string_view place) {
  const auto* const kind =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& one) { return begins_with(place, one.first); });
  return kind == kKinds.end() ? std::string_view{} : kind->second;
}

Result<std::unique_ptr<RowStore>> open_store(std::string_view kind, const std::string& place, bool init,
                                             const RowSource& source, const Log& log, const Stopping& stopping) {
  if (kind == "postgresql") return sinks::open_postgres({place, source, init}, stopping, log);
  if (kind == "elasticsearch") return sinks::open_search({place, source, init}, stopping, log);
  return sinks::open_file(place.substr(kFile.size()), source);
}

// Between two tries of a sink that is waited for.
void pause(const Stopping& stopping) {
  const auto end = std::chrono::steady_clock::now() + 5s;
  while (!stopping() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(100ms);
}

}  // namespace

OptionGroup sink_options() {
  return {"Sinks: closed sessions and final windows, each exactly once",
          {{"sink", 0, "WHERE", "",
            "file:PATH (a JSON object a line), postgresql://[USER@]HOST[:PORT]/DATABASE, or "
            "elasticsearch+https://[USER@]HOST[:PORT][/PREFIX] (OpenSearch, too)",
            true},
           {"sink-init", 0, "", "", "create the tables or templates that a sink needs, where they are missing"}}};
}

SinkChoice read_sinks(const Args& args, Values& values) {
  SinkChoice choice{args.all("sink"), args.given("sink-init")};
  for (const std::string& place : choice.places) {
    if (kind_of(place).empty()) {
      values.reject("sink",
                    "is none of file:PATH, postgresql://USER@HOST/DATABASE and elasticsearch+https://HOST:9200 "
                    "(OpenSearch, too; +http without TLS)");
    } else if (place == kFile) {
      values.reject("sink", "file: needs a path, as in file:rows.ndjson");
    }
  }
  if (choice.init && choice.places.empty()) values.reject("sink-init", "needs a --sink");
  return choice;
}

Result<sinks::Sinks> open_sinks(const SinkChoice& choice, const RowSource& source, bool wait, const Log& log,
                                const Stopping& stopping) {
  sinks::Sinks sinks;
  std::map<std::string_view, int> count;
  for (const std::string& place : choice.places) {
    const std::string_view kind = kind_of(place);
    auto store = open_store(kind, place, choice.init, source, log, stopping);
    while (wait && !store && store.error().code == Exit::unreachable && !stopping()) {
      log(LogLevel::info, fmt::format("waiting for a sink: {}", store.error().message));
      pause(stopping);
      store = open_store(kind, place, choice.init, source, log, stopping);
    }
    if (!store) return unexpected(store.error());
    sinks::SinkOptions options;
    const int number = ++count[kind];
    options.name = number == 1 ? std::string(kind) : fmt::format("{}-{}", kind, number);
    options.source = source;
    sinks.add(std::make_unique<sinks::Sink>(std::move(options), std::move(*store), log));
  }
  return sinks;
}

}  // namespace clickstream::cli
