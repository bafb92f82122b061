// Partitions of one topic, read through one queue, without a consumer group. Private to src/kafka.
//
// One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "clickstream/stop.h"
#include "kafka/fetch.h"

namespace clickstream::kafka {

/// What becomes of a topic that cannot be found while it is read: a cluster that has just started may not know it yet.
enum class Missing : std::uint8_t { fails, waits };

/// Tells apart, of the errors met while a topic is fetched, what ends the reading from what passes, which is logged.
Result<void> judge_errors(const Client& client, const std::string& topic,
                          const std::vector<rd_kafka_resp_err_t>& errors, Missing missing);

/// The failure for a topic one of whose partitions has another log now.
Failure went_back(const std::string& topic);

class Reader {
 public:
  /// `now` is the time of records without one.
  static Result<std::unique_ptr<Reader>> connect(const Settings& settings, const std::string& topic, Missing missing,
                                                 Timestamp now, const Stopping& stopping);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Client& client() { return *client_; }
  Positions& positions() { return positions_; }
  const Positions& positions() const { return positions_; }
  std::optional<std::int64_t> lag(std::int32_t partition) const;

  /// From `begin` to `end`, or on and on.
  Result<void> start(std::int32_t partition, std::int64_t begin, std::optional<std::int64_t> end);
  void stop(std::int32_t partition);

  /// Asks the broker for no more of those partitions that have reached their end.
  void rest_at_ends();

  /// Adds to the batch what arrives within a moment. That a partition has another log now is for the caller to see.
  Result<void> fetch(Batch& batch, Duration timeout);

  /// The failure for a partition that has another log now.
  Failure went_back() const;

 private:
  Reader(std::unique_ptr<Client> client, const std::string& topic, Missing missing, Timestamp now);

  // The topic, the queue and its messages die before the client.
  std::unique_ptr<Client> client_;
  TopicHandle topic_;
  Disposer disposer_;
  Fetcher fetcher_;
  Positions positions_;
  std::set<std::int32_t> resting_;
  Missing missing_;
};

}  // namespace clickstream::kafka
