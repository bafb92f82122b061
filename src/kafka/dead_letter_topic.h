// Dead letters as records of a topic: key and value as they were, the rest in headers.
//
//   clickstream.reason      not_json, missing_page, …, late
//   clickstream.topic       where the record was read
//   clickstream.partition
//   clickstream.offset
//   clickstream.timestamp   the record's own, RFC 3339 in UTC with milliseconds
//
// Owns its producer client. It tries for ever while the broker is away; what the broker refuses is an error that names
// the source record.
#pragma once

#include <memory>
#include <string>

#include "clickstream/dead_letters.h"
#include "clickstream/stop.h"
#include "kafka/settings.h"
#include "kafka/topic.h"

namespace clickstream::kafka {

class DeadLetterTopic : public DeadLetters {
 public:
  /// Connects, and creates `topic` where it may. `source` is the name of the topic that the records are read from;
  /// `stopping` also ends the wait of put().
  static Result<std::unique_ptr<DeadLetterTopic>> connect(const Settings& settings, const TopicSpec& topic,
                                                          const std::string& source, const Stopping& stopping);
  ~DeadLetterTopic() override;

  Result<bool> put(const Record& record, std::string_view reason) override;
  /// Serves the client's callbacks, too: to be called now and then also while nothing is put.
  Result<bool> settle(Duration timeout) override;

 private:
  struct Impl;
  explicit DeadLetterTopic(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace clickstream::kafka
