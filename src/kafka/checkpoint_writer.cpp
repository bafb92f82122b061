#include "kafka/checkpoint_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "kafka/topic_writer.h"

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

// Enough to keep the connection busy; more would only delay what follows.
constexpr std::uint32_t kChunksInFlight = 32;
constexpr auto kRefusalLoggedEvery = 10min;

constexpr const char* kGoWithout = "or, without state: --state none (every start reads the topic again)";

const std::vector<Property>& chunk_properties() {
  static const std::vector<Property> properties = {
      {"compression.codec", "none"},    // hashes and ids: 14 % smaller for twice the time
      {"message.timeout.ms", "30000"},  // then the next checkpoint has better luck
  };
  return properties;
}

}  // namespace

struct CheckpointWriter::Impl {
  std::unique_ptr<TopicWriter> topic;
  QueueHandle deletions;  // dies before its client, in topic

  // What is being written.
  std::uintptr_t serial = 0;  // tells its delivery reports from those of what has been abandoned
  bool writing = false;
  std::int32_t partition = 0;
  ChunkHeader header;
  std::string state;
  std::uint32_t acknowledged = 0;
  bool failed = false;
  std::optional<Failure> refused;
  CheckpointPlace place;

  std::map<std::int32_t, std::int64_t> kept;  // below which everything is deleted, as far as the broker has said
  steady_clock::time_point refusal_logged{};

  std::uint32_t chunk_count() const {
    return static_cast<std::uint32_t>((state.size() + kChunkBytes - 1) / kChunkBytes);
  }
  void delivered(const rd_kafka_message_t& message);
  void fail_with(rd_kafka_resp_err_t error);
  std::optional<Failure> failure() const;
  void send_some();
  void hear_of_deletions();
};

CheckpointWriter::CheckpointWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CheckpointWriter::~CheckpointWriter() { impl_->deletions.reset(); }

Result<std::unique_ptr<CheckpointWriter>> CheckpointWriter::connect(const Settings& settings, const TopicSpec& topic,
                                                                    const Stopping& stopping) {
  auto impl = std::make_unique<Impl>();
  auto writer = TopicWriter::connect(
      settings, chunk_properties(),
      [impl = impl.get()](const rd_kafka_message_t& message) { impl->delivered(message); }, stopping);
  if (!writer) return unexpected(writer.error());
  impl->topic = std::move(*writer);
  if (auto opened = impl->topic->open(topic, stopping); !opened) {
    return fail(opened.error().code, fmt::format("{}\n{}", opened.error().message, kGoWithout));
  }
  impl->deletions.reset(rd_kafka_queue_new(impl->topic->client().get()));
  return std::unique_ptr<CheckpointWriter>(new CheckpointWriter(std::move(impl)));
}

Result<std::optional<bool>> CheckpointWriter::extend(int partitions, const Stopping& stopping) {
  return extend_topic(impl_->topic->client(), rd_kafka_topic_name(impl_->topic->topic()), partitions, stopping);
}

void CheckpointWriter::start(std::int32_t partition, const ChunkHeader& header, std::string state) {
  ++impl_->serial;
  impl_->writing = true;
  impl_->partition = partition;
  impl_->header = header;
  impl_->header.index = 0;
  impl_->state = std::move(state);
  impl_->acknowledged = 0;
  impl_->failed = false;
  impl_->place = {header.assignment, header.number, -1, -1, impl_->chunk_count(), crc32c(impl_->state)};
  impl_->send_some();
}

void CheckpointWriter::abandon() {
  ++impl_->serial;
  impl_->writing = false;
}

std::string CheckpointWriter::take_memory() {
  return impl_->writing ? std::string() : std::exchange(impl_->state, std::string());
}

void CheckpointWriter::Impl::send_some() {
  while (header.index < chunk_count() && header.index - acknowledged < kChunksInFlight && !failed) {
    const std::string_view whole = state;
    const std::string chunk = make_chunk(header, whole.substr(header.index * kChunkBytes, kChunkBytes));
    // librdkafka takes a non-const payload and copies it.
    const int result = rd_kafka_produce(topic->topic(), partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(chunk.data()),
                                        chunk.size(), nullptr, 0, reinterpret_cast<void*>(serial));
    if (result != 0) {
      const auto error = rd_kafka_last_error();
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail_with(error);
      return;
    }
    ++header.index;
  }
}

void CheckpointWriter::Impl::delivered(const rd_kafka_message_t& message) {
  if (!writing || message._private != reinterpret_cast<void*>(serial)) return;
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail_with(message.err);
    return;
  }
  ++acknowledged;
  if (place.first_offset < 0) place.first_offset = message.offset;
  place.first_offset = std::min(place.first_offset, message.offset);
  place.last_offset = std::max(place.last_offset, message.offset);
}

void CheckpointWriter::Impl::fail_with(rd_kafka_resp_err_t error) {
  if (std::exchange(failed, true)) return;
  const char* name = rd_kafka_topic_name(topic->topic());
  if (is_refusal(error)) {
    refused = broker_failure(error, fmt::format("cannot write checkpoints to {}", name));
  } else {
    topic->client().settings().log(LogLevel::warn,
                                   fmt::format("a checkpoint was not written: {}", rd_kafka_err2str(error)));
  }
}

std::optional<Failure> CheckpointWriter::Impl::failure() const {
  const auto& fatal = topic->client().fatal();
  if (refused || !fatal) return refused;
  return Failure{fatal->code,
                 fmt::format("checkpoints to {}: {}", rd_kafka_topic_name(topic->topic()), fatal->message)};
}

Result<CheckpointWriter::Progress> CheckpointWriter::work(Duration timeout) {
  if (impl_->writing) impl_->send_some();
  rd_kafka_poll(impl_->topic->client().get(), to_millis(impl_->writing ? timeout : Duration{}));
  impl_->hear_of_deletions();
  if (auto failure = impl_->failure()) {
    failure->message += std::string("\n") + kGoWithout;
    return unexpected(*failure);
  }
  if (!impl_->writing) return Progress::idle;
  if (impl_->failed) {
    abandon();
    return Progress::failed;
  }
  if (impl_->acknowledged < impl_->place.chunks) return Progress::writing;
  impl_->writing = false;
  return Progress::acknowledged;
}

const CheckpointPlace& CheckpointWriter::place() const { return impl_->place; }

void CheckpointWriter::truncate(std::int32_t partition, std::int64_t offset) {
  std::int64_t& kept = impl_->kept[partition];
  if (offset <= kept) return;
  kept = offset;
  rd_kafka_t* client = impl_->topic->client().get();
  const PartitionList below(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(below.get(), rd_kafka_topic_name(impl_->topic->topic()), partition)->offset =
      offset;
  rd_kafka_DeleteRecords_t* deletion = rd_kafka_DeleteRecords_new(below.get());
  const AdminOptionsHandle options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DELETERECORDS));
  rd_kafka_DeleteRecords(client, &deletion, 1, options.get(), impl_->deletions.get());
  rd_kafka_DeleteRecords_destroy(deletion);
}

void CheckpointWriter::Impl::hear_of_deletions() {
  while (const EventHandle event{rd_kafka_queue_poll(deletions.get(), 0)}) {
    auto error = rd_kafka_event_error(event.get());
    if (const auto* result = rd_kafka_event_DeleteRecords_result(event.get()); result != nullptr && !error) {
      const auto* partitions = rd_kafka_DeleteRecords_result_offsets(result);
      for (int i = 0; i < partitions->cnt && !error; ++i) error = partitions->elems[i].err;
    }
    const auto now = steady_clock::now();
    if (!error || now - refusal_logged < kRefusalLoggedEvery) continue;
    refusal_logged = now;
    const auto size = place.chunks * kChunkBytes;
    topic->client().settings().log(
        LogLevel::warn,
        fmt::format(
            "checkpoints that are not needed any more were not deleted from {}: {}; it grows by about {} MB with "
            "each (the right that is missing may be Delete on that topic)",
            rd_kafka_topic_name(topic->topic()), rd_kafka_err2str(error), size / 1'000'000 + 1));
  }
}

}  // namespace clickstream::kafka
