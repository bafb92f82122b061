#include "cli/replay/player.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/options.h"
#include "cli/signals.h"
#include "clickstream/encode.h"
#include "render/progress.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;
using formats::Recorded;

constexpr Duration kPatience = 100ms;  // so soon a signal is heard

}  // namespace

Player::Player(RecordedInput& input, EventOutput& output, Rejects& rejects, const ReplayOptions& options, Log log)
    : input_(input),
      output_(output),
      rejects_(rejects),
      options_(options),
      resume_(options.resume.value_or(ResumeAt{})),
      log_(std::move(log)),
      show_(!(options.output == "-" && stdout_is_terminal())) {}

ResumeAt Player::position() const { return {resume_.events + sent_, std::max(resume_.rejections, rejections_)}; }

Result<bool> Player::run(const Starting& starting) {
  while (!stop_requested()) {
    Recorded recorded;
    const auto next = input_.next(recorded, kPatience);
    if (auto reported = report_rejections(); !reported) return unexpected(reported.error());
    if (!next) return unexpected(next.error());
    if (*next == RecordedInput::Next::end) {
      if (read_ >= resume_.events) return true;
      return fail(Exit::failed, fmt::format("--resume: the input has {} events, but {} are said to have been sent",
                                            read_, resume_.events));
    }
    if (*next == RecordedInput::Next::nothing_yet) {
      if (auto waited = output_.wait(Duration{0}); !waited) return unexpected(waited.error());
      if (auto flushed = rejects_.flush(); !flushed) return unexpected(flushed.error());
      show_progress();
      continue;
    }
    auto played = play(recorded, starting);
    if (!played || !*played) return played;
  }
  return false;
}

Result<void> Player::report_rejections() {
  for (const formats::Rejection& rejection : input_.take_rejections()) {
    const bool reported = ++rejections_ <= resume_.rejections;
    if (auto taken = rejects_.take(rejection, input_.describe(rejection.place), reported); !taken) return taken;
  }
  return {};
}

// False: asked to stop before the event was sent.
Result<bool> Player::play(Recorded& recorded, const Starting& starting) {
  if (read_++ == 0 && options_.rebase) {
    rebased_to_ = options_.rebase->first.value_or(wall_clock());
    shift_ = *rebased_to_ - recorded.event.timestamp;
  }
  newest_ = std::max(newest_, recorded.event.timestamp);
  if (read_ <= resume_.events) return true;
  at_hand_ = recorded.event.timestamp + shift_;
  const Timestamp newest = newest_ + shift_;
  if (!pacer_) {
    starting(newest);
    begin(newest);
  }
  auto waited = wait_until(pacer_->due(newest), newest);
  if (!waited || !*waited) return waited;
  auto taken = send(recorded);
  if (!taken || !*taken) return taken;
  at_hand_.reset();
  if (++sent_ % 64 == 0) show_progress();
  return true;
}

void Player::begin(Timestamp time) {
  pacer_.emplace(time, options_.speed, options_.rebase ? input::Early::no : input::Early::yes);
  begin_ = pacer_->now();
  share_at_begin_ = share_done().value_or(0);
}

Result<bool> Player::wait_until(Timestamp due, Timestamp newest) {
  for (;;) {
    const Timestamp now = pacer_->now();
    if (now >= due) return true;
    if (stop_requested()) return false;
    if (options_.rebase && options_.speed != input::kRealTime && due == newest && !std::exchange(caught_up_, true)) {
      log_(LogLevel::info, "the events have caught up with the clock: from here on they come in real time");
    }
    show_progress();
    if (auto waited = output_.wait(std::min(due - now, kPatience)); !waited) return unexpected(waited.error());
    if (auto flushed = rejects_.flush(); !flushed) return unexpected(flushed.error());
  }
}

Result<bool> Player::send(Recorded& recorded) {
  if (!options_.rebase && !recorded.json.empty()) return output_.send(recorded.event.user, recorded.json);
  recorded.event.timestamp += shift_;
  json_.clear();
  if (recorded.json.empty()) {
    encode(recorded.event, json_);
  } else {
    json_ = formats::with_timestamp(recorded.json, recorded.event.timestamp);
  }
  return output_.send(recorded.event.user, json_);
}

void Player::show_progress() {
  if (!show_ || !pacer_) return;
  const auto share = share_done();
  if (!share) return;
  const double since_begin = share_at_begin_ < 1 ? (*share - share_at_begin_) / (1 - share_at_begin_) : 1;
  bar_.show(*share, render::progress_text(sent_, pacer_->now() - begin_, since_begin));
}

// What has been read, but for the events that the input holds.
std::optional<double> Player::share_done() const {
  const auto share = input_.progress();
  const std::uint64_t events = input_.tally().events;
  if (!share || events == 0) return share;
  return *share * static_cast<double>(skipped() + sent_) / static_cast<double>(events);
}

}  // namespace clickstream::cli
