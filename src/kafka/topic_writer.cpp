#include "kafka/topic_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr Duration kDeadline = 6s;
constexpr Duration kOneAnswer = 2s;
constexpr int kKeepsSequence = 0x020300ff;

std::vector<Property> writer_properties() {
  std::vector<Property> properties = {
      {"enable.idempotence", "true"},    {"acks", "all"},    {"compression.codec", "lz4"},
      {"partitioner", "murmur2_random"}, {"linger.ms", "5"},
  };
  // librdkafka before 2.3 takes batches that a dying broker has lost for written, and gives up for good when, of several
  // that it sends again, the first is refused (its issue 4438). It sends several at once only while they hold fewer
  // than five messages in all, so that one at a time costs next to nothing.
  if (rd_kafka_version() < kKeepsSequence) properties.emplace_back("max.in.flight.requests.per.connection", "1");
  return properties;
}

}  // namespace

Result<std::unique_ptr<TopicWriter>> TopicWriter::connect(const Settings& settings,
                                                          const std::vector<Property>& properties,
                                                          std::function<void(const rd_kafka_message_t&)> delivered,
                                                          const Stopping& stopping) {
  std::vector<Property> all = writer_properties();
  all.insert(all.end(), properties.begin(), properties.end());
  Callbacks callbacks;
  callbacks.delivery = std::move(delivered);
  auto client = Client::create(RD_KAFKA_PRODUCER, settings, all, std::move(callbacks));
  if (!client) return unexpected(client.error());
  if (auto connected = (*client)->connect(stopping); !connected) return unexpected(connected.error());
  return std::unique_ptr<TopicWriter>(new TopicWriter(std::move(*client)));
}

TopicWriter::~TopicWriter() {
  // Without this the memory of what is queued would outlive the client.
  rd_kafka_purge(client_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

Result<void> TopicWriter::open(const TopicSpec& topic, const Stopping& stopping) {
  if (!stopping()) {
    if (auto ensured = ensure_topic(*client_, topic, stopping); !ensured) return ensured;
  }
  topic_.reset(rd_kafka_topic_new(client_->get(), topic.name.c_str(), nullptr));
  if (!topic_) {
    return fail(Exit::failed,
                fmt::format("cannot use topic {}: {}", topic.name, rd_kafka_err2str(rd_kafka_last_error())));
  }
  // The first message to a topic whose leaders are not known yet would wait for them.
  const rd_kafka_metadata_t* metadata = nullptr;
  rd_kafka_metadata(client_->get(), 0, topic_.get(), &metadata, to_millis(kOneAnswer));
  const MetadataHandle owner(metadata);
  if (metadata != nullptr && metadata->topic_cnt == 1) partitions_ = metadata->topics[0].partition_cnt;
  return {};
}

Result<void> TopicWriter::reach_leader(const Stopping& stopping) {
  const char* name = rd_kafka_topic_name(topic());
  const Duration patience = client_->settings().connect_timeout;
  const auto deadline = steady_clock::now() + std::min(patience, kDeadline);
  while (partitions_ > 0 && !stopping()) {
    // Any question to the leaders will do; this one needs no right beyond that to write.
    const PartitionList list(rd_kafka_topic_partition_list_new(partitions_));
    rd_kafka_topic_partition_list_add_range(list.get(), name, 0, partitions_ - 1);
    for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = RD_KAFKA_OFFSET_END;
    // Succeeds when one partition does. An error with a positive number is an answer, too.
    if (rd_kafka_offsets_for_times(client_->get(), list.get(), to_millis(kOneAnswer)) >= 0) return {};
    rd_kafka_poll(client_->get(), 100);  // serves the error callback; a topic that is new has no leaders for a moment
    if (patience > 0s && steady_clock::now() >= deadline) {
      return unexpected(client_->no_answer(fmt::format("cannot write to {}", name)));
    }
  }
  return {};
}

}  // namespace clickstream::kafka
