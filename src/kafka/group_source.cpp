#include "kafka/group_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kafka/fetch.h"
#include "kafka/offsets.h"

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr Duration kCloseDeadline = 3s;

std::vector<Property> consumer_properties(const std::string& group) {
  return {
      {"group.id", group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"enable.partition.eof", "true"},
      {"partition.assignment.strategy", "cooperative-sticky"},
      {"session.timeout.ms", "6000"},
      {"heartbeat.interval.ms", "2000"},
      // At fewer queued messages than what arrives in a second, fetching backs off for a second.
      {"queued.min.messages", "1000000"},
  };
}

struct Rebalance {
  rd_kafka_resp_err_t what;
  PartitionList partitions;
};

}  // namespace

struct GroupSource::Impl {
  GroupOptions options;
  // The queue (in the fetcher) and its messages die before the client.
  std::unique_ptr<Client> client;
  std::optional<Fetcher> fetcher;
  Positions positions;
  std::vector<Range> ranges;  // of a bounded read: what each partition held at the start
  // Rebalances that the callback has been told of. They are carried out when the fetch that served the callback is
  // over: what it brought belongs to the partitions as they were before.
  std::vector<Rebalance> pending;
  std::uint64_t rebalances = 0;
  bool topic_missing = false;
  steady_clock::time_point topic_missing_logged{};

  void carry_out(const Rebalance& rebalance, Batch& batch);
  void assign(const rd_kafka_topic_partition_list_t* partitions, Batch& batch);
  void unassign(const rd_kafka_topic_partition_list_t* partitions, Batch& batch);
  void start_over(Batch& batch);
  Result<void> judge(rd_kafka_resp_err_t error);
  Result<void> judge_share() const;
  bool has_joined() const;
  void close();

  const Log& log() const { return client->settings().log; }
};

GroupSource::GroupSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<GroupSource>> GroupSource::connect(const Settings& settings, const GroupOptions& options,
                                                          Timestamp now, const Stopping& stopping) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  Callbacks callbacks;
  callbacks.rebalance = [impl = impl.get()](rd_kafka_resp_err_t what, const rd_kafka_topic_partition_list_t* list) {
    impl->pending.push_back({what, PartitionList(rd_kafka_topic_partition_list_copy(list))});
  };
  auto client = Client::create(RD_KAFKA_CONSUMER, settings, consumer_properties(options.group), std::move(callbacks));
  if (!client) return unexpected(client.error());
  impl->client = std::move(*client);
  if (auto connected = impl->client->connect(stopping); !connected) return unexpected(connected.error());

  if (options.until_end) {
    auto ranges = query_ranges(*impl->client, options.topic, kStartDeadline, stopping);
    if (!ranges) return unexpected(ranges.error());
    if (ranges->has_value()) {
      impl->ranges = std::move(**ranges);
    } else if (!stopping()) {
      return fail(Exit::failed,
                  fmt::format("topic {} does not exist, or its existence is kept from us: it has no end to read to",
                              options.topic));
    }
  }

  rd_kafka_poll_set_consumer(impl->client->get());
  impl->fetcher.emplace(QueueHandle(rd_kafka_queue_get_consumer(impl->client->get())), now);
  const PartitionList topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), options.topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto error = rd_kafka_subscribe(impl->client->get(), topics.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return unexpected(broker_failure(error, fmt::format("cannot subscribe to {}", options.topic)));
  }
  return std::unique_ptr<GroupSource>(new GroupSource(std::move(impl)));
}

GroupSource::~GroupSource() { impl_->close(); }

Result<void> GroupSource::poll(Batch& batch, Duration timeout) {
  batch.clear();
  std::vector<rd_kafka_resp_err_t> errors;
  impl_->fetcher->fetch(batch, impl_->positions, timeout, errors);
  for (const Rebalance& rebalance : std::exchange(impl_->pending, {})) impl_->carry_out(rebalance, batch);
  for (const auto error : errors) {
    if (auto judged = impl_->judge(error); !judged) return judged;
  }
  if (const auto& fatal = impl_->client->fatal()) return unexpected(*fatal);
  if (any_went_back(impl_->positions)) {
    if (impl_->options.until_end) {
      return fail(Exit::failed, fmt::format("topic {} was deleted and created again, or cut, while it was read",
                                            impl_->options.topic));
    }
    impl_->start_over(batch);
  }
  batch.at_end = impl_->options.until_end && impl_->rebalances > 0 && all_reached_end(impl_->positions);
  return batch.at_end ? impl_->judge_share() : Result<void>();
}

void GroupSource::Impl::carry_out(const Rebalance& rebalance, Batch& batch) {
  if (rebalance.what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    assign(rebalance.partitions.get(), batch);
  } else {
    unassign(rebalance.partitions.get(), batch);
  }
}

void GroupSource::Impl::assign(const rd_kafka_topic_partition_list_t* partitions, Batch& batch) {
  ++rebalances;
  topic_missing = false;
  const PartitionList list(rd_kafka_topic_partition_list_copy(partitions));
  for (int i = 0; i < list->cnt; ++i) {
    // Whatever offset somebody has committed: there is no state to go with it.
    list->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
    const std::int32_t partition = list->elems[i].partition;
    Position position;
    if (options.until_end) {
      const auto known = static_cast<std::size_t>(partition) < ranges.size();
      const Range range = known ? ranges[static_cast<std::size_t>(partition)] : Range{};
      position.end = range.end;
      position.reached_end = range.begin >= range.end;
    }
    positions[partition] = position;
    batch.assigned.push_back(partition);
  }
  const ErrorHandle error(rd_kafka_incremental_assign(client->get(), list.get()));
  if (error) log()(LogLevel::error, fmt::format("cannot take over partitions: {}", rd_kafka_error_string(error.get())));
  log()(LogLevel::info,
        fmt::format("group {}: {} partitions of {} are ours", options.group, positions.size(), options.topic));
}

void GroupSource::Impl::unassign(const rd_kafka_topic_partition_list_t* partitions, Batch& batch) {
  for (int i = 0; i < partitions->cnt; ++i) {
    const std::int32_t partition = partitions->elems[i].partition;
    positions.erase(partition);
    if (const auto just = std::find(batch.assigned.begin(), batch.assigned.end(), partition);
        just != batch.assigned.end()) {
      batch.assigned.erase(just);
    } else {
      batch.revoked.push_back(partition);
    }
  }
  const ErrorHandle error(rd_kafka_incremental_unassign(client->get(), partitions));
  if (error) log()(LogLevel::error, fmt::format("cannot give up partitions: {}", rd_kafka_error_string(error.get())));
}

// Reads the partitions that have another log now from its beginning.
void GroupSource::Impl::start_over(Batch& batch) {
  const PartitionList list(rd_kafka_topic_partition_list_new(1));
  for (auto& [partition, position] : positions) {
    if (!position.went_back) continue;
    log()(LogLevel::warn, fmt::format("partition {} of {} has another log: the topic was deleted and created again, or "
                                      "cut; its figures start again with it",
                                      partition, options.topic));
    position = {};
    batch.revoked.push_back(partition);
    batch.assigned.push_back(partition);
    rd_kafka_topic_partition_list_add(list.get(), options.topic.c_str(), partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  // librdkafka does not seek in a partition that it has stopped reading because its offset is out of range.
  const ErrorHandle removed(rd_kafka_incremental_unassign(client->get(), list.get()));
  const ErrorHandle error(rd_kafka_incremental_assign(client->get(), list.get()));
  if (error)
    log()(LogLevel::error, fmt::format("cannot read from the beginning: {}", rd_kafka_error_string(error.get())));
}

Result<void> GroupSource::Impl::judge(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      topic_missing = true;
      if (steady_clock::now() - topic_missing_logged > 30s) {
        topic_missing_logged = steady_clock::now();
        log()(LogLevel::info, fmt::format("topic {} does not exist yet; waiting for it", options.topic));
      }
      return {};
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return unexpected(
          broker_failure(error, fmt::format("cannot read topic {} as group {}", options.topic, options.group)));
    default:
      log()(LogLevel::warn, fmt::format("{}; trying again", rd_kafka_err2str(error)));
      return {};
  }
}

// At the end of a bounded read: the figures up to the end are those of all partitions, or none.
Result<void> GroupSource::Impl::judge_share() const {
  std::size_t missing = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const bool ours = positions.find(static_cast<std::int32_t>(i)) != positions.end();
    if (!ours && ranges[i].begin < ranges[i].end) ++missing;
  }
  if (missing == 0) return {};
  return fail(Exit::failed, fmt::format("other members of the group {} read {} of the {} partitions of {}; use a group "
                                        "of your own (-g), or `clickstream stats`, which needs none",
                                        options.group, missing, ranges.size(), options.topic));
}

void GroupSource::Impl::close() {
  // librdkafka before 2.3 aborts when a consumer is destroyed that has joined a group, but has not been given its first
  // share yet. As the program is about to end, such a client is left to the operating system.
  const bool has_flaw = rd_kafka_version() < 0x020300ff && has_joined();
  // Leaving needs the broker's word; without a broker there is none to be had.
  const ErrorHandle error(rd_kafka_consumer_close_queue(client->get(), fetcher->queue()));
  const auto deadline = steady_clock::now() + kCloseDeadline;
  Batch batch;
  std::vector<rd_kafka_resp_err_t> errors;
  positions.clear();
  while (rd_kafka_consumer_closed(client->get()) == 0) {
    if (steady_clock::now() > deadline) {
      client->give_up_closing();
      break;
    }
    batch.clear();
    fetcher->fetch(batch, positions, 20ms, errors);
    for (const Rebalance& rebalance : std::exchange(pending, {})) carry_out(rebalance, batch);
  }
  if (has_flaw && rebalances == 0) (void)client.release();
}

bool GroupSource::Impl::has_joined() const {
  char* id = rd_kafka_memberid(client->get());
  const bool has_id = id != nullptr && *id != '\0';
  if (id != nullptr) rd_kafka_mem_free(client->get(), id);
  return has_id;
}

std::string GroupSource::waiting_for() const {
  if (impl_->rebalances > 0) return {};
  if (impl_->topic_missing) return fmt::format("topic {} does not exist yet", impl_->options.topic);
  return fmt::format("joining group {}", impl_->options.group);
}

std::optional<std::int64_t> GroupSource::lag(std::int32_t partition) const {
  const auto position = impl_->positions.find(partition);
  if (position == impl_->positions.end()) return std::nullopt;
  Range known;
  const auto error = rd_kafka_get_watermark_offsets(impl_->client->get(), impl_->options.topic.c_str(), partition,
                                                    &known.begin, &known.end);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || known.end < 0) return std::nullopt;
  return std::max<std::int64_t>(0, known.end - std::max(position->second.next, known.begin));
}

std::uint64_t GroupSource::rebalances() const { return impl_->rebalances; }

double GroupSource::progress() const { return kafka::progress(impl_->positions, impl_->ranges); }

}  // namespace clickstream::kafka
