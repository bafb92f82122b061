#include "kafka/partition_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "kafka/ranges.h"
#include "kafka/reader.h"

namespace clickstream::kafka {
namespace {

constexpr std::size_t kAtOnce = 500;  // records of a partition that are handed out together

// What is fetched ahead, of all partitions together.
constexpr std::size_t kAheadKiB = std::size_t{32} << 10;
constexpr std::size_t kLeastShareKiB = 64;
constexpr std::size_t kMostInAnAnswerKiB = 1024;

std::vector<Property> properties_for(std::size_t partitions) {
  const std::size_t share = std::max(kLeastShareKiB, kAheadKiB / partitions);
  std::vector<Property> properties = fetch_ahead(share);
  properties.emplace_back("enable.partition.eof", "true");
  properties.emplace_back("auto.offset.reset", "error");  // nothing is passed over in silence
  properties.emplace_back("fetch.message.max.bytes", fmt::format("{}", std::min(share, kMostInAnAnswerKiB) << 10));
  return properties;
}

// One that is not empty. Its queue's messages die before the client.
struct Partition {
  Partition(rd_kafka_t* client, Disposer& disposer, QueueHandle queue, Timestamp now)
      : fetcher(client, disposer, std::move(queue), now, kAtOnce) {}

  Fetcher fetcher;
  Positions position;
  bool at_end = false;
};

}  // namespace

struct PartitionReader::Impl {
  ~Impl() {
    for (const auto& [number, partition] : partitions) {
      if (!partition.at_end) rd_kafka_consume_stop(topic.get(), number);
    }
  }

  std::vector<Range> ranges;
  std::unique_ptr<Client> client;
  TopicHandle topic;
  Disposer disposer;
  std::map<std::int32_t, Partition> partitions;
};

PartitionReader::PartitionReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PartitionReader::~PartitionReader() = default;

Result<std::unique_ptr<PartitionReader>> PartitionReader::connect(const Settings& settings, const std::string& topic,
                                                                  const Span& span, Timestamp now,
                                                                  const Stopping& stopping) {
  auto impl = std::make_unique<Impl>();
  {
    // Another client: how much each partition may fetch ahead depends on how many there are.
    const auto client = Client::create(RD_KAFKA_CONSUMER, settings, {});
    if (!client) return unexpected(client.error());
    if (auto connected = (*client)->connect(stopping); !connected) return unexpected(connected.error());
    auto ranges = resolve(**client, topic, span, stopping);
    if (!ranges) return unexpected(ranges.error());
    if (ranges->has_value()) impl->ranges = std::move(**ranges);
  }
  const auto wanted = std::count_if(impl->ranges.begin(), impl->ranges.end(),
                                    [](const Range& range) { return range.begin < range.end; });
  if (wanted == 0) return std::unique_ptr<PartitionReader>(new PartitionReader(std::move(impl)));
  auto client = Client::create(RD_KAFKA_CONSUMER, settings, properties_for(static_cast<std::size_t>(wanted)));
  if (!client) return unexpected(client.error());
  if (auto connected = (*client)->connect(stopping); !connected) return unexpected(connected.error());
  impl->client = std::move(*client);
  impl->topic.reset(rd_kafka_topic_new(impl->client->get(), topic.c_str(), nullptr));
  for (std::size_t i = 0; i < impl->ranges.size(); ++i) {
    const Range range = impl->ranges[i];
    if (range.begin >= range.end) continue;
    const auto number = static_cast<std::int32_t>(i);
    Partition partition(impl->client->get(), impl->disposer, QueueHandle(rd_kafka_queue_new(impl->client->get())), now);
    if (rd_kafka_consume_start_queue(impl->topic.get(), number, range.begin, partition.fetcher.queue()) != 0) {
      return unexpected(broker_failure(rd_kafka_last_error(), fmt::format("cannot read partition {}", number)));
    }
    Position& position = partition.position[number];
    position.next = range.begin;
    position.end = range.end;
    impl->partitions.emplace(number, std::move(partition));
  }
  return std::unique_ptr<PartitionReader>(new PartitionReader(std::move(impl)));
}

const std::vector<Range>& PartitionReader::ranges() const { return impl_->ranges; }

Result<std::vector<Record>> PartitionReader::next(std::int32_t partition, Duration timeout) {
  const auto found = impl_->partitions.find(partition);
  if (found == impl_->partitions.end() || found->second.at_end) return std::vector<Record>{};
  Partition& one = found->second;
  const std::string topic = rd_kafka_topic_name(impl_->topic.get());
  Batch batch;
  std::vector<rd_kafka_resp_err_t> errors;
  one.fetcher.fetch(batch, one.position, timeout, errors);
  rd_kafka_poll(impl_->client->get(), 0);  // serves the error callback
  if (auto judged = judge_errors(*impl_->client, topic, errors, Missing::fails); !judged) {
    return unexpected(judged.error());
  }
  if (any_went_back(one.position)) return unexpected(went_back(topic));
  if (all_reached_end(one.position)) {
    one.at_end = true;
    rd_kafka_consume_stop(impl_->topic.get(), partition);
  }
  return std::move(batch.records);
}

bool PartitionReader::at_end(std::int32_t partition) const {
  const auto found = impl_->partitions.find(partition);
  return found == impl_->partitions.end() || found->second.at_end;
}

}  // namespace clickstream::kafka
