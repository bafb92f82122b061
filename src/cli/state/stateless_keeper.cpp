#include "cli/state/stateless_keeper.h"

#include <fmt/format.h>

#include "kafka/group_source.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kSettleEvery = 1s;
constexpr Duration kEndDeadline = 4s;
constexpr Duration kEndPatience = 50ms;

}  // namespace

Result<void> StatelessKeeper::after(const Batch& batch) {
  if (outlets_.has_sinks()) give_rows(batch);
  for (const auto partition : batch.revoked) engines_.revoke(partition);
  for (const auto partition : batch.assigned) engines_.assign(partition);
  if (const auto now = Clock::now(); now >= next_settling_) {
    next_settling_ = now + kSettleEvery;
    if (const auto settled = settle(0s); !settled) return unexpected(settled.error());
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

void StatelessKeeper::give_rows(const Batch& batch) {
  records_ += static_cast<std::int64_t>(batch.records.size());
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const Record& record = batch.records[i];
    const bool last_in_turn = i + 1 == batch.records.size() || batch.records[i + 1].partition != record.partition;
    if (last_in_turn) next_[record.partition] = record.offset + 1;
  }
  Rows rows = engines_.take_rows();
  if (rows.empty()) return;
  const auto place = [this, at_end = batch.at_end](RowPlace& at) {
    if (unkeyed_) at.offset = records_;
    // What closes because the input ends does so behind its last record.
    if (!unkeyed_ && at_end && at.offset == 0) at.offset = next_[at.partition];
  };
  for (SessionRow& row : rows.sessions) place(row.place);
  for (WindowRow& row : rows.windows) place(row.place);
  outlets_.put(std::move(rows));
}

Result<bool> StatelessKeeper::settle(Duration patience) { return outlets_.are_safe(outlets_.rows_so_far(), patience); }

Result<void> StatelessKeeper::finish(bool at_end, const Stopping& stopping) {
  if (at_end) {
    engines_.close_all();
    Batch end;
    end.at_end = true;
    give_rows(end);
  }
  auto deadline = Clock::now() + kEndDeadline;
  for (;;) {
    const auto settled = settle(kEndPatience);
    if (!settled) return unexpected(settled.error());
    if (*settled) return {};
    if (!outlets_.wait_for_rows(kEndPatience) && at_end && !stopping()) deadline = Clock::now() + kEndDeadline;
    if (Clock::now() >= deadline) break;
  }
  log_(LogLevel::warn, "the last rows or dead letters were not acknowledged in time, and may be lost");
  return {};
}

Snapshot StatelessKeeper::published(Timestamp as_of) const {
  Snapshot snapshot = engines_.snapshot(as_of);
  if (group_ == nullptr) return snapshot;
  for (PartitionFigures& partition : snapshot.partitions) partition.lag = group_->lag(partition.partition);
  return snapshot;
}

}  // namespace clickstream::cli
