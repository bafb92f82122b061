// A slow, obvious oracle of what is counted, for the tests of the engine.
//
// It shares no code with the core: of the public headers it uses the plain data only, and works everything out again
// from whole lists of events. Values; no thread rule.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clickstream/engine.h"
#include "clickstream/event.h"
#include "clickstream/metrics.h"
#include "clickstream/session.h"

namespace clickstream {

/// The final figures of a bounded input, whatever its order: every session closed, nothing late, no cap. Right where
/// the laws hold: disorder within the lateness, and repeats of an id identical. Sessions that a merge would have
/// swallowed are not opened here (merged = 0); pages are by name.
Metrics final_figures(std::span<const Event> events, Duration gap, const std::vector<WindowSpec>& windows);

/// One of OracleReplay::rows().
std::string line_of(const SessionRow& row);
std::string line_of(const WindowRow& row);

/// The same calls as an engine's, in the order of the log, with the same answers; exact for any input, except that it
/// does not say what a session remembers when a merge takes it past max_ids.
class OracleReplay {
 public:
  explicit OracleReplay(const EngineConfig& config);

  Outcome apply(const Event& event, Timestamp record_time);
  Outcome count(const Event& event);
  void reject(Malformed reason);
  void advance_watermark(Timestamp watermark);
  void close_all();

  Metrics metrics() const;
  /// A line for each session that has closed and each window that is final, sorted.
  std::vector<std::string> rows() const;

  std::size_t open_sessions() const;
  bool has_open_windows() const;
  std::optional<Timestamp> watermark() const { return watermark_; }

  /// All sessions with an event counted since the last call, as take_busiest() orders them.
  std::vector<Session> take_touched();

 private:
  /// A counted event with strings of its own.
  struct Kept {
    std::size_t arrival = 0;
    std::string event_id;
    std::int64_t user = 0;
    std::int64_t session = 0;
    std::string page;
    std::string action;
    Duration duration{};
    Timestamp timestamp{};
    Timestamp watermark = Timestamp::min();  ///< when it was counted; min: before the first
  };
  using Visit = std::vector<Kept>;  ///< the events of one session, by timestamp

  static Visit keep(std::span<const Event> events);
  static std::vector<Visit> cut(Visit events, Duration gap);
  static Timestamp end_of(const Visit& visit);
  static Session session_of(const Visit& visit);
  static void count_sessions(const std::vector<Visit>& visits, SessionCounts& counts);
  static void count_closed(const std::vector<Visit>& visits, ClosedSessions& closed);
  static std::vector<std::string> counted_pages(const Visit& events, std::optional<std::size_t> max_pages);
  static void count_events(const Visit& events, std::optional<std::size_t> max_pages, Metrics& metrics);
  /// `watermark`: the windows that end at or before it are final.
  static WindowSeries count_windows(const Visit& events, const WindowSpec& spec, Timestamp watermark,
                                    const EngineConfig& config, const std::vector<PageViews>& pages);
  std::string entry_page_of(const Visit& visit) const;
  std::vector<std::string> remembered_ids(const Visit& visit) const;
  friend Metrics final_figures(std::span<const Event> events, Duration gap, const std::vector<WindowSpec>& windows);

  EngineConfig config_;
  EventCounts counts_;
  std::uint64_t opened_ = 0;
  std::uint64_t merged_ = 0;
  Visit counted_;              ///< all counted events, in order of arrival
  Visit open_;                 ///< those of them whose session is open
  std::vector<Visit> closed_;  ///< sessions
  std::optional<Timestamp> watermark_;
  bool ended_ = false;
  std::size_t round_begin_ = 0;  ///< the first arrival of this round of take_touched()
};

}  // namespace clickstream
