#include "core/busiest.h"

#include <algorithm>

#include "clickstream/engine.h"

namespace clickstream {

bool busier(const Session& a, const Session& b) {
  if (a.events != b.events) return a.events > b.events;
  if (a.id != b.id) return a.id < b.id;
  if (a.user != b.user) return a.user < b.user;
  return a.start < b.start;
}

Busiest::Entries::iterator Busiest::find(SessionTable::Index index) {
  return std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.index == index; });
}

void Busiest::touched(SessionTable& table, SessionTable::Index index) {
  SessionSlot& slot = table[index];
  if (slot.watched) {
    find(index)->session = slot.session;
    return;
  }
  if (entries_.size() < size_) {
    entries_.push_back({index, slot.session});
    slot.watched = true;
    return;
  }
  if (size_ == 0 || !busier(slot.session, least_)) return;
  const auto by_rank = [](const Entry& a, const Entry& b) { return busier(a.session, b.session); };
  const auto least = std::max_element(entries_.begin(), entries_.end(), by_rank);
  least_ = least->session;
  if (!busier(slot.session, least_)) return;
  if (least->index != SessionTable::kNone) table[least->index].watched = false;
  *least = {index, slot.session};
  slot.watched = true;
}

void Busiest::merged(SessionTable& table, SessionTable::Index index) {
  if (!std::exchange(table[index].watched, false)) return;
  entries_.erase(find(index));
  least_ = Session{};
}

void Busiest::closed(SessionTable& table, SessionTable::Index index) {
  if (std::exchange(table[index].watched, false)) find(index)->index = SessionTable::kNone;
}

std::vector<Session> Busiest::take(SessionTable& table) {
  std::vector<Session> sessions;
  sessions.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    if (entry.index != SessionTable::kNone) table[entry.index].watched = false;
    sessions.push_back(entry.session);
  }
  entries_.clear();
  least_ = Session{};
  std::sort(sessions.begin(), sessions.end(), busier);
  return sessions;
}

}  // namespace clickstream
