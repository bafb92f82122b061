#include "kafka/topic.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "kafka/client.h"

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr Duration kDeadline = 8s;
constexpr Duration kQuickAnswer = 1s;

std::string create_command(const Client& client, const TopicSpec& topic) {
  std::string command = fmt::format("kafka-topics --bootstrap-server {} --create --topic {} --partitions {}",
                                    client.settings().brokers(), topic.name, topic.partitions);
  if (topic.replication_factor > 0) command += fmt::format(" --replication-factor {}", topic.replication_factor);
  for (const auto& [name, value] : topic.configs) command += fmt::format(" --config {}={}", name, value);
  return command;
}

struct Answer {
  rd_kafka_resp_err_t code;
  std::string text;
};

// The one answer to an administrative request, or its absence.
EventHandle await(rd_kafka_queue_t* queue, const Stopping& stopping) {
  EventHandle event;
  for (const auto deadline = steady_clock::now() + kDeadline;
       !event && !stopping() && steady_clock::now() < deadline;) {
    event.reset(rd_kafka_queue_poll(queue, 100));
  }
  return event;
}

AdminOptionsHandle admin_options(const Client& client, rd_kafka_admin_op_t operation) {
  std::array<char, 512> error{};
  AdminOptionsHandle options(rd_kafka_AdminOptions_new(client.get(), operation));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), to_millis(kDeadline), error.data(), error.size());
  return options;
}

// What the answer says of the one topic that it is about.
Answer read_answer(const EventHandle& event) {
  if (!event) return {RD_KAFKA_RESP_ERR__TIMED_OUT, "no answer"};
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get())};
  }
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results = nullptr;
  if (const auto* created = rd_kafka_event_CreateTopics_result(event.get())) {
    results = rd_kafka_CreateTopics_result_topics(created, &count);
  } else if (const auto* extended = rd_kafka_event_CreatePartitions_result(event.get())) {
    results = rd_kafka_CreatePartitions_result_topics(extended, &count);
  }
  if (count != 1) return {RD_KAFKA_RESP_ERR__FAIL, "an answer about no topic"};
  const auto code = rd_kafka_topic_result_error(results[0]);
  const char* text = rd_kafka_topic_result_error_string(results[0]);
  return {code, text != nullptr ? text : rd_kafka_err2str(code)};
}

Answer create(Client& client, const TopicSpec& topic, const Stopping& stopping) {
  std::array<char, 512> error{};
  const NewTopicHandle wanted(rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, topic.replication_factor,
                                                    error.data(), error.size()));
  if (!wanted) return {RD_KAFKA_RESP_ERR__INVALID_ARG, error.data()};
  for (const auto& [name, value] : topic.configs)
    rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str());
  const QueueHandle queue(rd_kafka_queue_new(client.get()));
  std::array<rd_kafka_NewTopic_t*, 1> topics = {wanted.get()};
  rd_kafka_CreateTopics(client.get(), topics.data(), topics.size(),
                        admin_options(client, RD_KAFKA_ADMIN_OP_CREATETOPICS).get(), queue.get());
  return read_answer(await(queue.get(), stopping));
}

}  // namespace

Result<void> ensure_topic(Client& client, const TopicSpec& topic, const Stopping& stopping) {
  const auto partitions = client.partition_count(topic.name, kDeadline, stopping);
  if (!partitions) return unexpected(partitions.error());
  if (partitions->has_value() || stopping()) return {};
  const Answer answer = create(client, topic, stopping);
  if (answer.code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS || stopping()) return {};
  if (answer.code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    client.settings().log(LogLevel::info,
                          fmt::format("created topic {} with {} partitions", topic.name, topic.partitions));
    return {};
  }
  if (answer.code == RD_KAFKA_RESP_ERR__TIMED_OUT) {
    return unexpected(client.no_answer(fmt::format("cannot create topic {}", topic.name)));
  }
  // Who may not know about a topic cannot tell that from its absence.
  return fail(broker_failure(answer.code, "").code,
              fmt::format("cannot create topic {}: {}{}; someone who may can run:\n  {}", topic.name, answer.text,
                          is_refusal(answer.code) ? " If it exists, ask for the rights on it (docs/operations.md)" : "",
                          create_command(client, topic)));
}

Result<std::optional<bool>> extend_topic(Client& client, const std::string& topic, int partitions,
                                         const Stopping& stopping) {
  const auto present = client.partition_count(topic, kQuickAnswer, stopping);
  if (!present || !present->has_value()) return std::nullopt;
  if (**present >= partitions) return false;
  std::array<char, 512> error{};
  const NewPartitionsHandle wanted(
      rd_kafka_NewPartitions_new(topic.c_str(), static_cast<std::size_t>(partitions), error.data(), error.size()));
  if (!wanted) return fail(Exit::failed, fmt::format("cannot add partitions to {}: {}", topic, error.data()));
  const QueueHandle queue(rd_kafka_queue_new(client.get()));
  std::array<rd_kafka_NewPartitions_t*, 1> topics = {wanted.get()};
  rd_kafka_CreatePartitions(client.get(), topics.data(), topics.size(),
                            admin_options(client, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS).get(), queue.get());
  const Answer answer = read_answer(await(queue.get(), stopping));
  if (answer.code == RD_KAFKA_RESP_ERR__TIMED_OUT) return std::nullopt;
  // Another instance may have been first.
  if (answer.code == RD_KAFKA_RESP_ERR_NO_ERROR || answer.code == RD_KAFKA_RESP_ERR_INVALID_PARTITIONS) {
    return true;
  }
  return fail(broker_failure(answer.code, "").code,
              fmt::format("cannot add partitions to {}: {}; someone who may can run:\n  kafka-topics "
                          "--bootstrap-server {} --alter --topic {} --partitions {}",
                          topic, answer.text, client.settings().brokers(), topic, partitions));
}

}  // namespace clickstream::kafka
