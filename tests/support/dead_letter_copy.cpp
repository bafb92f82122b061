// Reads records of a topic and puts each to a dead letter topic, as the consumer does with malformed ones.
//
// usage: dead_letter_copy SOURCE_BROKERS SOURCE_TOPIC COUNT BROKERS TOPIC [NAME=VALUE]...
//
// Ends when COUNT records are safe, or by SIGTERM; says "safe N" whenever all N put so far are. NAME=VALUE: properties of
// the client that writes.
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "kafka/dead_letter_topic.h"
#include "kafka/topic_source.h"

namespace {

using namespace clickstream;
using namespace std::chrono_literals;

volatile std::sig_atomic_t stop_signal = 0;

int failed(const Failure& failure) {
  std::cerr << failure.message << std::endl;
  return static_cast<int>(failure.code);
}

kafka::Settings settings_for(const char* brokers) {
  kafka::Settings settings;
  settings.properties.emplace_back("bootstrap.servers", brokers);
  settings.log = [](LogLevel level, std::string_view line) {
    if (level == LogLevel::debug) return;
    std::string text(line);
    std::cerr << text + '\n';
  };
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  const std::string source_topic = argv[2];
  const long count = std::strtol(argv[3], nullptr, 10);
  kafka::Settings target = settings_for(argv[4]);
  for (int i = 6; i < argc; ++i) {
    if (auto added = kafka::add_property(target, argv[i]); !added) return failed(added.error());
  }
  std::signal(SIGTERM, [](int) { stop_signal = 1; });
  const Stopping stopping = [] { return stop_signal != 0; };

  kafka::TopicSpec spec;
  spec.name = argv[5];
  auto letters = kafka::DeadLetterTopic::connect(target, spec, source_topic, stopping);
  if (!letters) return failed(letters.error());
  const kafka::Span endless{kafka::Edge::begin, std::nullopt};
  auto source = kafka::TopicSource::connect(settings_for(argv[1]), source_topic, endless, Timestamp{}, stopping);
  if (!source) return failed(source.error());

  long put = 0;
  long safe = 0;
  Batch batch;
  while (safe < count && !stopping()) {
    if (auto polled = (*source)->poll(batch, 20ms); !polled) return failed(polled.error());
    for (const Record& record : batch.records) {
      const auto taken = (*letters)->put(record, "not_json");
      if (!taken) return failed(taken.error());
      if (!*taken) {
        std::cout << "stopped in put after " << put << std::endl;
        return 0;
      }
      ++put;
    }
    const auto settled = (*letters)->settle(100ms);
    if (!settled) return failed(settled.error());
    if (*settled && put > safe) {
      safe = put;
      std::cout << "safe " << safe << std::endl;
    }
  }
  return 0;
}
