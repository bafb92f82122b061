#include "kafka/checkpoint_reader.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <vector>

#include "kafka/offsets.h"
#include "kafka/reader.h"

namespace clickstream::kafka {
namespace {

using namespace std::chrono_literals;

using std::chrono::steady_clock;

constexpr Duration kMoment = 20ms;
constexpr auto kPatience = 2s;

}  // namespace

struct CheckpointReader::Impl {
  std::string topic;
  std::unique_ptr<Reader> reader;
  std::int32_t partition = 0;
  CheckpointPlace place;
  std::vector<std::optional<std::string>> parts;
  std::uint32_t found = 0;
  bool newer_version = false;
  bool too_short = false;  // the log: it ends before the checkpoint does

  void take(const Record& record);
  Result<void> look_for_the_end();
  std::optional<State> outcome();
};

CheckpointReader::CheckpointReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CheckpointReader::~CheckpointReader() = default;

Result<std::unique_ptr<CheckpointReader>> CheckpointReader::connect(const Settings& settings, const std::string& topic,
                                                                    const Stopping& stopping) {
  auto impl = std::make_unique<Impl>();
  impl->topic = topic;
  auto reader = Reader::connect(settings, topic, Missing::waits, Timestamp{}, stopping);
  if (!reader) return unexpected(reader.error());
  impl->reader = std::move(*reader);
  return std::unique_ptr<CheckpointReader>(new CheckpointReader(std::move(impl)));
}

Result<void> CheckpointReader::start(std::int32_t partition, const CheckpointPlace& place) {
  impl_->reader->stop(impl_->partition);
  impl_->partition = partition;
  impl_->place = place;
  impl_->parts.assign(place.chunks, std::nullopt);
  impl_->found = 0;
  impl_->newer_version = false;
  impl_->too_short = false;
  return impl_->reader->start(partition, place.first_offset, place.last_offset + 1);
}

void CheckpointReader::Impl::take(const Record& record) {
  const auto chunk = parse_chunk(record.payload);
  if (!chunk) {
    newer_version = newer_version || chunk.error() == ChunkError::unknown_version;
    return;
  }
  const ChunkHeader& header = chunk->header;
  // Others may have written in between: whoever had the partition before and did not know yet that it has no longer.
  if (header.assignment != place.assignment || header.number != place.number || header.index >= parts.size()) return;
  auto& part = parts[header.index];
  if (!part) ++found;
  part = std::string(chunk->part);
}

// The state topic may have been deleted and created again. That there is nothing more to be read proves nothing: a new
// leader may not know yet how much is committed. Asked for the end it says so, or waits.
Result<void> CheckpointReader::Impl::look_for_the_end() {
  const Position& position = reader->positions().at(partition);
  if (position.reached_end || !position.at_end_since) return {};
  const auto ranges = ask_ranges(reader->client(), topic, {partition});
  if (!ranges) return unexpected(ranges.error());
  too_short = ranges->has_value() && (*ranges)->front().end <= place.last_offset;
  return {};
}

std::optional<CheckpointReader::State> CheckpointReader::Impl::outcome() {
  const Position& position = reader->positions().at(partition);
  if (found < place.chunks) {
    if (!position.reached_end && !position.went_back && !too_short) return std::nullopt;
    if (newer_version) return unexpected(std::string("its checkpoint was written by a newer version of clickstream"));
    return unexpected(fmt::format("its checkpoint is missing or damaged in {}: {} of {} parts are there", topic, found,
                                  place.chunks));
  }
  std::string state;
  state.reserve(parts.size() * kChunkBytes);
  for (auto& part : parts) state += *std::exchange(part, std::nullopt);
  if (crc32c(state) != place.crc) {
    return unexpected(fmt::format("its checkpoint in {} is damaged: the checksum differs", topic));
  }
  return state;
}

Result<std::optional<CheckpointReader::State>> CheckpointReader::work() {
  Batch batch;
  if (auto fetched = impl_->reader->fetch(batch, kMoment); !fetched) return unexpected(fetched.error());
  for (const Record& record : batch.records) impl_->take(record);
  if (auto looked = impl_->look_for_the_end(); !looked) return unexpected(looked.error());
  auto outcome = impl_->outcome();
  if (outcome) impl_->reader->stop(impl_->partition);
  return outcome;
}

Result<std::optional<CheckpointReader::Last>> CheckpointReader::last_epoch(std::int32_t partition) {
  const auto ranges = ask_ranges(impl_->reader->client(), impl_->topic, {partition});
  if (!ranges) return unexpected(ranges.error());
  if (!ranges->has_value()) return std::nullopt;
  const Range range = (*ranges)->front();
  Last last;
  last.written = range.end > 0;
  if (range.begin == range.end) return last;
  Reader& reader = *impl_->reader;
  reader.stop(partition);
  if (auto started = reader.start(partition, range.end - 1, range.end); !started) return unexpected(started.error());
  Batch batch;
  const auto deadline = steady_clock::now() + kPatience;
  while (!all_reached_end(reader.positions()) && steady_clock::now() < deadline) {
    batch.clear();
    if (auto fetched = reader.fetch(batch, kMoment); !fetched) return unexpected(fetched.error());
    for (const Record& record : batch.records) {
      if (const auto chunk = parse_chunk(record.payload)) last.epoch = chunk->header.epoch;
    }
  }
  const bool answered = all_reached_end(reader.positions());
  reader.stop(partition);
  return answered ? std::optional<Last>(last) : std::nullopt;
}

}  // namespace clickstream::kafka
