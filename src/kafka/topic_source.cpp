#include "kafka/topic_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "kafka/fetch.h"

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

const std::vector<Property>& reader_properties() {
  static const std::vector<Property> properties = {
      {"enable.partition.eof", "true"},
      {"auto.offset.reset", "earliest"},
      {"queued.min.messages", "1000000"},
  };
  return properties;
}

// Partitions of one topic, read through one queue.
class Reader {
 public:
  static Result<std::unique_ptr<Reader>> connect(const Settings& settings, const std::string& topic, Timestamp now,
                                                 const Stopping& stopping) {
    auto client = Client::create(RD_KAFKA_CONSUMER, settings, reader_properties());
    if (!client) return unexpected(client.error());
    if (auto connected = (*client)->connect(stopping); !connected) return unexpected(connected.error());
    return std::unique_ptr<Reader>(new Reader(std::move(*client), topic, now));
  }

  ~Reader() {
    for (const auto& [partition, position] : positions_) rd_kafka_consume_stop(topic_.get(), partition);
  }

  Client& client() { return *client_; }
  const Positions& positions() const { return positions_; }

  /// From `begin` to `end`, or on and on.
  Result<void> start(std::int32_t partition, std::int64_t begin, std::optional<std::int64_t> end) {
    if (end && begin >= *end) return {};
    if (rd_kafka_consume_start_queue(topic_.get(), partition, begin, fetcher_.queue()) != 0) {
      return unexpected(broker_failure(rd_kafka_last_error(), fmt::format("cannot read partition {}", partition)));
    }
    positions_[partition] = {begin, end, false};
    return {};
  }

  Result<void> fetch(Batch& batch, Duration timeout) {
    std::vector<rd_kafka_resp_err_t> errors;
    fetcher_.fetch(batch, positions_, timeout, errors);
    rd_kafka_poll(client_->get(), 0);  // serves the error callback
    if (any_went_back(positions_)) {
      return fail(Exit::failed, fmt::format("topic {} was deleted and created again, or cut, while it was read",
                                            rd_kafka_topic_name(topic_.get())));
    }
    for (const auto error : errors) {
      const Failure failure = broker_failure(error, fmt::format("cannot read {}", rd_kafka_topic_name(topic_.get())));
      if (failure.code == Exit::unreachable || error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
          error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
        return unexpected(failure);
      }
      client_->settings().log(LogLevel::warn, fmt::format("{}; trying again", failure.message));
    }
    return {};
  }

 private:
  Reader(std::unique_ptr<Client> client, const std::string& topic, Timestamp now)
      : client_(std::move(client)),
        topic_(rd_kafka_topic_new(client_->get(), topic.c_str(), nullptr)),
        fetcher_(QueueHandle(rd_kafka_queue_new(client_->get())), now) {}

  // The topic, the queue and its messages die before the client.
  std::unique_ptr<Client> client_;
  TopicHandle topic_;
  Fetcher fetcher_;
  Positions positions_;
};

}  // namespace

struct TopicSource::Impl {
  std::unique_ptr<Reader> reader;
  std::vector<Range> ranges;
  bool started = false;
};

TopicSource::TopicSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TopicSource::~TopicSource() = default;

Result<std::unique_ptr<TopicSource>> TopicSource::connect(const Settings& settings, const std::string& topic,
                                                          bool follow, Timestamp now, const Stopping& stopping) {
  auto impl = std::make_unique<Impl>();
  auto reader = Reader::connect(settings, topic, now, stopping);
  if (!reader) return unexpected(reader.error());
  impl->reader = std::move(*reader);
  auto ranges = query_ranges(impl->reader->client(), topic, kStartDeadline, stopping);
  if (!ranges) return unexpected(ranges.error());
  if (ranges->has_value()) {
    impl->ranges = std::move(**ranges);
  } else if (!stopping()) {
    return fail(Exit::failed, fmt::format("topic {} does not exist, or its existence is kept from us", topic));
  }
  for (std::size_t i = 0; i < impl->ranges.size(); ++i) {
    const Range range = impl->ranges[i];
    const auto end = follow ? std::nullopt : std::optional<std::int64_t>(range.end);
    if (auto started = impl->reader->start(static_cast<std::int32_t>(i), range.begin, end); !started) {
      return unexpected(started.error());
    }
  }
  return std::unique_ptr<TopicSource>(new TopicSource(std::move(impl)));
}

Result<void> TopicSource::poll(Batch& batch, Duration timeout) {
  batch.clear();
  if (!std::exchange(impl_->started, true)) {
    for (std::size_t i = 0; i < impl_->ranges.size(); ++i) batch.assigned.push_back(static_cast<std::int32_t>(i));
    return {};
  }
  batch.at_end = all_reached_end(impl_->reader->positions());
  if (batch.at_end) return {};
  return impl_->reader->fetch(batch, timeout);
}

double TopicSource::progress() const { return kafka::progress(impl_->reader->positions(), impl_->ranges); }

Result<std::vector<std::string>> newest_payloads(const Settings& settings, const std::string& topic, Duration deadline,
                                                 const Stopping& stopping) {
  std::vector<std::string> payloads;
  const auto until = steady_clock::now() + deadline;
  Settings impatient = settings;
  impatient.connect_timeout = deadline;
  auto reader = Reader::connect(impatient, topic, Timestamp{}, stopping);
  if (!reader) return unexpected(reader.error());
  const auto ranges = query_ranges((*reader)->client(), topic, deadline, stopping);
  if (!ranges) return unexpected(ranges.error());
  if (!ranges->has_value()) return payloads;
  for (std::size_t i = 0; i < (*ranges)->size(); ++i) {
    const Range range = (**ranges)[i];
    const auto newest = std::max(range.begin, range.end - 1);
    if (auto started = (*reader)->start(static_cast<std::int32_t>(i), newest, range.end); !started) {
      return unexpected(started.error());
    }
  }
  Batch batch;
  while (!all_reached_end((*reader)->positions()) && !stopping() && steady_clock::now() < until) {
    batch.clear();
    if (auto fetched = (*reader)->fetch(batch, 20ms); !fetched) return unexpected(fetched.error());
    for (const Record& record : batch.records) payloads.emplace_back(record.payload);
  }
  return payloads;
}

}  // namespace clickstream::kafka
