#include "kafka/group_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "kafka/group_member.h"
#include "kafka/offsets.h"
#include "kafka/reader.h"

namespace clickstream::kafka {
namespace {

static_assert(kBeginning == RD_KAFKA_OFFSET_BEGINNING);

class GroupSource : public GroupedSource {
 public:
  GroupSource(std::unique_ptr<GroupMember> member, GroupOptions options, std::vector<Range> ranges)
      : member_(std::move(member)), options_(std::move(options)), ranges_(std::move(ranges)) {}

  Result<void> poll(Batch& batch, Duration timeout) override {
    batch.clear();
    if (auto polled = member_->poll(batch, positions_, timeout); !polled) return polled;
    if (options_.until_end && any_went_back(positions_)) return fail(Exit::failed, another_log());
    const auto* revocation = member_->revocation();
    if (const auto given = member_->take_given(); !given.empty()) {
      offered_.insert(given.begin(), given.end());
      log()(LogLevel::info, fmt::format("the group gives us {} partitions of {}", given.size(), options_.topic));
    }
    if (revocation != nullptr) {
      batch.revoked = revocation->partitions;
      batch.lost = revocation->lost;
      for (const auto partition : batch.revoked) offered_.erase(partition);
    }
    batch.assigned.assign(offered_.begin(), offered_.end());
    batch.at_end = options_.until_end && member_->rebalances() > 0 && offered_.empty() && revocation == nullptr &&
                   all_reached_end(positions_);
    return batch.at_end ? judge_share() : Result<void>();
  }

  Result<std::optional<std::vector<Committed>>> committed(const std::vector<std::int32_t>& partitions) override {
    return member_->committed(options_.topic, partitions);
  }

  Result<std::optional<std::vector<Range>>> ranges(const std::vector<std::int32_t>& partitions) override {
    return ask_ranges(member_->client(), options_.topic, partitions);
  }

  void start(const std::vector<PartitionOffset>& offsets) override {
    for (const PartitionOffset& one : offsets) {
      Position position;
      position.next = std::max<std::int64_t>(0, one.offset);
      if (options_.until_end) {
        const auto known = static_cast<std::size_t>(one.partition) < ranges_.size();
        const Range range = known ? ranges_[static_cast<std::size_t>(one.partition)] : Range{};
        position.end = range.end;
        position.reached_end = std::max(position.next, range.begin) >= range.end;
      }
      positions_[one.partition] = position;
      offered_.erase(one.partition);
    }
    member_->read(offsets);
  }

  void hold(const std::vector<std::int32_t>& partitions) override {
    for (const auto partition : partitions) positions_.erase(partition);
  }

  void pause(bool paused) override {
    if (paused_ == paused) return;
    paused_ = paused;
    member_->pause(paused);
    begin_idle_anew(positions_);
  }

  void release(const std::vector<std::int32_t>& partitions) override {
    hold(partitions);
    member_->give_up();
  }

  bool joining() const override { return std::as_const(*member_).client().joining(); }
  CommitResult commit(const std::vector<Committed>& offsets) override {
    return member_->commit(options_.topic, offsets);
  }
  CommitResult commit_answer(Duration timeout) override { return member_->commit_answer(timeout); }

  std::int64_t position(std::int32_t partition) const override { return positions_.at(partition).next; }

  Duration idle_for(std::int32_t partition) const override {
    return paused_ ? Duration{} : kafka::idle_for(member_->client(), positions_, partition);
  }
  void confirm_idle(const std::vector<std::int32_t>& partitions) override {
    kafka::confirm_idle(member_->client(), options_.topic, positions_, partitions);
  }

  std::vector<std::int32_t> take_restarted() override { return kafka::take_restarted(positions_); }

  std::string waiting_for() const override {
    if (member_->rebalances() > 0) return {};
    if (member_->topic_missing()) return fmt::format("topic {} does not exist yet", options_.topic);
    return "joining the group";
  }

  std::optional<std::int64_t> lag(std::int32_t partition) const override {
    const auto position = positions_.find(partition);
    if (position == positions_.end()) return std::nullopt;
    return lag_of(member_->client(), options_.topic, partition, position->second);
  }

  std::uint64_t rebalances() const override { return member_->rebalances(); }
  double progress() const override { return kafka::progress(positions_, ranges_); }

 private:
  const Log& log() const { return std::as_const(*member_).client().settings().log; }

  std::string another_log() const {
    return fmt::format("topic {} was deleted and created again, or cut, while it was read", options_.topic);
  }

  // At the end of a bounded read: the figures up to the end are those of all partitions, or none.
  Result<void> judge_share() const {
    std::size_t missing = 0;
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      const bool ours = positions_.find(static_cast<std::int32_t>(i)) != positions_.end();
      if (!ours && ranges_[i].begin < ranges_[i].end) ++missing;
    }
    if (missing == 0) return {};
    return fail(Exit::failed,
                fmt::format("other members of the group {} read {} of the {} partitions of {}; use a group of your own "
                            "(-g), or `clickstream stats`, which needs none",
                            member_->group(), missing, ranges_.size(), options_.topic));
  }

  std::unique_ptr<GroupMember> member_;
  GroupOptions options_;
  std::set<std::int32_t> offered_;  // ours, not started yet
  Positions positions_;             // of those that are read
  std::vector<Range> ranges_;       // of a bounded read: what each partition held at the start
  bool paused_ = false;
};

}  // namespace

Result<std::unique_ptr<GroupedSource>> open_group_source(std::unique_ptr<GroupMember> member,
                                                         const GroupOptions& options, const Stopping& stopping) {
  std::vector<Range> ranges;
  if (options.until_end) {
    auto now = query_ranges(member->client(), options.topic, kStartDeadline, stopping);
    if (!now) return unexpected(now.error());
    if (now->has_value()) {
      ranges = std::move(**now);
    } else if (!stopping()) {
      if (member->client().is_hidden(options.topic)) {
        return unexpected(broker_failure(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                         fmt::format("cannot read topic {}", options.topic)));
      }
      return fail(Exit::failed, fmt::format("topic {} does not exist: it has no end to read to", options.topic));
    }
  }
  if (auto joined = member->join(options.topic); !joined) return unexpected(joined.error());
  return std::make_unique<GroupSource>(std::move(member), options, std::move(ranges));
}

}  // namespace clickstream::kafka
