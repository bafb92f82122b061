#include "cli/state/stateless_keeper.h"

#include <fmt/format.h>

#include "kafka/group_source.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kSettleEvery = 1s;
constexpr Duration kEndDeadline = 4s;

}  // namespace

Result<void> StatelessKeeper::after(const Batch& batch) {
  for (const auto partition : batch.revoked) engines_.revoke(partition);
  for (const auto partition : batch.assigned) engines_.assign(partition);
  if (const auto now = Clock::now(); dead_letters_ != nullptr && now >= next_settling_) {
    next_settling_ = now + kSettleEvery;
    if (const auto settled = dead_letters_->settle(0s); !settled) return unexpected(settled.error());
  }
  if (group_ == nullptr) return {};
  if (!batch.revoked.empty()) group_->release(batch.revoked);
  std::vector<PartitionOffset> beginnings;
  for (const auto partition : batch.assigned) beginnings.push_back({partition, kafka::kBeginning});
  if (!beginnings.empty()) group_->start(beginnings);
  for (const auto partition : group_->take_restarted()) {
    log_(LogLevel::warn, fmt::format("partition {} has another log: the topic was deleted and created again, or cut; "
                                     "its figures start again with it",
                                     partition));
    engines_.assign(partition);
    group_->start({{partition, kafka::kBeginning}});
  }
  return {};
}

Result<void> StatelessKeeper::finish() {
  if (dead_letters_ == nullptr) return {};
  const auto settled = dead_letters_->settle(kEndDeadline);
  if (!settled) return unexpected(settled.error());
  if (!*settled) log_(LogLevel::warn, "the last dead letters were not acknowledged in time, and may be lost");
  return {};
}

Snapshot StatelessKeeper::published(Timestamp as_of) const {
  Snapshot snapshot = engines_.snapshot(as_of);
  if (group_ == nullptr) return snapshot;
  for (PartitionFigures& partition : snapshot.partitions) partition.lag = group_->lag(partition.partition);
  return snapshot;
}

}  // namespace clickstream::cli
