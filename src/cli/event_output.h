// Where `produce` and `replay` send their records: a topic, a file, or standard output.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "clickstream/failure.h"
#include "clickstream/log.h"
#include "clickstream/types.h"
#include "kafka/producer.h"

namespace clickstream::cli {

/// One thread at a time. Once the program is asked to stop, the calls together wait for at most 8 s.
class EventOutput {
 public:
  EventOutput() = default;
  virtual ~EventOutput() = default;
  EventOutput(const EventOutput&) = delete;
  EventOutput& operator=(const EventOutput&) = delete;

  /// Takes one record, keyed by its user; waits where it cannot be taken at once. False: the time after being asked to
  /// stop was over before that.
  virtual Result<bool> send(UserId user, std::string_view document) = 0;
  /// Lets time pass, in which what was taken goes out.
  virtual Result<void> wait(Duration time) = 0;
  /// Lets everything out. The failure tells what was lost, and why.
  virtual Result<void> finish() = 0;
};

/// A line a record; for "-" to standard output. The file begins anew unless it is to `append`. After a failed write it
/// ends with its last whole line.
Result<std::unique_ptr<EventOutput>> open_file_output(const std::string& path, bool append = false);

/// Now and then it says to `log` that the broker is too slow.
std::unique_ptr<EventOutput> make_kafka_output(std::unique_ptr<kafka::Producer> producer, Log log);

}  // namespace clickstream::cli
