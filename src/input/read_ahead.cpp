#include "input/read_ahead.h"

#include <chrono>
#include <utility>

#include "input/line_reader.h"

namespace clickstream::input {
namespace {

using namespace std::chrono_literals;

// Of the batches of which records live, one is the caller's, and one is being read.
constexpr std::size_t kMostRead = LineReader::kKept;
constexpr Duration kPoll = 100ms;

}  // namespace

ReadAhead::ReadAhead(std::unique_ptr<FileSource> files)
    : files_(std::move(files)), thread_([this](const std::stop_token& stop) { work(stop); }) {}

Result<void> ReadAhead::poll(Batch& batch, Duration timeout) {
  batch.clear();
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [this] { return !read_.empty(); });
  if (read_.empty()) return {};
  Read read = std::move(read_.front());
  read_.pop_front();
  used_.push_back(std::exchange(batch, std::move(read.batch)));
  lock.unlock();
  changed_.notify_all();
  progress_ = read.progress;
  return read.result;
}

void ReadAhead::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (bool over = false; !over;) {
    if (!changed_.wait(lock, stop, [this] { return read_.size() < kMostRead; })) return;
    Read read;
    if (!used_.empty()) {
      read.batch = std::move(used_.back());
      used_.pop_back();
    }
    lock.unlock();
    read.result = files_->poll(read.batch, kPoll);
    read.progress = files_->progress();
    over = !read.result || read.batch.at_end;
    lock.lock();
    read_.push_back(std::move(read));
    changed_.notify_all();
  }
}

}  // namespace clickstream::input
