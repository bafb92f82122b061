#include "formats/visits.h"

#include <algorithm>
#include <utility>

namespace clickstream::formats {
namespace {

constexpr Duration kHold = Visits::kGap + Visits::kDisorder;

}  // namespace

void Visits::add(const Event& event, Place place, Stay stay) {
  if (event.timestamp < newest_ && newest_ - event.timestamp > kHold) {
    release_late(event, place, stay);
    return;
  }
  hold(event, place, stay);
  newest_ = std::max(newest_, event.timestamp);
  while (newest_ - turns_.top().timestamp > kHold) release();
}

bool Visits::next(Recorded& recorded) {
  if (ready_.pop(recorded)) return true;
  if (!finished_ || turns_.empty()) return false;
  release();
  return ready_.pop(recorded);
}

void Visits::hold(const Event& event, Place place, Stay stay) {
  std::size_t slot = held_.size();
  if (free_.empty()) {
    held_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Held& held = held_[slot];
  held.event.set(event, {}, place);
  held.visitor = &*visitors_.try_emplace(value(event.user)).first;
  held.visitor->second.held.push(event.timestamp);
  held.stay = stay;
  turns_.push({event.timestamp, added_++, slot});
}

// The oldest of the held ones comes out.
void Visits::release() {
  const Turn turn = turns_.top();
  turns_.pop();
  Held& held = held_[turn.slot];
  auto& [user, visitor] = *held.visitor;
  visitor.held.pop();
  held.event.set_session(join(visitor.visit, turn.timestamp));
  if (held.stay == Stay::until_next) {
    const Duration until_next = visitor.held.empty() ? Duration::max() : visitor.held.top() - turn.timestamp;
    held.event.set_duration(until_next <= kGap ? until_next : Duration{0});
  }
  if (visitor.held.empty()) visitors_.erase(visitors_.find(user));
  std::swap(ready_.push(), held.event);
  free_.push_back(turn.slot);
}

void Visits::release_late(const Event& event, Place place, Stay stay) {
  const auto at = visitors_.find(value(event.user));
  std::optional<Visit> of_nobody;
  Kept& late = ready_.push();
  late.set(event, {}, place);
  late.set_session(join(at == visitors_.end() ? of_nobody : at->second.visit, event.timestamp));
  if (stay == Stay::until_next) late.set_duration(Duration{0});
}

// The session of the visit that the moment belongs to; a new visit where the visitor's last one is too far away. A late
// moment makes no visit begin earlier, and a visit that lies before the last one is not remembered.
SessionId Visits::join(std::optional<Visit>& visit, Timestamp timestamp) {
  const bool before = visit && timestamp < visit->first - kGap;
  const bool joins = visit && !before && timestamp <= visit->last + kGap;
  if (joins) {
    visit->last = std::max(visit->last, timestamp);
  } else if (!before) {
    visit = Visit{timestamp, timestamp};
  }
  const Timestamp first = joins ? visit->first : timestamp;
  return SessionId{std::chrono::floor<std::chrono::seconds>(first).time_since_epoch().count()};
}

}  // namespace clickstream::formats
