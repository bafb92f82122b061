#include "core/figures_state.h"

#include <algorithm>
#include <numeric>

#include "core/bytes.h"

namespace clickstream {
namespace {

// Visits every figure, in the order in which they are saved.
template <class State, class Visit>
void for_each_figure(State& state, Visit visit) {
  auto& [metrics, watermark] = state;
  for (auto* count :
       {&metrics.events.consumed, &metrics.events.counted, &metrics.events.duplicate, &metrics.events.late,
        &metrics.sessions.opened, &metrics.sessions.merged, &metrics.sessions.closed, &metrics.sessions.bounced,
        &metrics.sessions.with_click, &metrics.closed.bounced, &metrics.page_views, &metrics.clicks,
        &metrics.evicted_ids, &metrics.foreign_keys}) {
    visit(*count);
  }
  for (auto& count : metrics.events.malformed) visit(count);
  for (auto& count : metrics.closed.duration_histogram) visit(count);
  for (auto* duration : {&metrics.sessions.total_duration, &metrics.closed.total_duration}) visit(*duration);
  visit(watermark);
}

// Sums that are far from the end of their type, however long the program still runs.
constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
constexpr Duration kLongest{std::int64_t{1} << 62};

bool is_possible(const Metrics& metrics) {
  const EventCounts& events = metrics.events;
  const SessionCounts& sessions = metrics.sessions;
  const auto& histogram = metrics.closed.duration_histogram;
  const auto is_duration = [](Duration duration) { return duration >= Duration{0} && duration <= kLongest; };
  return events.consumed <= kMost && events.counted <= events.consumed &&
         events.consumed == events.counted + events.duplicate + events.late + events.malformed_total() &&
         sessions.opened <= events.counted && sessions.merged <= sessions.opened &&
         sessions.closed <= sessions.total() && sessions.bounced <= sessions.total() &&
         sessions.with_click <= sessions.total() && metrics.closed.bounced <= sessions.closed &&
         std::accumulate(histogram.begin(), histogram.end(), std::uint64_t{0}) == sessions.closed &&
         metrics.page_views <= events.counted && metrics.clicks <= events.counted - metrics.page_views &&
         is_duration(sessions.total_duration) && is_duration(metrics.closed.total_duration);
}

}  // namespace

void save_figures(const FiguresState& figures, std::string& out) {
  struct Writer {
    std::string& out;
    void operator()(std::uint64_t count) const { put_fixed(out, count); }
    void operator()(Duration duration) const { put_fixed(out, duration.count()); }
    void operator()(Timestamp time) const { put_fixed(out, time.time_since_epoch().count()); }
  };
  for_each_figure(figures, Writer{out});
}

std::optional<FiguresState> restore_figures(std::string_view state) {
  struct Reader {
    ByteReader& reader;
    void operator()(std::uint64_t& count) const { count = reader.fixed<std::uint64_t>(); }
    void operator()(Duration& duration) const { duration = Duration{reader.fixed<std::int64_t>()}; }
    void operator()(Timestamp& time) const { time = timestamp_from_micros(reader.fixed<std::int64_t>()); }
  };
  ByteReader reader(state);
  FiguresState figures;
  for_each_figure(figures, Reader{reader});
  if (reader.failed() || reader.left() > 0 || !is_possible(figures.metrics)) return std::nullopt;
  return figures;
}

}  // namespace clickstream
