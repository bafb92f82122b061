#include "kafka/dead_letter_topic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "clickstream/utc.h"
#include "kafka/topic_writer.h"

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr const char* kPartition = "clickstream.partition";
constexpr const char* kOffset = "clickstream.offset";
constexpr const char* kGoWithout = "--dead-letter none goes without";

// A record of the source that is as large as its topic allows grows by our headers: so a topic that we create allows
// more than the brokers' usual 1 MB. Managed clusters allow no more than this.
constexpr const char* kTopicLimit = "8388608";

// Delivery reports hold places of the send queue until they are taken.
constexpr std::uint64_t kPollEvery = 512;

const std::vector<Property>& dead_letter_properties() {
  static const std::vector<Property> properties = {
      // The consumer goes no further than its dead letters, so they wait as long as it takes.
      {"message.timeout.ms", "0"},
      // More than a consumer can read (receive.message.max.bytes): the topic's limit decides, not ours.
      {"message.max.bytes", "104857600"},
      // The broker refuses a batch as a whole when it is larger than what the topic allows for one record.
      {"batch.size", "65536"},
      // In kilobytes, more than one message of the largest size.
      {"queue.buffering.max.kbytes", "131072"},
      {"queue.buffering.max.messages", "100000"},
  };
  return properties;
}

class HeaderList {
 public:
  HeaderList() : headers_(rd_kafka_headers_new(5)) {}

  void add(const char* name, std::string_view value) {
    rd_kafka_header_add(headers_.get(), name, -1, value.data(), static_cast<ssize_t>(value.size()));
  }

  rd_kafka_headers_t* get() const { return headers_.get(); }
  void release() { (void)headers_.release(); }

 private:
  HeadersHandle headers_;
};

/// Null stays null. Takes the headers over only when it succeeds.
rd_kafka_resp_err_t produce(rd_kafka_t* client, rd_kafka_topic_t* topic, const Record& record,
                            rd_kafka_headers_t* headers) {
  std::array<rd_kafka_vu_t, 5> arguments{};
  arguments[0].vtype = RD_KAFKA_VTYPE_RKT;
  arguments[0].u.rkt = topic;
  arguments[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  arguments[1].u.i = RD_KAFKA_MSG_F_COPY;
  // librdkafka takes non-const data and copies it.
  arguments[2].vtype = RD_KAFKA_VTYPE_KEY;
  arguments[2].u.mem = {const_cast<char*>(record.key.data()), record.key.size()};
  arguments[3].vtype = RD_KAFKA_VTYPE_VALUE;
  arguments[3].u.mem = {const_cast<char*>(record.payload.data()), record.payload.size()};
  arguments[4].vtype = RD_KAFKA_VTYPE_HEADERS;
  arguments[4].u.headers = headers;
  const ErrorHandle error(rd_kafka_produceva(client, arguments.data(), arguments.size()));
  return error ? rd_kafka_error_code(error.get()) : RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::string header(const rd_kafka_headers_t* headers, const char* name) {
  const void* value = nullptr;
  std::size_t size = 0;
  if (headers == nullptr || rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return "?";
  }
  return {static_cast<const char*>(value), size};
}

}  // namespace

struct DeadLetterTopic::Impl {
  std::unique_ptr<TopicWriter> writer;
  std::string source;
  Stopping stopping;
  std::uint64_t queued = 0;
  std::uint64_t finished = 0;
  steady_clock::time_point last_full{};
  steady_clock::time_point next_line{};
  std::optional<Failure> refused;

  rd_kafka_t* client() const { return writer->client().get(); }

  /// Why nothing is safe any more; absent while all is well.
  std::optional<Failure> failure() const {
    const auto& fatal = writer->client().fatal();
    if (refused || !fatal) return refused;
    return Failure{fatal->code, fmt::format("dead letters to {}: {}; {}", rd_kafka_topic_name(writer->topic()),
                                            fatal->message, kGoWithout)};
  }

  void refuse(rd_kafka_resp_err_t code, const rd_kafka_headers_t* headers) {
    if (refused) return;
    const char* topic = rd_kafka_topic_name(writer->topic());
    refused = broker_failure(code, fmt::format("the record at offset {} of partition {} of {} cannot be kept as a dead "
                                               "letter in {}",
                                               header(headers, kOffset), header(headers, kPartition), source, topic));
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
      refused->message += fmt::format(
          "; someone who may can run:\n  kafka-configs --bootstrap-server {} --alter "
          "--entity-type topics --entity-name {} --add-config max.message.bytes={}\n",
          writer->client().settings().brokers(), topic, kTopicLimit);
    } else {
      refused->message += "; ";
    }
    refused->message += kGoWithout;
  }

  /// A full queue that stays full is news; one that empties at once is not.
  void say_full() {
    const auto now = steady_clock::now();
    if (now - last_full > 1s) next_line = now + 2s;
    last_full = now;
    if (now < next_line) return;
    next_line = now + 10s;
    writer->client().settings().log(
        LogLevel::warn, fmt::format("reading waits: {} dead letters to {} are not acknowledged yet", queued - finished,
                                    rd_kafka_topic_name(writer->topic())));
  }

  void finish(const rd_kafka_message_t& message) {
    ++finished;
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    rd_kafka_headers_t* headers = nullptr;
    rd_kafka_message_headers(&message, &headers);
    refuse(message.err, headers);
  }
};

DeadLetterTopic::DeadLetterTopic(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DeadLetterTopic::~DeadLetterTopic() = default;

Result<std::unique_ptr<DeadLetterTopic>> DeadLetterTopic::connect(const Settings& settings, const TopicSpec& topic,
                                                                  const std::string& source, const Stopping& stopping) {
  auto impl = std::make_unique<Impl>();
  impl->source = source;
  impl->stopping = stopping;
  auto writer = TopicWriter::connect(
      settings, dead_letter_properties(),
      [impl = impl.get()](const rd_kafka_message_t& message) { impl->finish(message); }, stopping);
  if (!writer) return unexpected(writer.error());
  impl->writer = std::move(*writer);
  TopicSpec spec = topic;
  spec.configs.emplace_back("max.message.bytes", kTopicLimit);
  if (auto opened = impl->writer->open(spec, stopping); !opened) {
    return fail(opened.error().code, fmt::format("{}\n{}", opened.error().message, kGoWithout));
  }
  return std::unique_ptr<DeadLetterTopic>(new DeadLetterTopic(std::move(impl)));
}

Result<bool> DeadLetterTopic::put(const Record& record, std::string_view reason) {
  HeaderList headers;
  headers.add("clickstream.reason", reason);
  headers.add("clickstream.topic", impl_->source);
  headers.add(kPartition, std::to_string(record.partition));
  headers.add(kOffset, std::to_string(record.offset));
  headers.add("clickstream.timestamp", rfc3339_millis(record.time));
  if (impl_->queued % kPollEvery == 0) rd_kafka_poll(impl_->client(), 0);
  for (;;) {
    if (const auto failure = impl_->failure()) return unexpected(*failure);
    const auto error = produce(impl_->client(), impl_->writer->topic(), record, headers.get());
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      headers.release();  // the message owns them now
      ++impl_->queued;
      return true;
    }
    // With nothing in the queue it is the record that does not fit: no wait would help.
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL || impl_->queued == impl_->finished) {
      impl_->refuse(error, headers.get());
      continue;
    }
    if (impl_->stopping()) return false;
    impl_->say_full();
    rd_kafka_poll(impl_->client(), 100);
  }
}

Result<bool> DeadLetterTopic::settle(Duration timeout) {
  const auto deadline = steady_clock::now() + timeout;
  rd_kafka_poll(impl_->client(), 0);
  while (!impl_->failure() && impl_->finished < impl_->queued) {
    const auto now = steady_clock::now();
    if (now >= deadline) return false;
    rd_kafka_flush(impl_->client(), to_millis(std::min<Duration>(100ms, std::chrono::ceil<Duration>(deadline - now))));
  }
  if (const auto failure = impl_->failure()) return unexpected(*failure);
  return true;
}

}  // namespace clickstream::kafka
