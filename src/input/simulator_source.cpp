#include "input/simulator_source.h"

#include <algorithm>
#include <string_view>
#include <thread>
#include <utility>

#include "clickstream/encode.h"

namespace clickstream::input {
namespace {

constexpr std::size_t kBatch = 4096;

}  // namespace

SimulatorSource::SimulatorSource(const SimulatorConfig& config, Speed speed)
    : simulator_(config), pacer_(config.start, speed), next_(simulator_.next()) {}

Result<void> SimulatorSource::poll(Batch& batch, Duration timeout) {
  batch.clear();
  if (!std::exchange(assigned_, true)) {
    batch.assigned.push_back(0);
    return {};
  }
  const Duration wait = pacer_.due(next_.timestamp) - pacer_.now();
  if (wait > Duration{0}) std::this_thread::sleep_for(std::min(wait, timeout));
  text_.clear();
  sizes_.clear();
  const Timestamp now = pacer_.now();
  while (sizes_.size() < kBatch && pacer_.due(next_.timestamp) <= now) {
    const std::size_t before = text_.size();
    encode(next_, text_);
    sizes_.push_back(text_.size() - before);
    next_ = simulator_.next();
  }
  std::string_view rest = text_;
  for (const std::size_t size : sizes_) {
    batch.records.push_back({0, offset_++, now, {}, rest.substr(0, size)});
    rest.remove_prefix(size);
  }
  return {};
}

}  // namespace clickstream::input
