#include "kafka/disposer.h"

namespace clickstream::kafka {

Disposer::~Disposer() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Disposer::dispose(std::vector<MessageHandle>& messages) {
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return messages_.empty(); });
    messages_.swap(messages);
  }
  changed_.notify_all();
}

void Disposer::work() {
  std::vector<MessageHandle> mine;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !messages_.empty(); });
    if (messages_.empty()) return;
    mine.swap(messages_);
    lock.unlock();
    changed_.notify_all();
    mine.clear();
    lock.lock();
  }
}

}  // namespace clickstream::kafka
