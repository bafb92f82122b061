#include "cli/group_input.h"

#include <fmt/format.h>

#include <chrono>
#include <numeric>

#include "cli/partitioning.h"
#include "kafka/first_records.h"
#include "kafka/group_member.h"
#include "kafka/group_source.h"
#include "kafka/unkeyed_source.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kDeadline = 7s;

// Kept until it is deleted by name; small segments, so that what is deleted is freed soon.
kafka::TopicSpec state_topic(const std::string& name, int partitions, int replication_factor) {
  return {name,
          partitions,
          replication_factor,
          {{"cleanup.policy", "delete"},
           {"retention.ms", "-1"},
           {"retention.bytes", "-1"},
           {"segment.bytes", std::to_string(64 * 1024 * 1024)}}};
}

// What the group's committed offsets were made under, else what the first records say.
Result<std::optional<Partitioning>> decide(kafka::GroupMember& member, int partitions, const std::string& topic,
                                           const kafka::Settings& settings, bool until_end, Duration max_ahead,
                                           const std::function<void(const std::string&)>& waiting,
                                           const Stopping& stopping) {
  std::vector<std::int32_t> all(static_cast<std::size_t>(partitions));
  std::iota(all.begin(), all.end(), 0);
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (!stopping()) {
    const auto committed = member.committed(topic, all);
    if (!committed) return unexpected(committed.error());
    if (!committed->has_value()) {
      if (settings.connect_timeout > 0s && std::chrono::steady_clock::now() > deadline)
        return unexpected(member.no_answer());
      continue;
    }
    if (const auto known = committed_partitioning(**committed)) return known;
    break;
  }
  const auto empty = [&waiting] { waiting(""); };  // with nothing to recover we are ready
  return judge_partitioning(settings, topic, until_end, max_ahead, empty, stopping);
}

}  // namespace

Result<Input> open_group_input(const Args& args, const kafka::Settings& settings, const EngineOptions& engine,
                               const StateOptions& state, Timestamp now,
                               const std::function<void(const std::string&)>& waiting, const Stopping& stopping) {
  const kafka::GroupOptions options{args.get("topic"), args.given("until-end")};
  Input input;
  input.bounded = options.until_end;
  input.topic = options.topic;
  input.group = args.get("group");
  auto member = kafka::GroupMember::connect(settings, {input.group, state.instance_id}, now, stopping);
  if (!member) return unexpected(member.error());

  input.partitioning = engine.partitioning.value_or(Partitioning::keyed);
  if (state.keep) {
    const auto partitions = kafka::await_topic(settings, options.topic, options.until_end, waiting, stopping);
    if (!partitions) return unexpected(partitions.error());
    if (partitions->has_value()) {
      waiting("looking for the state");
      if (!engine.partitioning) {
        auto decided = decide(**member, **partitions, options.topic, settings, options.until_end, engine.max_ahead,
                              waiting, stopping);
        if (!decided) return unexpected(decided.error());
        if (decided->has_value()) input.partitioning = **decided;
      }
      waiting("joining the group");
      const bool keyed = input.partitioning == Partitioning::keyed;
      auto writer = kafka::CheckpointWriter::connect(
          settings, state_topic(state.topic, keyed ? **partitions : 1, state.replication_factor), stopping);
      if (!writer) return unexpected(writer.error());
      auto reader = kafka::CheckpointReader::connect(settings, state.topic, stopping);
      if (!reader) return unexpected(reader.error());
      input.writer = std::move(*writer);
      input.reader = std::move(*reader);
    }
  }
  auto source = input.partitioning == Partitioning::keyed
                    ? kafka::open_group_source(std::move(*member), options, stopping)
                    : kafka::open_unkeyed_source(std::move(*member), settings, options, state.topic, now, stopping);
  if (!source) return unexpected(source.error());
  input.grouped = source->get();
  if (options.until_end) input.progress = [group = input.grouped] { return group->progress(); };
  input.source = std::move(*source);
  return input;
}

}  // namespace clickstream::cli
