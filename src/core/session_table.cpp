#include "core/session_table.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/bytes.h"

namespace clickstream {
namespace {

// A session as it is saved: `start` and nine varints, of which the last is the number of ids that follow; or ten: where
// its first view is known, its time follows the page.
constexpr std::size_t kMostBytes = sizeof(std::int64_t) + 10 * kMaxVarint;
constexpr std::size_t kLeastBytes = sizeof(std::int64_t) + 8;

// A first view as it is saved: nothing of it, or the page's position and more.
constexpr std::uint64_t kNoView = 0;
constexpr std::uint64_t kUnknownView = 1;
constexpr std::uint64_t kKnownView = 2;

// Beyond all that the rules let happen, and so far from the ends of an int64 that sums of a few stay within it.
constexpr Timestamp kFirst = timestamp_from_micros(-(std::int64_t{1} << 60));
constexpr Timestamp kLast = timestamp_from_micros(std::int64_t{1} << 60);
constexpr std::uint64_t kMostSum = std::uint64_t{1} << 61;

}  // namespace

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
  slot.entry = Entry{};
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

std::size_t SessionTable::saved_size() const {
  std::size_t ids = 0;
  for (const Slot& slot : slots_) ids += slot.ids.size();
  return kMaxVarint + (slots_.size() - free_.size()) * kMostBytes + ids * sizeof(std::uint64_t);
}

void SessionTable::save(std::string& out) const {
  put_varint(out, slots_.size() - free_.size());
  for (const Slot& slot : slots_) {
    if (!slot.open) continue;
    const Session& session = slot.session;
    std::array<char, kMostBytes> bytes;
    const std::int64_t start = session.start.time_since_epoch().count();
    std::memcpy(bytes.data(), &start, sizeof start);
    char* end = bytes.data() + sizeof start;
    for (const std::uint64_t number :
         {static_cast<std::uint64_t>(value(session.user)), static_cast<std::uint64_t>(value(session.id)),
          static_cast<std::uint64_t>(session.duration().count()),
          static_cast<std::uint64_t>(session.event_duration.count()), session.events, session.page_views,
          session.clicks}) {
      end = write_varint(end, number);
    }
    if (slot.entry.page == kNone) {
      end = write_varint(end, slot.entry == Entry{} ? kNoView : kUnknownView);
    } else {
      end = write_varint(end, kKnownView + slot.entry.page);
      end = write_varint(end, static_cast<std::uint64_t>((slot.entry.time - session.start).count()));
    }
    end = write_varint(end, slot.ids.size());
    out.append(bytes.data(), static_cast<std::size_t>(end - bytes.data()));
    slot.ids.save(out);
  }
}

bool SessionTable::restore(std::string_view state, std::size_t id_cap, std::size_t pages, bool with_entries) {
  ByteReader reader(state);
  const std::uint64_t count = reader.varint();
  if (count > reader.left() / kLeastBytes || count >= kNone) return false;
  const auto sessions = static_cast<std::size_t>(count);
  slots_.reserve(sessions);
  heads_.reserve(sessions);
  queue_.reserve(sessions);
  std::vector<Key> chained;
  std::uint64_t durations = 0;
  std::uint64_t event_durations = 0;
  std::uint64_t events = 0;
  while (slots_.size() < sessions) {
    const auto index = static_cast<Index>(slots_.size());
    Slot& slot = slots_.emplace_back();
    Session& session = slot.session;
    session.start = timestamp_from_micros(reader.fixed<std::int64_t>());
    const std::uint64_t user = reader.varint();
    const std::uint64_t id = reader.varint();
    const std::uint64_t duration = reader.varint();
    const std::uint64_t event_duration = reader.varint();
    session.events = reader.varint();
    session.page_views = reader.varint();
    session.clicks = reader.varint();
    if (reader.failed() || user >> 63 != 0 || id >> 63 != 0 || session.start < kFirst || session.start > kLast)
      return false;
    if (duration > kMostSum - durations || event_duration > kMostSum - event_durations) return false;
    session.end = session.start + Duration{static_cast<std::int64_t>(duration)};
    if (with_entries) {
      if (!restore_entry(reader, pages, session, slot.entry)) return false;
    } else if (session.page_views > 0) {
      slot.entry.time = Timestamp::min();
    }
    const std::uint64_t ids = reader.varint();
    if (session.events == 0 || session.events > kMostSum - events) return false;
    events += session.events;
    durations += duration;
    event_durations += event_duration;
    if (session.page_views > session.events || session.clicks > session.events - session.page_views) return false;
    if (ids > id_cap || ids > session.events || ids > reader.left() / sizeof(std::uint64_t)) return false;
    if (!slot.ids.restore(reader.bytes(ids * sizeof(std::uint64_t)))) return false;
    session.user = UserId{static_cast<std::int64_t>(user)};
    session.id = SessionId{static_cast<std::int64_t>(id)};
    session.event_duration = Duration{static_cast<std::int64_t>(event_duration)};
    if (session.end > kLast) return false;
    slot.open = true;
    slot.queued = session.end + gap_;
    queue_.push_back({slot.queued, index});
    const Key key{session.user, session.id};
    const auto [head, added] = heads_.try_emplace(key, index);
    if (!added) {
      slot.next = std::exchange(head->second, index);
      chained.push_back(key);
    }
  }
  std::make_heap(queue_.begin(), queue_.end());
  return reader.left() == 0 && !reader.failed() && chains_are_apart(chained);
}

bool SessionTable::restore_entry(ByteReader& reader, std::size_t pages, const Session& session, Entry& entry) {
  const std::uint64_t view = reader.varint();
  if (view == kNoView) return session.page_views == 0;
  if (session.page_views == 0) return false;
  if (view == kUnknownView) {
    entry.time = Timestamp::min();
    return true;
  }
  const std::uint64_t after = reader.varint();
  if (view - kKnownView >= pages || after > static_cast<std::uint64_t>(session.duration().count())) return false;
  entry = {session.start + Duration{static_cast<std::int64_t>(after)}, static_cast<std::uint32_t>(view - kKnownView)};
  return true;
}

// Invariant 1, for the keys of more than one session.
bool SessionTable::chains_are_apart(const std::vector<Key>& keys) {
  absl::flat_hash_set<Key> seen;
  std::vector<Session> chain;
  for (const Key& key : keys) {
    if (!seen.insert(key).second) continue;
    chain.clear();
    for (Index i = heads_.find(key)->second; i != kNone; i = slots_[i].next) chain.push_back(slots_[i].session);
    std::sort(chain.begin(), chain.end(), [](const Session& a, const Session& b) { return a.start < b.start; });
    const auto touch = [&](const Session& a, const Session& b) { return b.start - a.end <= gap_; };
    if (std::adjacent_find(chain.begin(), chain.end(), touch) != chain.end()) return false;
  }
  return true;
}

}  // namespace clickstream
