#include "core/session_table.h"

#include <algorithm>

namespace clickstream {

const std::vector<SessionTable::Index>& SessionTable::joined_by(const Event& event) {
  joined_.clear();
  const auto head = heads_.find(Key{event.user, event.session});
  if (head == heads_.end()) return joined_;
  for (Index i = head->second; i != kNone; i = slots_[i].next) {
    const Session& session = slots_[i].session;
    if (event.timestamp - session.end <= gap_ && session.start - event.end() <= gap_) joined_.push_back(i);
  }
  if (joined_.size() > 1) {
    std::sort(joined_.begin(), joined_.end(),
              [&](Index a, Index b) { return slots_[a].session.start < slots_[b].session.start; });
  }
  return joined_;
}

SessionTable::Index SessionTable::open(const Event& event) {
  Index index;
  if (free_.empty()) {
    index = static_cast<Index>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Slot& slot = slots_[index];
  slot.session = Session{};
  slot.session.user = event.user;
  slot.session.id = event.session;
  slot.open = true;
  const auto [head, added] = heads_.try_emplace(Key{event.user, event.session}, index);
  slot.next = added ? kNone : std::exchange(head->second, index);
  slot.session.end = event.end();
  enqueue(index);
  return index;
}

std::uint64_t SessionTable::merge(Index into, Index from, std::size_t id_cap) {
  slots_[into].session.add(slots_[from].session);
  const std::uint64_t evicted = slots_[into].ids.absorb(slots_[from].ids, id_cap);
  release(from);
  return evicted;
}

SessionTable::Index SessionTable::close_next(Timestamp watermark) {
  while (!queue_.empty() && queue_.front().time < watermark) {
    const Deadline due = queue_.front();
    std::pop_heap(queue_.begin(), queue_.end());
    queue_.pop_back();
    const Slot& slot = slots_[due.index];
    if (!slot.open || slot.queued != due.time) continue;
    if (slot.session.end + gap_ < watermark) {
      release(due.index);
      return due.index;
    }
    enqueue(due.index);
  }
  return kNone;
}

void SessionTable::enqueue(Index index) {
  slots_[index].queued = slots_[index].session.end + gap_;
  queue_.push_back({slots_[index].queued, index});
  std::push_heap(queue_.begin(), queue_.end());
}

void SessionTable::release(Index index) {
  Slot& slot = slots_[index];
  const auto head = heads_.find(Key{slot.session.user, slot.session.id});
  if (head->second == index && slot.next == kNone) {
    heads_.erase(head);
  } else {
    Index* link = &head->second;
    while (*link != index) link = &slots_[*link].next;
    *link = slot.next;
  }
  slot.open = false;
  slot.ids = IdSet{};
  free_.push_back(index);
}

}  // namespace clickstream
