// The metrics engine of one partition: events in, figures out.
//
// Pure: its state is a function of the calls made to it. It reads no clock, does no I/O, starts no thread, and is
// used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/event.h"
#include "clickstream/expected.h"
#include "clickstream/malformed.h"
#include "clickstream/metrics.h"
#include "clickstream/rows.h"
#include "clickstream/session.h"

namespace clickstream {

struct EngineConfig {
  Duration gap = std::chrono::minutes{30};       ///< a silence of exactly this much still joins
  Duration lateness = std::chrono::seconds{10};  ///< how far the watermark stays behind the newest event
  std::optional<std::size_t> max_pages = 200;    ///< distinct pages told apart; absent: all
  std::size_t max_ids = 65'536;                  ///< event ids remembered with an open session
  std::size_t busiest = 10;                      ///< how many sessions take_busiest() gives
  bool count_users = false;                      ///< keep the set of users: for a bounded input without saved state
  bool give_rows = false;                        ///< keep what closes for take_rows()
  std::vector<WindowSpec> windows{};             ///< by size, then hop; distinct
  std::optional<std::size_t> max_windows = 60;   ///< the latest final ones of each kind that are kept; absent: all
};

enum class Outcome : std::uint8_t { counted, duplicate, late };

class Engine {
 public:
  explicit Engine(const EngineConfig& config);
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  /// Judges and counts one event, then moves the watermark to the highest min(event time, record time) less the
  /// lateness, which closes the sessions that end more than the gap before it.
  Outcome apply(const Event& event, Timestamp record_time);

  /// Only moves the watermark, as apply() does: the event is counted elsewhere.
  void pass(const Event& event, Timestamp record_time);

  /// Judges and counts one event, and leaves the watermark to the caller.
  Outcome count(const Event& event);

  /// A hint, which changes nothing: the event will be counted a few calls later. What is read then is brought into the
  /// processor's cache, a step with each call.
  void expect(const Event& event);

  /// Counts a record that is no event.
  void reject(Malformed reason);

  /// Counts that the last event's record had a key that is neither of its ids.
  void note_foreign_key();

  /// Moves the watermark (never back) without an event, and closes the sessions and windows that it passes.
  void advance_watermark(Timestamp watermark);

  /// The end of a bounded input: every session and window closes.
  void close_all();

  /// Kept up to date by every call; nothing is walked to answer.
  const Metrics& metrics() const;

  /// Whether a session is open, or a window that has an event is not final yet: something a watermark would close.
  bool has_open() const;

  /// Absent before the first event.
  std::optional<Timestamp> watermark() const;

  /// The sessions with the most events among those touched since the last call, at their present value (closed
  /// ones at their last), most events first, then by session and user. Where listed sessions merged, some may be missing. Starts a new round.
  std::vector<Session> take_busiest();

  /// Appends a row for each session and window that has closed since the last call, and gives it its place. Only with
  /// EngineConfig::give_rows.
  void take_rows(const RowPlace& place, Rows& out);

  /// The distinct users of counted events, in no order; empty unless they are counted.
  std::vector<UserId> users() const;

  /// Appends the whole state, from which restore() makes an engine that answers every following call as this one
  /// does (except take_busiest(), whose round is not part of it). Not with count_users: users are not part of it either.
  void save(std::string& out) const;

  /// From exactly what save() appended, under the same config. Any other bytes give an error that says what is wrong.
  static Expected<Engine, std::string> restore(const EngineConfig& config, std::string_view state);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The order of take_busiest(), for merging the lists of several engines.
bool busier(const Session& a, const Session& b);

}  // namespace clickstream
