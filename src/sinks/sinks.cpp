#include "sinks/sinks.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace clickstream::sinks {
namespace {

constexpr std::size_t kMostQueued = 50'000;  // rows, of some hundred bytes each
constexpr std::size_t kMostAtOnce = 5'000;   // rows: what is put is cut to pieces that a batch is made of

}  // namespace

void Sinks::put(Rows rows) {
  if (sinks_.empty()) return;
  for (std::size_t first = 0, window = 0; first < rows.sessions.size() || window < rows.windows.size();) {
    auto piece = std::make_shared<Rows>();
    const auto take = [&piece](auto& from, std::size_t& next, auto& to) {
      const std::size_t end = std::min(from.size(), next + kMostAtOnce - piece->size());
      std::move(from.begin() + static_cast<std::ptrdiff_t>(next), from.begin() + static_cast<std::ptrdiff_t>(end),
                std::back_inserter(to));
      next = end;
    };
    take(rows.sessions, first, piece->sessions);
    take(rows.windows, window, piece->windows);
    for (const auto& sink : sinks_) sink->put(piece);
    ++puts_;
  }
}

void Sinks::supersede(const RowPlace& from) {
  for (const auto& sink : sinks_) sink->supersede(from);
  ++puts_;
}

bool Sinks::is_done(std::uint64_t until) const {
  return std::all_of(sinks_.begin(), sinks_.end(), [until](const auto& sink) { return sink->done() >= until; });
}

bool Sinks::wait_for(std::uint64_t until, Duration timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  return std::all_of(sinks_.begin(), sinks_.end(), [&](const auto& sink) {
    const auto left = std::chrono::duration_cast<Duration>(deadline - std::chrono::steady_clock::now());
    return sink->wait_for(until, std::max(left, Duration{}));
  });
}

bool Sinks::is_full() {
  std::size_t most = 0;
  for (const auto& sink : sinks_) most = std::max(most, sink->queued_rows());
  full_ = most > (full_ ? kMostQueued / 2 : kMostQueued);
  return full_;
}

std::vector<RefusedRow> Sinks::take_refused() {
  std::vector<RefusedRow> refused;
  for (const auto& sink : sinks_) {
    auto more = sink->take_refused();
    std::move(more.begin(), more.end(), std::back_inserter(refused));
  }
  return refused;
}

std::vector<SinkFigures> Sinks::figures() const {
  std::vector<SinkFigures> figures;
  figures.reserve(sinks_.size());
  for (const auto& sink : sinks_) figures.push_back(sink->figures());
  return figures;
}

}  // namespace clickstream::sinks
