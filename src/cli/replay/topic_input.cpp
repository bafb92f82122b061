#include "cli/replay/topic_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace clickstream::cli {
namespace {

using std::chrono::steady_clock;

// As --from and --to take it.
std::string text_of(const std::vector<std::int64_t>& offsets) {
  std::string text;
  for (std::size_t i = 0; i < offsets.size(); ++i) text += fmt::format("{}{}:{}", i == 0 ? "" : ",", i, offsets[i]);
  return text;
}

std::vector<std::int64_t> begins_of(const std::vector<kafka::Range>& ranges) {
  std::vector<std::int64_t> begins;
  for (const kafka::Range& range : ranges) begins.push_back(range.begin);
  return begins;
}

std::vector<std::int64_t> ends_of(const std::vector<kafka::Range>& ranges) {
  std::vector<std::int64_t> ends;
  for (const kafka::Range& range : ranges) ends.push_back(range.end);
  return ends;
}

}  // namespace

TopicInput::TopicInput(std::unique_ptr<kafka::PartitionReader> reader, std::string topic, Duration max_ahead)
    : reader_(std::move(reader)), topic_(std::move(topic)), merge_(begins_of(reader_->ranges()), max_ahead) {}

Result<std::unique_ptr<TopicInput>> TopicInput::open(const kafka::Settings& settings, const std::string& topic,
                                                     const kafka::Span& span, Duration max_ahead, Timestamp now,
                                                     const Stopping& stopping) {
  auto reader = kafka::PartitionReader::connect(settings, topic, span, now, stopping);
  if (!reader) return unexpected(reader.error());
  settings.log(LogLevel::info,
               fmt::format("reading {} --from {} --to {}", topic, text_of(begins_of((*reader)->ranges())),
                           text_of(ends_of((*reader)->ranges()))));
  return std::unique_ptr<TopicInput>(new TopicInput(std::move(*reader), topic, max_ahead));
}

Result<RecordedInput::Next> TopicInput::next(formats::Recorded& recorded, Duration timeout) {
  const auto deadline = steady_clock::now() + timeout;
  while (const auto partition = merge_.wants()) {
    const auto left = std::max<Duration>(std::chrono::ceil<Duration>(deadline - steady_clock::now()), Duration{0});
    auto records = reader_->next(*partition, left);
    if (!records) return unexpected(records.error());
    if (!records->empty()) {
      merge_.give(*partition, std::move(*records));
    } else if (reader_->at_end(*partition)) {
      merge_.end(*partition);
    } else if (left == Duration{0}) {
      return Next::nothing_yet;
    }
  }
  return merge_.next(recorded) ? Next::event : Next::end;
}

std::string TopicInput::describe(const formats::Place& place) const {
  return fmt::format("partition {} offset {} of {}", place.file, place.line, topic_);
}

std::string TopicInput::position() const {
  return fmt::format("offsets {} of {}", text_of(merge_.offsets(true)), topic_);
}

std::optional<double> TopicInput::progress() const {
  std::int64_t all = 0;
  std::int64_t read = 0;
  const auto offsets = merge_.offsets(true);
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    const kafka::Range range = reader_->ranges()[i];
    all += range.end - range.begin;
    read += offsets[i] - range.begin;
  }
  return all == 0 ? 1.0 : static_cast<double>(read) / static_cast<double>(all);
}

std::string TopicInput::resume_options(bool last_was_sent) const {
  return fmt::format("--resume {} --to {}", text_of(merge_.offsets(last_was_sent)),
                     text_of(ends_of(reader_->ranges())));
}

}  // namespace clickstream::cli
