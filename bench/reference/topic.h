// The fastest way that librdkafka has to read a topic: all its partitions from their beginnings to their ends, in batches, as
// a member of no group. It stops at the last record, since the message of an end comes half a second later.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace reference {

inline void check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

inline void set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  char error[256];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) check(false, error);
}

/// Gives each record to `take(const rd_kafka_message_t&)`.
template <class Take>
void read_topic(const char* brokers, const char* topic, Take take) {
  char error[256];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", brokers);
  set(conf, "group.id", "reference");  // librdkafka wants one, and does not join it
  set(conf, "enable.auto.commit", "false");
  set(conf, "queued.min.messages", "1000000");  // as ours
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  check(client != nullptr, error);
  rd_kafka_poll_set_consumer(client);

  rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic, nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  check(rd_kafka_metadata(client, 0, handle, &metadata, 10'000) == 0 && metadata->topic_cnt == 1, "no such topic");
  const int count = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  rd_kafka_topic_partition_list_t* partitions = rd_kafka_topic_partition_list_new(count);
  std::int64_t left = 0;
  for (int i = 0; i < count; ++i) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    check(rd_kafka_query_watermark_offsets(client, topic, i, &low, &high, 10'000) == 0, "cannot ask for the end");
    rd_kafka_topic_partition_list_add(partitions, topic, i)->offset = low;
    left += high - low;
  }
  check(rd_kafka_assign(client, partitions) == 0, "cannot read the topic");

  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(client);
  std::vector<rd_kafka_message_t*> batch(10'000);
  while (left > 0) {
    const auto got = rd_kafka_consume_batch_queue(queue, 20, batch.data(), batch.size());
    for (std::size_t i = 0; i < static_cast<std::size_t>(got < 0 ? 0 : got); ++i) {
      check(batch[i]->err == 0, rd_kafka_message_errstr(batch[i]));
      take(*batch[i]);
      rd_kafka_message_destroy(batch[i]);
      --left;
    }
  }
  rd_kafka_queue_destroy(queue);
  rd_kafka_topic_partition_list_destroy(partitions);
  rd_kafka_topic_destroy(handle);
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
}

}  // namespace reference
