#include "kafka/reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace clickstream::kafka {
namespace {

std::vector<Property> reader_properties() {
  std::vector<Property> properties = fetch_ahead();
  properties.emplace_back("enable.partition.eof", "true");
  properties.emplace_back("auto.offset.reset", "error");  // nothing is passed over in silence
  return properties;
}

}  // namespace

Result<void> judge_errors(const Client& client, const std::string& topic,
                          const std::vector<rd_kafka_resp_err_t>& errors, Missing missing) {
  for (const auto error : errors) {
    const Failure failure = broker_failure(error, fmt::format("cannot read {}", topic));
    const bool is_missing = error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                            error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                            error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    if (failure.code == Exit::unreachable || (is_missing && missing == Missing::fails)) return unexpected(failure);
    client.settings().log(LogLevel::warn, fmt::format("{}; trying again", failure.message));
  }
  return {};
}

Failure went_back(const std::string& topic) {
  return {Exit::failed, fmt::format("topic {} was deleted and created again, or cut, while it was read", topic)};
}

Reader::Reader(std::unique_ptr<Client> client, const std::string& topic, Missing missing, Timestamp now)
    : client_(std::move(client)),
      topic_(rd_kafka_topic_new(client_->get(), topic.c_str(), nullptr)),
      fetcher_(client_->get(), disposer_, QueueHandle(rd_kafka_queue_new(client_->get())), now),
      missing_(missing) {}

Reader::~Reader() {
  for (const auto& [partition, position] : positions_) {
    if (resting_.count(partition) == 0) rd_kafka_consume_stop(topic_.get(), partition);
  }
}

Result<std::unique_ptr<Reader>> Reader::connect(const Settings& settings, const std::string& topic, Missing missing,
                                                Timestamp now, const Stopping& stopping) {
  auto client = Client::create(RD_KAFKA_CONSUMER, settings, reader_properties());
  if (!client) return unexpected(client.error());
  if (auto connected = (*client)->connect(stopping); !connected) return unexpected(connected.error());
  return std::unique_ptr<Reader>(new Reader(std::move(*client), topic, missing, now));
}

std::optional<std::int64_t> Reader::lag(std::int32_t partition) const {
  const auto position = positions_.find(partition);
  if (position == positions_.end()) return std::nullopt;
  return lag_of(*client_, rd_kafka_topic_name(topic_.get()), partition, position->second);
}

Result<void> Reader::start(std::int32_t partition, std::int64_t begin, std::optional<std::int64_t> end) {
  if (rd_kafka_consume_start_queue(topic_.get(), partition, begin, fetcher_.queue()) != 0) {
    return unexpected(broker_failure(rd_kafka_last_error(), fmt::format("cannot read partition {}", partition)));
  }
  Position position;
  position.next = std::max<std::int64_t>(0, begin);
  position.end = end;
  position.reached_end = end && position.next >= *end;
  positions_[partition] = position;
  return {};
}

void Reader::stop(std::int32_t partition) {
  if (positions_.erase(partition) > 0 && resting_.erase(partition) == 0) {
    rd_kafka_consume_stop(topic_.get(), partition);
  }
}

void Reader::rest_at_ends() {
  for (const auto& [partition, position] : positions_) {
    if (position.reached_end && resting_.insert(partition).second) rd_kafka_consume_stop(topic_.get(), partition);
  }
}

Result<void> Reader::fetch(Batch& batch, Duration timeout) {
  std::vector<rd_kafka_resp_err_t> errors;
  fetcher_.fetch(batch, positions_, timeout, errors);
  rd_kafka_poll(client_->get(), 0);  // serves the error callback
  return judge_errors(*client_, rd_kafka_topic_name(topic_.get()), errors, missing_);
}

Failure Reader::went_back() const { return kafka::went_back(rd_kafka_topic_name(topic_.get())); }

}  // namespace clickstream::kafka
