#include "core/session_table.h"

#include <absl/hash/hash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <utility>

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

// With fewer sessions the processor has them in its cache anyway, and hints only cost.
constexpr std::size_t kWorthAHint = 16'384;

}  // namespace

// Seeded by the library: who chooses the ids of many visitors can't choose where they meet.
std::uint32_t SessionTable::hash(UserId user, SessionId session) {
  return static_cast<std::uint32_t>(absl::Hash<std::pair<UserId, SessionId>>{}({user, session}) >> 32);
}

const std::vector<SessionTable::Index>& SessionTable::joined_by(const Event& event) {
  return joined_by(event.user, event.session, event.timestamp, event.end());
}

const std::vector<SessionTable::Index>& SessionTable::joined_by(UserId user, SessionId session, Timestamp start,
                                                                Timestamp end) {
  joined_.clear();
  index_.find(hash(user, session), [&](Index index) {
    const SessionSlot& slot = slots_[index];
    const Session& found = slot.session;
    if (found.user != user || found.id != session) return true;
    if (start - found.end <= gap_ && found.start - end <= gap_) joined_.push_back(index);
    return !slot.alone;
  });
  if (joined_.size() > 1) {
    std::sort(joined_.begin(), joined_.end(),
              [&](Index a, Index b) { return slots_[a].session.start < slots_[b].session.start; });
  }
  return joined_;
}

std::optional<UserId> SessionTable::expect(const Event& event) {
  if (index_.size() < kWorthAHint) return std::nullopt;
  constexpr std::size_t kStep = 4;
  static_assert(3 * kStep <= std::tuple_size_v<decltype(expected_)>);
  const auto before = [this](std::size_t calls) -> Expected& {
    return expected_[(next_expected_ - calls) % expected_.size()];
  };
  // By now another session may be in the slot, which is just of no use.
  if (const Index slot = before(3 * kStep).slot; slot != kNone) ids_.prefetch_more(slots_[slot]);
  if (const Index slot = before(2 * kStep).slot; slot != kNone) ids_.prefetch(slots_[slot]);
  Expected& found = before(kStep);
  found.slot = index_.find_first(found.hash);
  if (found.slot != kNone) slots_.prefetch(found.slot);
  const std::uint32_t now = hash(event.user, event.session);
  index_.prefetch(now);
  const UserId user = found.user;
  const bool is_open = found.slot != kNone;
  expected_[next_expected_++ % expected_.size()] = {event.user, now, kNone};
  return is_open ? std::nullopt : std::optional(user);
}

SessionTable::Index SessionTable::open(const Event& event) {
  const Index index = slots_.take();
  SessionSlot& slot = slots_[index];
  slot = SessionSlot{};
  slot.session.user = event.user;
  slot.session.id = event.session;
  slot.session.end = event.end();
  slot.open = true;
  add_to_index(index);
  enqueue(index);
  return index;
}

void SessionTable::add_to_index(Index index) {
  SessionSlot& slot = slots_[index];
  const std::uint32_t key = hash(slot.session.user, slot.session.id);
  slot.alone = true;
  index_.find(key, [&](Index other) {
    const Session& session = slots_[other].session;
    if (session.user == slot.session.user && session.id == slot.session.id) slots_[other].alone = slot.alone = false;
    return true;
  });
  index_.insert(key, index);
}

std::uint64_t SessionTable::merge(Index into, Index from, std::size_t id_cap) {
  slots_[into].session.add(slots_[from].session);
  const std::uint64_t evicted = ids_.absorb(slots_[into], slots_[from], id_cap);
  release(from);
  return evicted;
}

SessionTable::Index SessionTable::close_due(Timestamp watermark) {
  do {
    while (!due_now_.empty() && due_now_.front().time < watermark) {
      const Index index = due_now_.front().index;
      std::pop_heap(due_now_.begin(), due_now_.end());
      due_now_.pop_back();
      const SessionSlot& slot = slots_[index];
      if (slot.open && slot.session.end + gap_ >= watermark) {
        enqueue(index);
        continue;
      }
      const bool closes = slot.open;
      if (closes) release(index);
      slots_.give_back(index);
      if (closes) return index;
    }
  } while (bring_due(watermark));
  due_ = Timestamp::max();
  if (!seconds_.empty()) due_ = std::chrono::sys_seconds{std::chrono::seconds{seconds_.top()}};
  if (!due_now_.empty()) due_ = due_now_.front().time;
  return kNone;
}

void SessionTable::enqueue(Index index) {
  const Timestamp due = slots_[index].session.end + gap_;
  if (due < due_from_) {
    due_ = std::min(due_, due);
    due_now_.push_back({due, index});
    std::push_heap(due_now_.begin(), due_now_.end());
    return;
  }
  const auto second = std::chrono::floor<std::chrono::seconds>(due);
  due_ = std::min<Timestamp>(due_, second);
  const auto [list, is_new] = due_later_.try_emplace(second.time_since_epoch().count());
  if (is_new) seconds_.push(list->first);
  list->second.push_back(index);
}

// The first second of due_later_, if it begins before the watermark: what is due in it goes to due_now_.
bool SessionTable::bring_due(Timestamp watermark) {
  if (seconds_.empty()) return false;
  const std::chrono::sys_seconds second{std::chrono::seconds{seconds_.top()}};
  if (second >= watermark) return false;
  due_from_ = second + std::chrono::seconds{1};
  const std::vector<Index> list = std::move(due_later_.extract(seconds_.top()).mapped());
  seconds_.pop();
  constexpr std::size_t kAhead = 16;
  for (std::size_t i = 0; i < std::min(kAhead, list.size()); ++i) slots_.prefetch(list[i]);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i + kAhead < list.size()) slots_.prefetch(list[i + kAhead]);
    const SessionSlot& slot = slots_[list[i]];
    if (!slot.open) {
      slots_.give_back(list[i]);
      continue;
    }
    enqueue(list[i]);
    // It closes soon.
    if (slot.session.end + gap_ < due_from_) {
      index_.prefetch(hash(slot.session.user, slot.session.id));
      ids_.prefetch(slot);
    }
  }
  return true;
}

void SessionTable::release(Index index) {
  SessionSlot& slot = slots_[index];
  index_.erase(hash(slot.session.user, slot.session.id), index);
  ids_.clear(slot);
  slot.open = false;
}

std::size_t SessionTable::saved_size() const {
  return kMaxVarint + index_.size() * (kMostBytes + IdSets::kOfSlot * sizeof(std::uint64_t)) +
         ids_.size_at_most() * sizeof(std::uint64_t);
}

void SessionTable::save(std::string& out) const {
  constexpr Index kStep = 8;
  put_varint(out, index_.size());
  for (Index i = 0; i < slots_.size(); ++i) {
    // Slots are read as they lie, but their ids lie anywhere.
    if (i + 2 * kStep < slots_.size()) ids_.prefetch(slots_[i + 2 * kStep]);
    if (i + kStep < slots_.size()) ids_.prefetch_more(slots_[i + kStep]);
    const SessionSlot& slot = slots_[i];
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
    if (slot.entry_page == SessionEntry::kNoPage) {
      end = write_varint(end, slot.entry() == SessionEntry{} ? kNoView : kUnknownView);
    } else {
      end = write_varint(end, kKnownView + slot.entry_page);
      end = write_varint(end, static_cast<std::uint64_t>((slot.entry_time - session.start).count()));
    }
    end = write_varint(end, ids_.size(slot));
    out.append(bytes.data(), static_cast<std::size_t>(end - bytes.data()));
    ids_.save(slot, out);
  }
}

bool SessionTable::restore(std::string_view state, std::size_t id_cap, std::size_t pages, bool with_entries) {
  ByteReader reader(state);
  const std::uint64_t count = reader.varint();
  if (count > reader.left() / kLeastBytes || count >= kNone) return false;
  index_.reserve(static_cast<std::size_t>(count));
  std::uint64_t durations = 0;
  std::uint64_t event_durations = 0;
  std::uint64_t events = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Index index = slots_.take();
    SessionSlot& slot = slots_[index];
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
      if (!restore_entry(reader, pages, slot)) return false;
    } else if (session.page_views > 0) {
      slot.entry_time = Timestamp::min();
    }
    const std::uint64_t ids = reader.varint();
    if (session.events == 0 || session.events > kMostSum - events) return false;
    events += session.events;
    durations += duration;
    event_durations += event_duration;
    if (session.page_views > session.events || session.clicks > session.events - session.page_views) return false;
    if (ids > id_cap || ids > session.events || ids > reader.left() / sizeof(std::uint64_t)) return false;
    if (!ids_.restore(slot, reader.bytes(ids * sizeof(std::uint64_t)), id_cap)) return false;
    session.user = UserId{static_cast<std::int64_t>(user)};
    session.id = SessionId{static_cast<std::int64_t>(id)};
    session.event_duration = Duration{static_cast<std::int64_t>(event_duration)};
    if (session.end > kLast) return false;
    if (!joined_by(session.user, session.id, session.start, session.end).empty()) return false;
    slot.open = true;
    add_to_index(index);
    enqueue(index);
  }
  return reader.left() == 0 && !reader.failed();
}

bool SessionTable::restore_entry(ByteReader& reader, std::size_t pages, SessionSlot& slot) {
  const Session& session = slot.session;
  const std::uint64_t view = reader.varint();
  if (view == kNoView) return session.page_views == 0;
  if (session.page_views == 0) return false;
  if (view == kUnknownView) {
    slot.entry_time = Timestamp::min();
    return true;
  }
  const std::uint64_t after = reader.varint();
  if (view - kKnownView >= pages || after > static_cast<std::uint64_t>(session.duration().count())) return false;
  slot.set_entry(
      {session.start + Duration{static_cast<std::int64_t>(after)}, static_cast<std::uint32_t>(view - kKnownView)});
  return true;
}

}  // namespace clickstream
