// One member of a consumer group: its client, what the group asks of it, what it commits. Private to src/kafka.
//
// librdkafka's callback only records what the group asks. What it gives us is taken at once, for librdkafka stops all
// reading until then, and read when the time has come. What it wants back it gets when we are done with it: until then it
// waits. Commits are made on the same thread, none across a rebalance: the coordinator checks who is a member, not who
// owns a partition.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clickstream/stop.h"
#include "kafka/fetch.h"
#include "kafka/grouped_source.h"

namespace clickstream::kafka {

struct GroupIdentity {
  std::string group;
  std::string instance_id;  ///< of a static member; empty: none
};

class GroupMember {
 public:
  static Result<std::unique_ptr<GroupMember>> connect(const Settings& settings, const GroupIdentity& identity,
                                                      Timestamp now, const Stopping& stopping);
  /// Leaves the group (a static member stays in it), if it can within a few seconds.
  ~GroupMember();
  GroupMember(const GroupMember&) = delete;
  GroupMember& operator=(const GroupMember&) = delete;

  const std::string& group() const { return identity_.group; }
  Client& client() { return *client_; }
  const Client& client() const { return *client_; }

  /// What the group keeps for these partitions, member or not; nothing when there is no answer in time.
  Result<std::optional<std::vector<Committed>>> committed(const std::string& topic,
                                                          const std::vector<std::int32_t>& partitions);

  /// The failure of one who has asked long enough for them.
  Failure no_answer() const;

  Result<void> join(const std::string& topic);

  /// Fetches records of the partitions in `positions`, and hears what the group asks.
  Result<void> poll(Batch& batch, Positions& positions, Duration timeout);

  /// The partitions that are ours since the last call.
  std::vector<std::int32_t> take_given() { return std::exchange(given_, {}); }

  struct Revocation {
    std::vector<std::int32_t> partitions;
    bool lost = false;  ///< they are someone else's already
  };
  /// What the group wants back, until give_up(); null where there is nothing.
  const Revocation* revocation();

  /// Reads partitions that are ours from there.
  void read(const std::vector<PartitionOffset>& offsets);
  /// Gives back what is wanted, and ends to read it.
  void give_up();
  /// Fetches no records for a while.
  void pause(bool paused);

  CommitResult commit(const std::string& topic, const std::vector<Committed>& offsets);
  CommitResult commit_answer(Duration timeout);

  /// How often the group has given us something, be it nothing.
  std::uint64_t rebalances() const { return rebalances_; }
  bool topic_missing() const { return topic_missing_; }

 private:
  GroupMember() = default;
  void apply_pause(const std::vector<std::int32_t>& partitions);
  void report(const ErrorHandle& error, std::string_view what) const;
  Result<void> judge(rd_kafka_resp_err_t error);
  bool has_joined() const;
  const Log& log() const { return client_->settings().log; }

  GroupIdentity identity_;
  std::string topic_;
  // The queues (one in the fetcher) and its messages die before the client.
  std::unique_ptr<Client> client_;
  Disposer disposer_;
  std::optional<Fetcher> fetcher_;
  QueueHandle commits_;
  struct Request {
    bool assign = false;
    Revocation partitions;
  };
  std::deque<Request> requests_;
  std::vector<std::int32_t> given_;
  std::vector<std::int32_t> reading_;
  bool paused_ = false;
  std::uint64_t rebalances_ = 0;
  bool topic_missing_ = false;
  std::chrono::steady_clock::time_point topic_missing_logged_{};
};

}  // namespace clickstream::kafka
