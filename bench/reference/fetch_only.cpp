// Fetches a topic and counts: what nothing that uses librdkafka can be faster than.
//
// usage: fetch_only BROKERS TOPIC
#include "topic.h"

int main(int argc, char** argv) {
  reference::check(argc == 3, "usage: fetch_only BROKERS TOPIC");
  unsigned long long records = 0;
  unsigned long long bytes = 0;
  reference::read_topic(argv[1], argv[2], [&](const rd_kafka_message_t& record) {
    ++records;
    bytes += record.len;
  });
  std::printf("%llu records, %llu bytes\n", records, bytes);
}
