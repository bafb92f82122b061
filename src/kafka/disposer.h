// Destroys messages on a thread of its own: that takes as long as fetching them does, and the thread that counts has
// better things to do. Private to src/kafka.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "kafka/handles.h"

namespace clickstream::kafka {

/// Used by one thread, and by its own. Its messages die before their client.
class Disposer {
 public:
  Disposer() = default;
  ~Disposer();
  Disposer(const Disposer&) = delete;
  Disposer& operator=(const Disposer&) = delete;

  /// Takes the messages over, and leaves `messages` empty. Waits while those of the call before are there still.
  void dispose(std::vector<MessageHandle>& messages);

 private:
  void work();

  std::mutex mutex_;  // of the following two
  std::vector<MessageHandle> messages_;
  bool ending_ = false;
  std::condition_variable changed_;
  std::thread thread_;  // from the first call on
};

}  // namespace clickstream::kafka
