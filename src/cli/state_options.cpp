#include "cli/state_options.h"

#include "cli/state_topic_name.h"
#include "cli/topic_name.h"

namespace clickstream::cli {

OptionGroup state_options() {
  return {
      "State",
      {{"state", 0, "WHERE", "kafka", "kafka: checkpoints in a topic of their own; none: read all again at each start"},
       {"state-topic", 0, "TOPIC", "", "where the checkpoints are (GROUP-TOPIC-clickstream-state)"},
       {"checkpoint-interval", 0, "DURATION", "", "time between two checkpoints (by the state's size, at most 10m)"},
       {"on-unusable-state", 0, "WHAT", "refuse", "refuse: end with status 6; rebuild: from the earliest offset"},
       {"instance-id", 0, "NAME", "", "a static member of the group: a restart resumes at once"},
       {"replication-factor", 0, "N", "-1", "of the topics that are created; -1: the broker's default"}}};
}

StateOptions read_state_options(const Args& args, Values& values) {
  StateOptions options;
  const bool kafka = args.get("input") == "kafka";
  options.keep = values.word("state", {"kafka", "none"}) == "kafka" && kafka;
  options.rebuild = values.word("on-unusable-state", {"refuse", "rebuild"}) == "rebuild";
  options.instance_id = args.get("instance-id");
  options.replication_factor = static_cast<int>(values.integer("replication-factor", -1, 100));
  if (args.given("checkpoint-interval")) {
    options.checkpoint_interval = values.duration("checkpoint-interval");
    if (*options.checkpoint_interval == Duration{}) values.reject("checkpoint-interval", "must be more than 0");
  }
  options.topic =
      args.given("state-topic") ? args.get("state-topic") : default_state_topic(args.get("group"), args.get("topic"));
  if (!is_topic_name(options.topic)) values.reject("state-topic", "no name that a topic can have");
  if (options.topic == args.get("topic")) values.reject("state-topic", "the topic of the events is another one");
  if (!kafka && args.given("state") && args.get("state") == "kafka") {
    values.reject("state", "only --input kafka has state; anything else is read from its beginning");
  }
  return options;
}

StateRules rules_of(const EngineOptions& engine, Partitioning partitioning) {
  const EngineConfig& config = engine.config;
  return {config.gap,       config.lateness, engine.idle_timeout, engine.max_ahead,
          config.max_pages, config.max_ids,  partitioning};
}

}  // namespace clickstream::cli
