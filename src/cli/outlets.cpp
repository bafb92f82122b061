#include "cli/outlets.h"

#include <fmt/format.h>

#include <iterator>

#include "cli/options.h"

namespace clickstream::cli {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kLogEvery = 10s;

}  // namespace

Outlets::Outlets(std::unique_ptr<DeadLetters> dead_letters, sinks::Sinks sinks, Log log)
    : dead_letters_(std::move(dead_letters)), sinks_(std::move(sinks)), log_(std::move(log)) {
  if (!dead_letters_) return;
  for (const auto name : kMalformedNames) by_reason_.emplace_back(name, 0);
  by_reason_.emplace_back("late", 0);
  if (!sinks_.empty()) by_reason_.emplace_back("refused_by_sink", 0);
}

// False where it was not taken.
bool Outlets::put_letter(const Record& record, std::size_t reason) {
  if (!dead_letters_) return true;
  if (failure_) return false;
  auto& [name, count] = by_reason_[reason];
  const auto taken = dead_letters_->put(record, name);
  if (!taken) failure_ = taken.error();
  if (!taken || !*taken) return false;
  ++count;
  return true;
}

// False while there are some that have not been taken.
bool Outlets::put_refused() {
  auto more = sinks_.take_refused();
  if (!more.empty() && steady_clock::now() - refusal_logged_ >= kLogEvery) {
    refusal_logged_ = steady_clock::now();
    log_(LogLevel::error, fmt::format("a sink refuses a row: {}; {}: {}", more.front().reason,
                                      dead_letters_ ? "it goes to the dead letters" : "it is lost (--dead-letter none)",
                                      more.front().row));
  }
  std::move(more.begin(), more.end(), std::back_inserter(refused_));
  while (!refused_.empty()) {
    const RefusedRow& row = refused_.back();
    if (!put_letter({row.place.partition, row.place.offset, wall_clock(), {}, row.row}, kRefused)) return false;
    refused_.pop_back();
  }
  return true;
}

Result<bool> Outlets::are_safe(std::uint64_t rows, Duration patience) {
  if (!sinks_.is_done(rows)) return false;
  const bool none_left = put_refused();
  if (failure_) return unexpected(*failure_);
  if (!none_left) return false;
  return dead_letters_ ? dead_letters_->settle(patience) : true;
}

void Outlets::show(Snapshot& snapshot) const {
  snapshot.dead_letters = by_reason_;
  snapshot.sinks = sinks_.figures();
}

}  // namespace clickstream::cli
