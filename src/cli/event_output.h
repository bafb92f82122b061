// Where `produce` sends its events: a topic, a file, or standard output.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "clickstream/event.h"
#include "clickstream/failure.h"
#include "clickstream/log.h"
#include "kafka/producer.h"

namespace clickstream::cli {

/// One thread at a time.
class EventOutput {
 public:
  EventOutput() = default;
  virtual ~EventOutput() = default;
  EventOutput(const EventOutput&) = delete;
  EventOutput& operator=(const EventOutput&) = delete;

  /// Takes one event, encoded; waits where it cannot be taken at once.
  virtual Result<void> send(const Event& event, std::string_view json) = 0;
  /// Lets time pass, in which what was taken goes out.
  virtual Result<void> wait(Duration time) = 0;
  /// Lets everything out; once the program is asked to stop, within 8 s. The failure tells what was lost, and why.
  virtual Result<void> finish() = 0;
};

/// A line an event; for "-" to standard output. After a failed write a file ends with its last whole line.
Result<std::unique_ptr<EventOutput>> open_file_output(const std::string& path);

std::unique_ptr<EventOutput> make_kafka_output(std::unique_ptr<kafka::Producer> producer, Log log);

}  // namespace clickstream::cli
