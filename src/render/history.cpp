#include "render/history.h"

namespace clickstream::render {

void History::add(const Snapshot& snapshot) {
  if (snapshot.as_of == Timestamp{}) return;
  if (!samples_.empty()) {
    const Timestamp last = samples_.back().time;
    if (snapshot.as_of < last) {
      samples_.clear();
    } else if (snapshot.as_of - last < kInterval) {
      return;
    }
  }
  const Metrics& total = snapshot.total;
  samples_.push_back({snapshot.as_of, total.events.consumed, total.page_views, total.clicks, bounce_rate_percent(total),
                      click_through_rate_percent(total), average_session_duration_seconds(total)});
  if (samples_.size() > kSamples) samples_.pop_front();
}

}  // namespace clickstream::render
