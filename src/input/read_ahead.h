// Files read on a thread of their own: whoever counts what they hold does not wait for them.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "input/file_source.h"

namespace clickstream::input {

/// Used by one thread, as any source, and by its own.
class ReadAhead : public Source {
 public:
  explicit ReadAhead(std::unique_ptr<FileSource> files);
  ~ReadAhead() override = default;

  /// An error comes after all that could be read before it.
  Result<void> poll(Batch& batch, Duration timeout) override;

  /// The share of the files' bytes that poll() has come to, 0 … 1.
  double progress() const { return progress_; }

 private:
  struct Read {
    Batch batch;
    Result<void> result;
    double progress = 0;
  };

  void work(const std::stop_token& stop);

  std::unique_ptr<FileSource> files_;  // of the other thread
  double progress_ = 0;

  std::mutex mutex_;  // of the following
  std::deque<Read> read_;
  std::vector<Batch> used_;  // to be filled again
  std::condition_variable_any changed_;

  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace clickstream::input
