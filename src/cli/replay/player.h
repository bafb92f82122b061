// Sends recorded events at their own pace.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "cli/event_output.h"
#include "cli/replay/recorded_input.h"
#include "cli/replay/rejects.h"
#include "cli/replay/replay_options.h"
#include "cli/terminal.h"
#include "input/pacer.h"

namespace clickstream::cli {

/// Order and gaps are kept: an event is due at begin + (newest timestamp so far − first timestamp) ÷ speed, where the
/// first is that of the first event sent. Rebased events are never sent before the wall clock shows their time.
///
/// Everything given lives longer than this. One thread.
class Player {
 public:
  Player(RecordedInput& input, EventOutput& output, Rejects& rejects, const ReplayOptions& options, Log log);

  /// Told the time of the first event that is to be sent, before it is.
  using Starting = std::function<void(Timestamp)>;

  /// True: all of the input was sent. False: the program was asked to stop; what comes after position() was not sent.
  Result<bool> run(const Starting& starting);

  /// What has been sent and reported of the whole input, this run's and those before.
  ResumeAt position() const;
  std::uint64_t sent() const { return sent_; }
  /// Of those that earlier runs have sent, what this one has read.
  std::uint64_t skipped() const { return read_ - (sent_ + (at_hand_ ? 1 : 0)); }
  /// The time, shifted, of an event that was read and not sent.
  std::optional<Timestamp> at_hand() const { return at_hand_; }
  /// How far events are shifted.
  Duration shift() const { return shift_; }
  /// The time of the first event, where events are shifted; absent before it is known.
  std::optional<Timestamp> rebased_to() const { return rebased_to_; }

 private:
  Result<void> report_rejections();
  Result<bool> play(formats::Recorded& recorded, const Starting& starting);
  Result<bool> wait_until(Timestamp due, Timestamp newest);
  Result<bool> send(formats::Recorded& recorded);
  void begin(Timestamp time);
  void show_progress();
  std::optional<double> share_done() const;

  RecordedInput& input_;
  EventOutput& output_;
  Rejects& rejects_;
  const ReplayOptions& options_;
  const ResumeAt resume_;
  Log log_;
  ProgressBar bar_;
  bool show_;

  std::uint64_t read_ = 0;        // events
  std::uint64_t rejections_ = 0;  // read
  std::uint64_t sent_ = 0;
  std::optional<Timestamp> at_hand_;
  Timestamp newest_ = Timestamp::min();
  Duration shift_{0};
  std::optional<Timestamp> rebased_to_;
  std::optional<input::Pacer> pacer_;  // from the first event on that is sent
  double share_at_begin_ = 0;
  Timestamp begin_;
  bool caught_up_ = false;
  std::string json_;
};

}  // namespace clickstream::cli
