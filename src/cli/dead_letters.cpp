#include "cli/dead_letters.h"

#include "kafka/dead_letter_topic.h"
#include "sinks/dead_letter_file.h"

namespace clickstream::cli {

DeadLetterTarget read_dead_letter(const Args& args, Values& values, const StateOptions& state) {
  const std::string& topic = args.get("topic");
  if (!args.given("dead-letter")) {
    return state.keep ? DeadLetterTarget{DeadLetterTarget::Kind::topic, topic + "-dead-letter"} : DeadLetterTarget{};
  }
  auto target = parse_dead_letter(args.get("dead-letter"), topic);
  if (target) return *target;
  values.reject("dead-letter", target.error());
  return {};
}

Result<std::unique_ptr<DeadLetters>> open_dead_letters(const DeadLetterTarget& target, const std::string& source,
                                                       const kafka::Settings& settings, int replication_factor,
                                                       const Stopping& stopping) {
  switch (target.kind) {
    case DeadLetterTarget::Kind::none:
      break;
    case DeadLetterTarget::Kind::topic: {
      kafka::TopicSpec topic;
      topic.name = target.name;
      topic.replication_factor = replication_factor;
      auto letters = kafka::DeadLetterTopic::connect(settings, topic, source, stopping);
      if (!letters) return unexpected(letters.error());
      return std::move(*letters);
    }
    case DeadLetterTarget::Kind::file: {
      auto letters = sinks::DeadLetterFile::open(target.name, source);
      if (!letters) return unexpected(letters.error());
      return std::move(*letters);
    }
  }
  return nullptr;
}

}  // namespace clickstream::cli
