// The engines of a bounded input without saved state, shared out by user: each processor counts the events of its share
// of them, and the figures are added up.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "cli/counting/pieces.h"
#include "clickstream/engine_set.h"
#include "clickstream/snapshot.h"
#include "clickstream/source.h"

namespace clickstream::cli {

/// Used by one thread, and by its own. The figures are those of one EngineSet, whatever the number of shares.
class SharedEngines {
 public:
  /// With EngineConfig::count_users. `max_ahead`: see Decoder. Where pages or windows have a limit there is one share: which
  /// of them are within it depends on all users. Another processor decodes then.
  SharedEngines(const EngineConfig& config, std::optional<Partitioning> partitioning, Duration max_ahead,
                std::size_t shares = processors());

  // See EngineSet.
  void assign(std::int32_t partition);
  void close_all();
  Snapshot snapshot(Timestamp as_of) const;
  std::uint64_t distinct_users() const;

  /// Counts the records of a batch. What is malformed is told to `malformed`, on this thread.
  void count(const std::vector<Record>& records, const std::function<void(const Record&, Malformed)>& malformed);

  /// As many as are of use.
  static std::size_t processors();

 private:
  struct Share {
    Share(Pieces& pieces, Duration max_ahead, const EngineConfig& config, std::optional<Partitioning> partitioning,
          UserShare users)
        : engines(config, partitioning, users), reader(pieces, max_ahead, engines, users.of) {}
    EngineSet engines;
    PieceReader reader;
  };

  using Task = std::function<void(Share&)>;

  // Does it for all shares, each on its thread.
  void run(const Task& task);
  void work(const std::stop_token& stop, Share& share);

  Pieces pieces_;
  std::vector<std::unique_ptr<Share>> shares_;  // the first is counted by the caller's thread

  std::mutex mutex_;  // of the following three
  std::uint64_t tasks_ = 0;
  const Task* task_ = nullptr;  // the last of them,
  std::size_t running_ = 0;     // and how many of the threads are not done with it
  std::condition_variable_any changed_;

  std::vector<std::jthread> threads_;  // the last member: they use the others
};

}  // namespace clickstream::cli
