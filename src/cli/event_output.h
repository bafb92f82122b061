// Where `produce` sends its records: a topic, a file, or standard output.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "clickstream/failure.h"
#include "clickstream/log.h"
#include "clickstream/traffic.h"
#include "kafka/producer.h"

namespace clickstream::cli {

/// One thread at a time. Once the program is asked to stop, the calls together wait for at most 8 s.
class EventOutput {
 public:
  EventOutput() = default;
  virtual ~EventOutput() = default;
  EventOutput(const EventOutput&) = delete;
  EventOutput& operator=(const EventOutput&) = delete;

  /// Takes one record; waits where it cannot be taken at once.
  virtual Result<void> send(const TrafficRecord& record) = 0;
  /// Lets time pass, in which what was taken goes out.
  virtual Result<void> wait(Duration time) = 0;
  /// Lets everything out. The failure tells what was lost, and why.
  virtual Result<void> finish() = 0;
};

/// A line a record; for "-" to standard output. After a failed write a file ends with its last whole line.
Result<std::unique_ptr<EventOutput>> open_file_output(const std::string& path);

std::unique_ptr<EventOutput> make_kafka_output(std::unique_ptr<kafka::Producer> producer, Log log);

}  // namespace clickstream::cli
