// Sends the lines of a file, over and over until COUNT are sent, keyed by user: idempotent, lz4, nothing simulated or encoded.
//
// usage: bare_producer BROKERS TOPIC FILE COUNT
#include <algorithm>
#include <charconv>
#include <string_view>

#include "mapped_file.h"
#include "topic.h"

namespace {

std::string_view user_of(std::string_view line) {
  constexpr std::string_view kName = "\"user_id\":";
  const std::size_t begin = line.find(kName) + kName.size();
  return line.substr(begin, line.find(',', begin) - begin);
}

void count_failure(rd_kafka_t*, const rd_kafka_message_t* message, void* failed) {
  if (message->err != 0) ++*static_cast<unsigned long long*>(failed);
}

}  // namespace

int main(int argc, char** argv) {
  reference::check(argc == 5, "usage: bare_producer BROKERS TOPIC FILE COUNT");
  const reference::MappedFile file(argv[3]);
  unsigned long long count = 0;
  const std::string_view number(argv[4]);
  std::from_chars(number.data(), number.data() + number.size(), count);

  char error[256];
  unsigned long long failed = 0;
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  reference::set(conf, "bootstrap.servers", argv[1]);
  reference::set(conf, "enable.idempotence", "true");
  reference::set(conf, "compression.codec", "lz4");
  reference::set(conf, "partitioner", "murmur2_random");
  reference::set(conf, "queue.buffering.max.messages", "1000000");
  reference::set(conf, "queue.buffering.max.kbytes", "524288");
  rd_kafka_conf_set_dr_msg_cb(conf, count_failure);
  rd_kafka_conf_set_opaque(conf, &failed);
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  reference::check(client != nullptr, error);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(client, argv[2], nullptr);

  char* line = file.begin();
  for (unsigned long long sent = 0; sent < count; ++sent) {
    if (line == file.end()) line = file.begin();
    char* const end = std::find(line, file.end(), '\n');
    const auto size = static_cast<std::size_t>(end - line);
    const std::string_view user = user_of({line, size});
    while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, line, size, user.data(), user.size(),
                            nullptr) != 0) {
      reference::check(rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL, "cannot send");
      rd_kafka_poll(client, 10);
    }
    if (sent % 64 == 0) rd_kafka_poll(client, 0);
    line = end == file.end() ? end : end + 1;
  }
  rd_kafka_flush(client, 60'000);
  const int left = rd_kafka_outq_len(client);
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(client);
  reference::check(left == 0 && failed == 0, "not all were delivered");
  std::printf("%llu records\n", count);
}
