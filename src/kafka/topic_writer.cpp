#include "kafka/topic_writer.h"

#include <fmt/format.h>

namespace clickstream::kafka {
namespace {

const std::vector<Property>& writer_properties() {
  static const std::vector<Property> properties = {
      {"enable.idempotence", "true"},    {"acks", "all"},    {"compression.codec", "lz4"},
      {"partitioner", "murmur2_random"}, {"linger.ms", "5"},
  };
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
  rd_kafka_metadata(client_->get(), 0, topic_.get(), &metadata, 2000);
  const MetadataHandle owner(metadata);
  return {};
}

}  // namespace clickstream::kafka
