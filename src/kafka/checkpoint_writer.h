// Writes checkpoints to the state topic, one at a time, while the consumer goes on; deletes what no pointer needs any
// more.
//
// One thread at a time; no call waits long but connect() and extend().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "clickstream/checkpoint.h"
#include "clickstream/stop.h"
#include "kafka/settings.h"
#include "kafka/topic.h"

namespace clickstream::kafka {

class CheckpointWriter {
 public:
  /// Creates the state topic where it is missing, and adds partitions where it has fewer than `topic.partitions`.
  static Result<std::unique_ptr<CheckpointWriter>> connect(const Settings& settings, const TopicSpec& topic,
                                                           const Stopping& stopping);
  ~CheckpointWriter();

  /// Adds partitions to the state topic up to `partitions`; whether it did, or nothing when there is no answer in time:
  /// ask again.
  Result<std::optional<bool>> extend(int partitions, const Stopping& stopping);

  /// Begins to write a state. `header`: all but the index. What was being written is abandoned. What comes of it, even an
  /// immediate failure, is told by work().
  void start(std::int32_t partition, const ChunkHeader& header, std::string state);
  void abandon();

  /// The memory of the state that was written last, for the next one: to get as much anew takes longer than to fill it.
  /// Empty while one is being written.
  std::string take_memory();

  enum class Progress : std::uint8_t { idle, writing, acknowledged, failed };
  /// Hands on some of what is left to be sent and hears what has arrived, waiting up to `timeout` for something to
  /// hear. `acknowledged` and `failed` come once; then it is idle again. An error: it will never work again, as
  /// without the right to write.
  Result<Progress> work(Duration timeout);

  /// The checkpoint that was acknowledged last.
  const CheckpointPlace& place() const;

  /// Has everything below this offset deleted, in the background; says so now and then where that is refused.
  void truncate(std::int32_t partition, std::int64_t offset);

 private:
  struct Impl;
  explicit CheckpointWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace clickstream::kafka
