// What the main loop has published last, for the threads that answer HTTP requests.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "clickstream/snapshot.h"
#include "render/history.h"

namespace clickstream::cli {

/// Thread-safe. Snapshots are shared read-only, so that a slow reader holds nobody up.
class Published {
 public:
  /// `waiting_for`: why there are no figures yet; empty when there are. A sign of life.
  void set(std::shared_ptr<const Snapshot> snapshot, std::string waiting_for) {
    const std::lock_guard lock(mutex_);
    if (waiting_for.empty()) history_.add(*snapshot);
    snapshot_ = std::move(snapshot);
    waiting_for_ = std::move(waiting_for);
    beat_ = std::chrono::steady_clock::now();
  }

  /// A sign of life while there is nothing to publish.
  void beat() {
    const std::lock_guard lock(mutex_);
    beat_ = std::chrono::steady_clock::now();
  }

  std::shared_ptr<const Snapshot> snapshot() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
  }

  render::History history() const {
    const std::lock_guard lock(mutex_);
    return history_;
  }

  std::string waiting_for() const {
    const std::lock_guard lock(mutex_);
    return waiting_for_;
  }

  /// How long ago the last sign of life came.
  std::chrono::steady_clock::duration silence() const {
    const std::lock_guard lock(mutex_);
    return std::chrono::steady_clock::now() - beat_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<Snapshot>();
  render::History history_;
  std::string waiting_for_ = "connecting";
  std::chrono::steady_clock::time_point beat_ = std::chrono::steady_clock::now();
};

}  // namespace clickstream::cli
