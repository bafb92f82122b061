#include "cli/replay/log_merge.h"

#include <algorithm>

namespace clickstream::cli {
namespace {

formats::Place place_of(const Record& record) {
  return {static_cast<std::size_t>(record.partition), static_cast<std::uint64_t>(record.offset)};
}

}  // namespace

LogMerge::LogMerge(const std::vector<std::int64_t>& begins, Duration max_ahead) {
  for (const std::int64_t begin : begins) {
    wanting_.insert(static_cast<std::int32_t>(logs_.size()));
    logs_.emplace_back(begin, max_ahead);
  }
}

std::optional<std::int32_t> LogMerge::wants() {
  move_on();
  return wanting_.empty() ? std::nullopt : std::optional(*wanting_.begin());
}

void LogMerge::give(std::int32_t partition, std::vector<Record> records) {
  Log& log = logs_[static_cast<std::size_t>(partition)];
  log.records = std::move(records);
  log.index = 0;
  wanting_.erase(partition);
  find_event(partition);
}

void LogMerge::end(std::int32_t partition) { wanting_.erase(partition); }

bool LogMerge::next(formats::Recorded& recorded) {
  move_on();
  if (!wanting_.empty() || ready_.empty()) return false;
  in_hand_ = ready_.top().second;
  ready_.pop();
  const Log& log = logs_[static_cast<std::size_t>(*in_hand_)];
  const Record& record = log.records[log.index];
  recorded = {*log.event, record.payload, place_of(record)};
  return true;
}

std::vector<std::int64_t> LogMerge::offsets(bool without_last) const {
  std::vector<std::int64_t> offsets;
  for (const Log& log : logs_) offsets.push_back(log.offset);
  if (without_last && in_hand_) ++offsets[static_cast<std::size_t>(*in_hand_)];
  return offsets;
}

// The event that was handed out is done with.
void LogMerge::move_on() {
  if (!in_hand_) return;
  const std::int32_t partition = *std::exchange(in_hand_, std::nullopt);
  Log& log = logs_[static_cast<std::size_t>(partition)];
  log.offset = log.records[log.index].offset + 1;
  ++log.index;
  find_event(partition);
}

// From the record at `index` on.
void LogMerge::find_event(std::int32_t partition) {
  Log& log = logs_[static_cast<std::size_t>(partition)];
  for (; log.index < log.records.size(); ++log.index) {
    const Record& record = log.records[log.index];
    ++tally_.lines;
    const auto event = log.decoder.decode(record.payload, record.time);
    if (event) {
      ++tally_.events;
      log.event = *event;
      log.offset = record.offset;
      ready_.emplace(std::min(event->timestamp, record.time), partition);
      return;
    }
    const bool tombstone = record.payload.data() == nullptr;
    ++tally_.rejected;
    rejections_.push_back(
        {place_of(record), tombstone ? kTombstone : name(event.error()), std::string(record.payload)});
    log.offset = record.offset + 1;
  }
  wanting_.insert(partition);
}

}  // namespace clickstream::cli
