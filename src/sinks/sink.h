// A store with a thread and a queue in front of it: what the pipeline puts is written in batches, again and again until
// the store has it, and the pipeline never waits.
//
// Everything is written in the order in which it was put. The queue is not bounded here: who puts rows asks
// queued_rows(), and stops to read its input.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "clickstream/log.h"
#include "clickstream/row_store.h"
#include "clickstream/snapshot.h"
#include "clickstream/types.h"

namespace clickstream::sinks {

struct SinkOptions {
  std::string name;                                      ///< for the log and the metrics: "postgresql", …
  RowSource source;                                      ///< as the store knows it
  std::size_t most_rows = 10'000;                        ///< in one write
  Duration linger = std::chrono::milliseconds{200};      ///< how long a row waits for more
  Duration first_wait = std::chrono::milliseconds{100};  ///< after a failure; doubled with each,
  Duration longest_wait = std::chrono::seconds{5};       ///< up to this; of it a random half to the whole
};

/// Thread-safe, but puts come from one thread.
class Sink {
 public:
  Sink(SinkOptions options, std::unique_ptr<RowStore> store, Log log);
  /// Waits for nothing: what is not done may be lost.
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  void put(std::shared_ptr<const Rows> rows);
  /// See RowStore.
  void supersede(const RowPlace& from);

  /// How many calls of put() and supersede(), from the first on, are done: the store has what they brought, or has refused
  /// it, which take_refused() gives.
  std::uint64_t done() const;
  /// Waits until so many are; false where they are not after `timeout`.
  bool wait_for(std::uint64_t done, Duration timeout) const;

  /// Put, but not done.
  std::size_t queued_rows() const;
  std::vector<RefusedRow> take_refused();
  SinkFigures figures() const;

 private:
  using Item = std::variant<std::shared_ptr<const Rows>, RowPlace>;
  struct Job {
    Rows rows;
    std::optional<RowPlace> supersession;
    std::uint64_t calls = 0;  // that it is made of
  };

  void work();
  std::optional<Job> next_job();
  bool write(const Rows& rows);
  bool supersede_now(const RowPlace& from);
  void refuse(const Rows& row, const std::string& reason);
  void succeeded(Duration took);
  bool wait_after(const StoreFailure& failure, int failures);
  bool stopped() const;

  const SinkOptions options_;
  const Log log_;
  const std::unique_ptr<RowStore> store_;

  mutable std::mutex mutex_;  // of all that follows
  mutable std::condition_variable changed_;
  std::deque<Item> queue_;
  std::chrono::steady_clock::time_point waiting_since_{};  // the first item of the queue
  std::uint64_t done_ = 0;
  std::vector<RefusedRow> refused_;
  SinkFigures figures_;
  bool stop_ = false;
  std::string last_complaint_;
  std::chrono::steady_clock::time_point last_complaint_at_{};

  std::thread thread_;
};

}  // namespace clickstream::sinks
