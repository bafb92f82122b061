#include "kafka/unkeyed_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "kafka/group_member.h"
#include "kafka/offsets.h"
#include "kafka/reader.h"

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kLookForPartitionsEvery = 5s;

class UnkeyedSource : public GroupedSource {
 public:
  UnkeyedSource(std::unique_ptr<GroupMember> member, std::unique_ptr<Reader> reader, GroupOptions options,
                std::vector<Range> ranges)
      : member_(std::move(member)),
        reader_(std::move(reader)),
        options_(std::move(options)),
        ranges_(std::move(ranges)) {}

  Result<void> poll(Batch& batch, Duration timeout) override {
    batch.clear();
    if (paused_) {
      if (auto polled = member_->poll(batch, none_, timeout); !polled) return polled;
    } else {
      if (auto fetched = reader_->fetch(batch, timeout); !fetched) return fetched;
      if (auto polled = member_->poll(batch, none_, 0s); !polled) return polled;
    }
    if (options_.until_end && any_went_back(reader_->positions())) return unexpected(reader_->went_back());
    hear_of_state_partition(batch);
    if (holder_ && steady_clock::now() >= next_look_) look_for_partitions();
    batch.assigned = to_start_;
    batch.at_end = options_.until_end && holder_ && to_start_.empty() && all_reached_end(reader_->positions());
    return {};
  }

  Result<std::optional<std::vector<Committed>>> committed(const std::vector<std::int32_t>& partitions) override {
    return member_->committed(options_.topic, partitions);
  }
  Result<std::optional<std::vector<Range>>> ranges(const std::vector<std::int32_t>& partitions) override {
    return ask_ranges(reader_->client(), options_.topic, partitions);
  }

  void start(const std::vector<PartitionOffset>& offsets) override {
    for (const PartitionOffset& one : offsets) {
      std::erase(to_start_, one.partition);
      started_.insert(one.partition);
      std::optional<std::int64_t> end;
      if (options_.until_end) {
        const auto index = static_cast<std::size_t>(one.partition);
        end = index < ranges_.size() ? ranges_[index].end : 0;
      }
      reader_->stop(one.partition);
      if (auto started = reader_->start(one.partition, one.offset, end); !started) {
        reader_->client().settings().log(LogLevel::error, started.error().message);
      }
    }
  }

  void hold(const std::vector<std::int32_t>& partitions) override {
    for (const auto partition : partitions) reader_->stop(partition);
  }
  void pause(bool paused) override {
    if (paused_ == paused) return;
    paused_ = paused;  // what the client has fetched already, it keeps
    begin_idle_anew(reader_->positions());
  }

  void release(const std::vector<std::int32_t>& partitions) override {
    hold(partitions);
    holder_ = false;
    to_start_.clear();
    started_.clear();
    member_->give_up();
  }

  bool joining() const override { return std::as_const(*member_).client().joining(); }
  CommitResult commit(const std::vector<Committed>& offsets) override {
    return member_->commit(options_.topic, offsets);
  }
  CommitResult commit_answer(Duration timeout) override { return member_->commit_answer(timeout); }

  std::int64_t position(std::int32_t partition) const override { return reader_->positions().at(partition).next; }
  Duration idle_for(std::int32_t partition) const override {
    return paused_ ? Duration{} : kafka::idle_for(reader_->client(), reader_->positions(), partition);
  }
  void confirm_idle(const std::vector<std::int32_t>& partitions) override {
    kafka::confirm_idle(reader_->client(), options_.topic, reader_->positions(), partitions);
  }
  std::vector<std::int32_t> take_restarted() override { return kafka::take_restarted(reader_->positions()); }

  std::string waiting_for() const override {
    return member_->rebalances() > 0 ? std::string() : std::string("joining the group");
  }
  std::optional<std::int64_t> lag(std::int32_t partition) const override { return reader_->lag(partition); }
  std::uint64_t rebalances() const override { return member_->rebalances(); }
  double progress() const override { return kafka::progress(reader_->positions(), ranges_); }

 private:
  // Its records are not read here: the reader of checkpoints has a client of its own.
  void hear_of_state_partition(Batch& batch) {
    const auto* revocation = member_->revocation();
    const auto given = member_->take_given();
    if (std::find(given.begin(), given.end(), 0) != given.end()) {
      holder_ = true;
      next_look_ = {};
      reader_->client().settings().log(LogLevel::info, fmt::format("the group gives us all of {}", options_.topic));
    }
    if (const auto now = member_->rebalances(); std::exchange(rebalances_seen_, now) != now && !holder_) {
      reader_->client().settings().log(LogLevel::info, "standing by: another member of the group does the work");
    }
    if (revocation == nullptr) return;
    const auto& wanted = revocation->partitions;
    if (holder_ && std::find(wanted.begin(), wanted.end(), 0) != wanted.end()) {
      batch.revoked.assign(started_.begin(), started_.end());
      batch.lost = revocation->lost;
    }
    if (batch.revoked.empty()) release({});
  }

  void look_for_partitions() {
    next_look_ = steady_clock::now() + kLookForPartitionsEvery;
    const auto count = reader_->client().partition_count(options_.topic, 0s, [] { return false; });
    if (!count || !count->has_value()) {
      next_look_ = {};
      return;
    }
    for (std::int32_t partition = 0; partition < **count; ++partition) {
      const bool known =
          started_.count(partition) > 0 || std::find(to_start_.begin(), to_start_.end(), partition) != to_start_.end();
      if (!known) to_start_.push_back(partition);
    }
  }

  std::unique_ptr<GroupMember> member_;
  std::unique_ptr<Reader> reader_;
  GroupOptions options_;
  std::vector<Range> ranges_;
  Positions none_;
  bool holder_ = false;
  bool paused_ = false;
  std::uint64_t rebalances_seen_ = 0;
  std::set<std::int32_t> started_;
  std::vector<std::int32_t> to_start_;  // offered, not started yet
  steady_clock::time_point next_look_{};
};

}  // namespace

Result<std::unique_ptr<GroupedSource>> open_unkeyed_source(std::unique_ptr<GroupMember> member,
                                                           const Settings& settings, const GroupOptions& options,
                                                           const std::string& state_topic, Timestamp now,
                                                           const Stopping& stopping) {
  auto reader = Reader::connect(settings, options.topic, Missing::waits, now, stopping);
  if (!reader) return unexpected(reader.error());
  std::vector<Range> ranges;
  if (options.until_end) {
    auto known = query_ranges((*reader)->client(), options.topic, kStartDeadline, stopping);
    if (!known) return unexpected(known.error());
    if (known->has_value()) ranges = std::move(**known);
  }
  if (auto joined = member->join(state_topic); !joined) return unexpected(joined.error());
  return std::make_unique<UnkeyedSource>(std::move(member), std::move(*reader), options, std::move(ranges));
}

}  // namespace clickstream::kafka
