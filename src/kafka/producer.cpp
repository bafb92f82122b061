#include "kafka/producer.h"

#include <fmt/format.h>

#include "kafka/topic_writer.h"

namespace clickstream::kafka {
namespace {

const std::vector<Property>& producer_properties() {
  static const std::vector<Property> properties = {
      {"queue.buffering.max.messages", "1000000"},
      {"queue.buffering.max.kbytes", "524288"},
  };
  return properties;
}

}  // namespace

struct Producer::Impl {
  std::unique_ptr<TopicWriter> writer;
  std::uint64_t queued = 0;
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;
  std::string first_error;
  std::optional<Failure> refused;

  void count_failure(rd_kafka_resp_err_t code) {
    const Client& client = writer->client();
    if (is_refusal(code))
      refused = broker_failure(code, fmt::format("cannot write to {}", rd_kafka_topic_name(writer->topic())));
    if (failed++ > 0) return;
    first_error = client.fatal() ? client.fatal()->message : rd_kafka_err2str(code);
    client.settings().log(LogLevel::warn,
                          fmt::format("an event was not delivered: {}; more are only counted", first_error));
  }
};

Producer::Producer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Producer::~Producer() = default;

Result<std::unique_ptr<Producer>> Producer::connect(const Settings& settings, const TopicSpec& topic,
                                                    const Stopping& stopping) {
  auto impl = std::make_unique<Impl>();
  auto writer = TopicWriter::connect(
      settings, producer_properties(),
      [impl = impl.get()](const rd_kafka_message_t& message) {
        if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
          ++impl->delivered;
        } else {
          impl->count_failure(message.err);
        }
      },
      stopping);
  if (!writer) return unexpected(writer.error());
  impl->writer = std::move(*writer);
  if (auto opened = impl->writer->open(topic, stopping); !opened) return unexpected(opened.error());
  if (auto reached = impl->writer->reach_leader(stopping); !reached) return unexpected(reached.error());
  return std::unique_ptr<Producer>(new Producer(std::move(impl)));
}

bool Producer::send(std::string_view key, std::string_view payload) {
  // librdkafka takes a non-const payload and copies it.
  const int result =
      rd_kafka_produce(impl_->writer->topic(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                       const_cast<char*>(payload.data()), payload.size(), key.data(), key.size(), nullptr);
  if (result != 0) {
    const auto code = rd_kafka_last_error();
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
    impl_->count_failure(code);
  }
  ++impl_->queued;
  return true;
}

void Producer::poll(Duration timeout) { rd_kafka_poll(impl_->writer->client().get(), to_millis(timeout)); }
void Producer::flush(Duration timeout) { rd_kafka_flush(impl_->writer->client().get(), to_millis(timeout)); }

std::uint64_t Producer::delivered() const { return impl_->delivered; }
std::uint64_t Producer::failed() const { return impl_->failed; }
std::uint64_t Producer::in_flight() const { return impl_->queued - impl_->delivered - impl_->failed; }
const std::string& Producer::first_error() const { return impl_->first_error; }
const std::optional<Failure>& Producer::failure() const {
  return impl_->refused ? impl_->refused : impl_->writer->client().fatal();
}

}  // namespace clickstream::kafka
