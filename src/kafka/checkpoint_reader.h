// Reads checkpoints back from the state topic, one at a time.
//
// One thread at a time; no call waits long but connect().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "clickstream/checkpoint.h"
#include "clickstream/stop.h"
#include "kafka/settings.h"

namespace clickstream::kafka {

class CheckpointReader {
 public:
  static Result<std::unique_ptr<CheckpointReader>> connect(const Settings& settings, const std::string& topic,
                                                           const Stopping& stopping);
  ~CheckpointReader();

  /// Begins to read; what was being read is forgotten.
  Result<void> start(std::int32_t partition, const CheckpointPlace& place);

  /// Reads on for a moment: nothing while there is more to come, then once the state, or what is wrong with it.
  using State = Expected<std::string, std::string>;
  Result<std::optional<State>> work();

  /// Whether a partition has ever held a checkpoint, and the epoch of the newest that is there (0: of none); nothing
  /// when there is no answer in time.
  struct Last {
    bool written = false;
    std::uint32_t epoch = 0;
  };
  Result<std::optional<Last>> last_epoch(std::int32_t partition);

 private:
  struct Impl;
  explicit CheckpointReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace clickstream::kafka
