// Of StateKeeper: when a checkpoint is written, and what becomes true with it.
#include <fmt/format.h>

#include <algorithm>

#include "cli/state/crash_point.h"
#include "cli/state/state_keeper.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

// A recovery reads what has come since the checkpoint: so much of it takes about a second with three partitions. A state
// that is large beside it is not written as often.
constexpr std::uint64_t kMostToReadAgain = 80'000'000;
constexpr std::uint64_t kStatesToReadAgain = 4;

// How long a state of so many bytes may wait for its next checkpoint, at an input of so many bytes a second: writing it
// shall not cost more than reading the input does.
Duration checkpoint_interval(Partitioning partitioning, std::uint64_t state_bytes, double bytes_per_second) {
  const Duration least = partitioning == Partitioning::keyed ? Duration{10s} : Duration{1s};
  const Duration most = partitioning == Partitioning::keyed ? Duration{10min} : Duration{10s};
  const double seconds = static_cast<double>(state_bytes) / std::max(1e6, bytes_per_second);
  return std::clamp(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)), least, most);
}

}  // namespace

bool StateKeeper::wants_checkpoint(const Unit& unit, Clock::time_point now) const {
  if (unit.acknowledged) return false;  // the last one has not been committed yet
  const bool changed = positions(unit) != unit.saved_offsets || engines_.watermark(unit.id) != unit.saved_watermark;
  if (unit.phase == Phase::draining) return changed && !unit.no_checkpoint;
  if (unit.phase != Phase::running || !changed) return false;
  if (unit.wanted_now) return true;
  const auto elapsed = now - unit.last_begun;
  if (options_.checkpoint_interval) return elapsed >= *options_.checkpoint_interval;
  if (unit.bytes_read >= std::max(kMostToReadAgain, kStatesToReadAgain * unit.state_bytes)) return true;
  const double seconds = std::max(1e-3, std::chrono::duration<double>(elapsed).count());
  return elapsed >= checkpoint_interval(options_.rules.partitioning, unit.state_bytes,
                                        static_cast<double>(unit.bytes_read) / seconds);
}

// Whether nothing would be lost with a unit that drains.
bool StateKeeper::saved(const Unit& unit) const {
  if (written_ == unit.id || unit.acknowledged || wants_checkpoint(unit, {})) return false;
  if (!keyed()) return true;
  return unit.shown && unit.confirmed.front().offset == unit.last_offsets.front().offset;
}

Result<void> StateKeeper::write_checkpoints(Duration patience) {
  const auto progress = writer_->work(written_ ? patience : Duration{});
  if (!progress) return unexpected(progress.error());
  if (*progress == kafka::CheckpointWriter::Progress::acknowledged) {
    checkpoint_acknowledged();
  } else if (*progress == kafka::CheckpointWriter::Progress::failed) {
    Unit& unit = units_.at(*std::exchange(written_, std::nullopt));
    unit.checkpoint.reset();
    unit.no_checkpoint = true;
  }
  if (written_) return {};
  const auto now = Clock::now();
  for (const bool draining : {true, false}) {
    for (auto& [id, unit] : units_) {
      if ((unit.phase == Phase::draining) != draining || !wants_checkpoint(unit, now)) continue;
      begin_checkpoint(unit, now);
      return {};
    }
  }
  return {};
}

void StateKeeper::begin_checkpoint(Unit& unit, Clock::time_point now) {
  crash_point("checkpoint-begin");
  const auto offsets = positions(unit);
  std::string state = engines_.save(unit.id, offsets, writer_->take_memory());
  crash_point("checkpoint-serialised");
  log_(LogLevel::debug, fmt::format("checkpoint of unit {}: {} bytes in {:.0f} ms", unit.id, state.size(),
                                    std::chrono::duration<double, std::milli>(Clock::now() - now).count()));
  unit.no_checkpoint = false;
  unit.checkpoint = {offsets, engines_.watermark(unit.id), engines_.figures(unit.id), state.size(), now};
  unit.state_bytes = state.size();
  unit.bytes_read = 0;
  unit.last_begun = now;
  unit.wanted_now = false;
  written_ = unit.id;
  writer_->start(unit.id, {unit.assignment, unit.pointer.epoch, ++unit.checkpoints, 0}, std::move(state));
  crash_point("checkpoint-sent");
}

void StateKeeper::checkpoint_acknowledged() {
  crash_point("checkpoint-acknowledged");
  Unit& unit = units_.at(*std::exchange(written_, std::nullopt));
  unit.acknowledged = true;
  unit.saved_offsets = unit.checkpoint->offsets;
  unit.saved_watermark = unit.checkpoint->watermark;
  unit.pointer.offset = unit.checkpoint->offsets.front().offset;
  unit.pointer.checkpoint = writer_->place();
  // An advance that the checkpoint has in it needs no mention any more.
  if (unit.pointer.idle && unit.checkpoint->watermark && unit.pointer.idle->watermark <= *unit.checkpoint->watermark) {
    unit.pointer.idle.reset();
  }
  next_commit_ = {};
}

}  // namespace clickstream::cli
