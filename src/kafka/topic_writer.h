// A connected client that writes to one topic: idempotent, acks=all, lz4. What is common to all that produce. Private to
// src/kafka.
//
// One thread at a time; the delivery callback comes on the thread that polls the client.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "kafka/client.h"
#include "kafka/topic.h"

namespace clickstream::kafka {

class TopicWriter {
 public:
  /// Waits for a broker, as Client::connect does. `properties` come on top of the common ones, the user's after them.
  /// `delivered` is told the fate of every message; must not throw.
  static Result<std::unique_ptr<TopicWriter>> connect(const Settings& settings, const std::vector<Property>& properties,
                                                      std::function<void(const rd_kafka_message_t&)> delivered,
                                                      const Stopping& stopping);
  /// Forgets what is still queued: its fate is told no more.
  ~TopicWriter();
  TopicWriter(const TopicWriter&) = delete;
  TopicWriter& operator=(const TopicWriter&) = delete;

  /// Creates the topic where it is missing; to be called once, before the first message.
  Result<void> open(const TopicSpec& topic, const Stopping& stopping);

  /// After open(): waits, no longer than for the first connection, until the leader of some partition answers. It is
  /// found at the address that it advertises, which need not be the one that we were given.
  Result<void> reach_leader(const Stopping& stopping);

  Client& client() { return *client_; }
  const Client& client() const { return *client_; }
  /// Absent before open().
  rd_kafka_topic_t* topic() const { return topic_.get(); }

 private:
  explicit TopicWriter(std::unique_ptr<Client> client) : client_(std::move(client)) {}

  // The topic handle dies before its client.
  std::unique_ptr<Client> client_;
  TopicHandle topic_;
  int partitions_ = 0;  // 0: not known
};

}  // namespace clickstream::kafka
