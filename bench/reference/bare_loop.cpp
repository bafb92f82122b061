// Fetches a topic, parses and counts sessions and pages: the loop that one would write without a second thought.
//
// usage: bare_loop BROKERS TOPIC
#include <cstring>

#include "events.h"
#include "topic.h"

int main(int argc, char** argv) {
  reference::check(argc == 3, "usage: bare_loop BROKERS TOPIC");
  reference::Figures figures;
  std::vector<char> text;
  reference::read_topic(argv[1], argv[2], [&](const rd_kafka_message_t& record) {
    text.resize(record.len + 1);
    std::memcpy(text.data(), record.payload, record.len);
    text[record.len] = '\0';
    figures.add(text.data());
  });
  figures.print();
}
