#include "cli/counting/shared_engines.h"

#include <algorithm>

namespace clickstream::cli {
namespace {

// Each share looks at the time of every event: with more of them that is most of what they do.
constexpr std::size_t kMostShares = 8;

}  // namespace

std::size_t SharedEngines::processors() {
  return std::clamp(std::size_t{std::thread::hardware_concurrency()}, std::size_t{1}, kMostShares);
}

SharedEngines::SharedEngines(const EngineConfig& config, std::optional<Partitioning> partitioning, Duration max_ahead,
                             std::size_t shares) {
  if (config.max_pages || config.max_windows) shares = 1;
  for (std::size_t i = 0; i < shares; ++i) {
    shares_.push_back(std::make_unique<Share>(pieces_, max_ahead, config, partitioning, UserShare{i, shares}));
  }
  if (shares == 1 && processors() > 1) {
    threads_.emplace_back([this, max_ahead](const std::stop_token& stop) {
      Decoder decoder(max_ahead);
      pieces_.decode_all(stop, decoder);
    });
  }
  for (std::size_t i = 1; i < shares; ++i) {
    threads_.emplace_back([this, i](const std::stop_token& stop) { work(stop, *shares_[i]); });
  }
}

void SharedEngines::assign(std::int32_t partition) {
  for (const auto& share : shares_) share->engines.assign(partition);
}

void SharedEngines::close_all() {
  run([](Share& share) { share.engines.close_all(); });
}

Snapshot SharedEngines::snapshot(Timestamp as_of) const {
  Snapshot snapshot = shares_.front()->engines.snapshot(as_of);
  for (std::size_t i = 1; i < shares_.size(); ++i) merge(snapshot, shares_[i]->engines.snapshot(as_of));
  return snapshot;
}

std::uint64_t SharedEngines::distinct_users() const {
  std::uint64_t users = 0;
  for (const auto& share : shares_) users += share->engines.distinct_users();
  return users;
}

void SharedEngines::count(const std::vector<Record>& records,
                          const std::function<void(const Record&, Malformed)>& malformed) {
  pieces_.begin(records);
  run([&](Share& share) {
    share.reader.begin();
    for (const Record& record : records) {
      const Verdict verdict = share.engines.apply(record, share.reader.next());
      if (verdict.fate == Fate::malformed) malformed(record, verdict.reason);  // the first share only says so
    }
  });
}

void SharedEngines::run(const Task& task) {
  {
    const std::lock_guard lock(mutex_);
    task_ = &task;
    ++tasks_;
    running_ = shares_.size() - 1;
  }
  changed_.notify_all();
  task(*shares_.front());
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return running_ == 0; });
}

void SharedEngines::work(const std::stop_token& stop, Share& share) {
  std::unique_lock lock(mutex_);
  for (std::uint64_t next = 1; changed_.wait(lock, stop, [&] { return tasks_ == next; }); ++next) {
    const Task& task = *task_;
    lock.unlock();
    task(share);
    lock.lock();
    if (--running_ == 0) changed_.notify_all();
  }
}

}  // namespace clickstream::cli
