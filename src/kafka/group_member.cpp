#include "kafka/group_member.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr Duration kCloseDeadline = 3s;
constexpr Duration kOneAnswer = 1s;

std::vector<Property> consumer_properties(const GroupIdentity& identity) {
  std::vector<Property> properties = {
      {"group.id", identity.group},          {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"}, {"auto.offset.reset", "error"},  // nothing is passed over in silence
      {"enable.partition.eof", "true"},      {"partition.assignment.strategy", "cooperative-sticky"},
      {"session.timeout.ms", "6000"},        {"heartbeat.interval.ms", "2000"},
  };
  for (Property& property : fetch_ahead()) properties.push_back(std::move(property));
  if (!identity.instance_id.empty()) properties.emplace_back("group.instance.id", identity.instance_id);
  return properties;
}

CommitResult result_of(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return CommitResult::confirmed;
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
      return CommitResult::fenced;
    default:
      return CommitResult::refused;
  }
}

}  // namespace

Result<std::unique_ptr<GroupMember>> GroupMember::connect(const Settings& settings, const GroupIdentity& identity,
                                                          Timestamp now, const Stopping& stopping) {
  std::unique_ptr<GroupMember> member(new GroupMember);
  member->identity_ = identity;
  Callbacks callbacks;
  callbacks.rebalance = [self = member.get()](rd_kafka_resp_err_t what, const rd_kafka_topic_partition_list_t* list) {
    const bool assign = what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    const bool lost = !assign && rd_kafka_assignment_lost(self->client_->get()) != 0;
    Request& request = self->requests_.emplace_back();
    request.assign = assign;
    request.partitions.lost = lost;
    for (int i = 0; i < list->cnt; ++i) request.partitions.partitions.push_back(list->elems[i].partition);
    rd_kafka_yield(self->client_->get());  // polling ends, so that the request is answered at once
  };
  auto client = Client::create(RD_KAFKA_CONSUMER, settings, consumer_properties(identity), std::move(callbacks));
  if (!client) return unexpected(client.error());
  member->client_ = std::move(*client);
  if (auto connected = member->client_->connect(stopping); !connected) return unexpected(connected.error());
  rd_kafka_poll_set_consumer(member->client_->get());
  member->fetcher_.emplace(member->client_->get(), member->disposer_,
                           QueueHandle(rd_kafka_queue_get_consumer(member->client_->get())), now);
  member->commits_.reset(rd_kafka_queue_new(member->client_->get()));
  return member;
}

GroupMember::~GroupMember() {
  if (!fetcher_) return;
  // librdkafka before 2.3 aborts when a consumer is destroyed that has joined a group, but has not been given its first
  // share yet. As the program is about to end, such a client is left to the operating system.
  const bool has_flaw = rd_kafka_version() < 0x020300ff && has_joined();
  // Leaving needs the broker's word; without a broker there is none to be had.
  const ErrorHandle error(rd_kafka_consumer_close_queue(client_->get(), fetcher_->queue()));
  const auto deadline = steady_clock::now() + kCloseDeadline;
  Batch batch;
  Positions none;
  std::vector<rd_kafka_resp_err_t> errors;
  while (rd_kafka_consumer_closed(client_->get()) == 0) {
    if (steady_clock::now() > deadline) {
      client_->give_up_closing();
      break;
    }
    batch.clear();
    fetcher_->fetch(batch, none, 20ms, errors);
    if (revocation() != nullptr) give_up();
  }
  if (has_flaw && rebalances_ == 0) (void)client_.release();
}

bool GroupMember::has_joined() const {
  char* id = rd_kafka_memberid(client_->get());
  const bool has_id = id != nullptr && *id != '\0';
  if (id != nullptr) rd_kafka_mem_free(client_->get(), id);
  return has_id;
}

Result<std::optional<std::vector<Committed>>> GroupMember::committed(const std::string& topic,
                                                                     const std::vector<std::int32_t>& partitions) {
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const auto partition : partitions) rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
  auto error = rd_kafka_committed(client_->get(), list.get(), to_millis(kOneAnswer));
  for (int i = 0; i < list->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) error = list->elems[i].err;
  if (error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) return unexpected(broker_failure(error, kNoMember));
  if (is_refusal(error)) {
    return unexpected(
        broker_failure(error, fmt::format("cannot read the offsets of group {} in topic {}", identity_.group, topic)));
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (topic_.empty()) rd_kafka_poll(client_->get(), 0);  // serves the error callback, for nobody else does yet
    if (const auto& fatal = client_->fatal()) return unexpected(*fatal);
    log()(LogLevel::debug, fmt::format("the group's offsets: {}; trying again", rd_kafka_err2str(error)));
    return std::nullopt;
  }
  std::vector<Committed> result;
  for (const auto partition : partitions) {
    const auto* element = rd_kafka_topic_partition_list_find(list.get(), topic.c_str(), partition);
    Committed& one = result.emplace_back();
    one.partition = partition;
    if (element->offset >= 0) one.offset = element->offset;
    if (element->metadata != nullptr) {
      one.metadata.assign(static_cast<const char*>(element->metadata), element->metadata_size);
    }
  }
  return result;
}

Failure GroupMember::no_answer() const {
  return client_->no_answer(fmt::format("cannot learn the offsets of group {}", identity_.group));
}

Result<void> GroupMember::join(const std::string& topic) {
  topic_ = topic;
  const PartitionList topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto error = rd_kafka_subscribe(client_->get(), topics.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return unexpected(broker_failure(error, fmt::format("cannot subscribe to {}", topic)));
  }
  return {};
}

Result<void> GroupMember::poll(Batch& batch, Positions& positions, Duration timeout) {
  std::vector<rd_kafka_resp_err_t> errors;
  fetcher_->fetch(batch, positions, timeout, errors);
  for (const auto error : errors) {
    if (auto judged = judge(error); !judged) return judged;
  }
  if (const auto& fatal = client_->fatal()) return unexpected(*fatal);
  return {};
}

Result<void> GroupMember::judge(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      topic_missing_ = true;
      if (steady_clock::now() - topic_missing_logged_ > 30s) {
        topic_missing_logged_ = steady_clock::now();
        log()(LogLevel::info, fmt::format("topic {} does not exist yet; waiting for it", topic_));
      }
      return {};
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return unexpected(broker_failure(error, fmt::format("cannot read topic {}", topic_)));
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return unexpected(broker_failure(error, kNoMember));
    case RD_KAFKA_RESP_ERR__FATAL: {
      std::array<char, 512> text{};
      const auto code = rd_kafka_fatal_error(client_->get(), text.data(), text.size());
      if (code != RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
        return unexpected(broker_failure(code, fmt::format("cannot go on: {}", text.data())));
      }
      return fail(Exit::failed,
                  fmt::format("fenced: another process has joined group {} as --instance-id {}, and has our partitions "
                              "now; each instance needs a name of its own",
                              identity_.group, identity_.instance_id));
    }
    default:
      log()(LogLevel::warn, fmt::format("{}; trying again", rd_kafka_err2str(error)));
      return {};
  }
}

// What is given is taken at once.
const GroupMember::Revocation* GroupMember::revocation() {
  while (!requests_.empty() && requests_.front().assign) {
    const Request request = std::move(requests_.front());
    requests_.pop_front();
    const PartitionList nothing(rd_kafka_topic_partition_list_new(0));
    const ErrorHandle error(rd_kafka_incremental_assign(client_->get(), nothing.get()));
    report(error, "cannot answer the group");
    given_.insert(given_.end(), request.partitions.partitions.begin(), request.partitions.partitions.end());
    ++rebalances_;
    topic_missing_ = false;
  }
  return requests_.empty() ? nullptr : &requests_.front().partitions;
}

void GroupMember::read(const std::vector<PartitionOffset>& offsets) {
  const PartitionList again(rd_kafka_topic_partition_list_new(0));
  const PartitionList first(rd_kafka_topic_partition_list_new(0));
  for (const PartitionOffset& one : offsets) {
    const bool known = std::find(reading_.begin(), reading_.end(), one.partition) != reading_.end();
    const PartitionList& list = known ? again : first;
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), one.partition)->offset = one.offset;
    if (!known) reading_.push_back(one.partition);
  }
  // To read on from somewhere else, a partition is taken anew: a seek may fail, or be late.
  if (again->cnt > 0) {
    report(ErrorHandle(rd_kafka_incremental_unassign(client_->get(), again.get())), "cannot stop reading");
    report(ErrorHandle(rd_kafka_incremental_assign(client_->get(), again.get())), "cannot read partitions");
  }
  if (first->cnt > 0) {
    report(ErrorHandle(rd_kafka_incremental_assign(client_->get(), first.get())), "cannot read partitions");
  }
  if (paused_) apply_pause(reading_);
}

void GroupMember::pause(bool paused) {
  paused_ = paused;
  apply_pause(reading_);
}

void GroupMember::apply_pause(const std::vector<std::int32_t>& partitions) {
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const auto partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition);
  }
  const auto error = paused_ ? rd_kafka_pause_partitions(client_->get(), list.get())
                             : rd_kafka_resume_partitions(client_->get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    log()(LogLevel::error, fmt::format("cannot {} reading: {}", paused_ ? "pause" : "resume", rd_kafka_err2str(error)));
  }
}

void GroupMember::give_up() {
  const std::vector<std::int32_t> wanted = std::move(requests_.front().partitions.partitions);
  requests_.pop_front();
  const PartitionList list(rd_kafka_topic_partition_list_new(0));
  for (const auto partition : wanted) {
    if (std::erase(reading_, partition) > 0) {
      rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition);
    }
  }
  report(ErrorHandle(rd_kafka_incremental_unassign(client_->get(), list.get())), "cannot give partitions back");
}

void GroupMember::report(const ErrorHandle& error, std::string_view what) const {
  if (error) log()(LogLevel::error, fmt::format("{}: {}", what, rd_kafka_error_string(error.get())));
}

CommitResult GroupMember::commit(const std::string& topic, const std::vector<Committed>& offsets) {
  // A commit by nobody in particular would be taken by a group without members.
  if (rd_kafka_assignment_lost(client_->get()) != 0) return CommitResult::fenced;
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const Committed& one : offsets) {
    auto* element = rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), one.partition);
    element->offset = *one.offset;
    element->metadata_size = one.metadata.size();
    element->metadata = std::malloc(one.metadata.size());  // the list frees it
    std::memcpy(element->metadata, one.metadata.data(), one.metadata.size());
  }
  const auto error = rd_kafka_commit_queue(client_->get(), list.get(), commits_.get(), nullptr, nullptr);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return result_of(error);
  return commit_answer(kOneAnswer);
}

CommitResult GroupMember::commit_answer(Duration timeout) {
  const EventHandle event(rd_kafka_queue_poll(commits_.get(), to_millis(timeout)));
  if (!event || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_OFFSET_COMMIT) return CommitResult::pending;
  auto error = rd_kafka_event_error(event.get());
  const auto* list = rd_kafka_event_topic_partition_list(event.get());
  for (int i = 0; list != nullptr && i < list->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    error = list->elems[i].err;
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    log()(LogLevel::warn, fmt::format("offsets were not committed: {}", rd_kafka_err2str(error)));
  }
  return result_of(error);
}

}  // namespace clickstream::kafka
