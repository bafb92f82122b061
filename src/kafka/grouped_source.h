// A topic read as a member of a consumer group, with how far it has been read kept by the group.
//
// Partitions change hands in three steps: a batch says so, as do the batches after it; the owner of this source does
// what it has to (loads state, saves state); then it answers with start() or release(). One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clickstream/checkpoint.h"
#include "clickstream/source.h"

namespace clickstream::kafka {

/// An offset that the group keeps, with the text that was committed with it.
struct Committed {
  std::int32_t partition = 0;
  std::optional<std::int64_t> offset;  ///< absent: none has been committed, or it has expired
  std::string metadata;

  bool operator==(const Committed&) const = default;
};

/// First offset, and the one after the last record there is now.
struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// What became of a commit.
enum class CommitResult : std::uint8_t {
  pending,    ///< in doubt: no answer yet
  confirmed,  ///< all of it
  refused,    ///< nothing of it, this time
  fenced,     ///< nothing of it, and we are no member any more: what we have is someone else's
};

class GroupedSource : public Source {
 public:
  /// What the group keeps for these partitions; nothing when there is no answer in time: ask again.
  virtual Result<std::optional<std::vector<Committed>>> committed(const std::vector<std::int32_t>& partitions) = 0;

  /// What these partitions hold now, in their order; nothing when there is no answer in time: ask again.
  virtual Result<std::optional<std::vector<Range>>> ranges(const std::vector<std::int32_t>& partitions) = 0;

  /// Answers an assignment: reads each of its partitions from there. Or reads on from there, where they are ours.
  virtual void start(const std::vector<PartitionOffset>& offsets) = 0;

  /// No more records of these partitions, which are ours still.
  virtual void hold(const std::vector<std::int32_t>& partitions) = 0;

  /// While paused, polls bring what the group asks, but no records; no partition is idle meanwhile.
  virtual void pause(bool paused) = 0;

  /// Answers a revocation. Not while a commit is pending.
  virtual void release(const std::vector<std::int32_t>& partitions) = 0;

  /// Whether a commit would be refused just now, because the group is being put together anew.
  virtual bool joining() const = 0;

  /// Commits, and waits a moment for the answer. Not while a commit is pending.
  virtual CommitResult commit(const std::vector<Committed>& offsets) = 0;

  /// The answer to a commit that was pending, once; waits up to `timeout`.
  virtual CommitResult commit_answer(Duration timeout) = 0;

  /// The next offset to be read of a partition that has been started: every record below has been handed out.
  virtual std::int64_t position(std::int32_t partition) const = 0;

  /// For how long the partition has been at its end, connected to its broker.
  virtual Duration idle_for(std::int32_t partition) const = 0;

  /// Asks the broker whether these partitions, idle for all we know, still are; how long they are idle starts anew for
  /// those that are not, or where there is no answer.
  virtual void confirm_idle(const std::vector<std::int32_t>& partitions) = 0;

  /// Partitions that have another log now, once: the topic was deleted and created again, or cut.
  virtual std::vector<std::int32_t> take_restarted() = 0;

  /// Why there are no records yet; empty once the group has given us our partitions, be they none.
  virtual std::string waiting_for() const = 0;

  /// Records behind the partition's end as last heard of it.
  virtual std::optional<std::int64_t> lag(std::int32_t partition) const = 0;

  virtual std::uint64_t rebalances() const = 0;

  /// Of a bounded read, the share of the records that has been read, 0 … 1.
  virtual double progress() const = 0;
};

}  // namespace clickstream::kafka
