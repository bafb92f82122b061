// The session table and its parts: each against a simple model, the invariants of the headers after every few steps.
#include "core/session_table.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "support/catch.h"
#include "support/random_log.h"
#include "support/script.h"

namespace clickstream {

/// Reads the invariants of the header off a table.
class SessionTableCheck {
 public:
  explicit SessionTableCheck(SessionTable& table) : table_(table) {}

  void invariants() {
    std::vector<int> places(table_.slots_.size());
    std::vector<SessionTable::Index> listed;
    const auto note = [&](SessionTable::Index index, Timestamp time) {
      ++places[index];
      listed.push_back(index);
      const SessionSlot& slot = table_.slots_[index];
      if (slot.open) REQUIRE(time <= slot.session.end + table_.gap_);
      REQUIRE(table_.due_ <= time);
    };
    for (const auto& [number, list] : table_.due_later_) {
      const std::chrono::sys_seconds second{std::chrono::seconds{number}};
      REQUIRE(second >= table_.due_from_);
      for (const auto index : list) note(index, second);
    }
    auto seconds = table_.seconds_;
    REQUIRE(seconds.size() == table_.due_later_.size());
    for (std::optional<std::int64_t> before; !seconds.empty(); seconds.pop()) {
      REQUIRE((!before || seconds.top() > *before));
      REQUIRE(table_.due_later_.contains(seconds.top()));
      before = seconds.top();
    }
    for (const auto& deadline : table_.due_now_) {
      REQUIRE(deadline.time < table_.due_from_);
      note(deadline.index, deadline.time);
    }
    REQUIRE(std::is_heap(table_.due_now_.begin(), table_.due_now_.end()));
    REQUIRE(listed.size() == table_.slots_.taken());
    std::size_t open = 0;
    std::size_t blocks = 0;
    std::size_t long_sets = 0;
    for (SessionTable::Index i = 0; i < table_.slots_.size(); ++i) {
      const SessionSlot& slot = table_.slots_[i];
      REQUIRE(places[i] <= 1);
      if (!slot.open) {
        REQUIRE(slot.id_count == 0);
        continue;
      }
      REQUIRE(places[i] == 1);
      ++open;
      int found = 0;
      int of_key = 0;
      table_.index_.find(SessionTable::hash(slot.session.user, slot.session.id), [&](auto index) {
        const Session& other = table_.slots_[index].session;
        found += index == i ? 1 : 0;
        of_key += other.user == slot.session.user && other.id == slot.session.id ? 1 : 0;
        return true;
      });
      REQUIRE(found == 1);
      REQUIRE((!slot.alone || of_key == 1));
      if (slot.id_count > IdSets::kChained) {
        ++long_sets;
      } else if (slot.id_count > IdSets::kOfSlot) {
        blocks += (slot.id_count - IdSets::kOfSlot + IdSets::kOfBlock - 1) / IdSets::kOfBlock;
      }
    }
    REQUIRE(open == table_.index_.size());
    REQUIRE(table_.ids_.blocks() == blocks);
    REQUIRE(table_.ids_.long_sets() == long_sets);
  }

  std::size_t slots() const { return table_.slots_.size(); }
  std::size_t slots_taken() const { return table_.slots_.taken(); }
  std::size_t blocks() const { return table_.ids_.blocks(); }

 private:
  SessionTable& table_;
};

namespace {

using std::chrono::seconds;

constexpr Duration kGap = seconds{30};

struct Known {
  Session session;
  std::vector<std::uint64_t> ids;  // oldest first
};

Event event_of(std::int64_t user, Timestamp at, Duration stay) {
  Event event;
  event.user = UserId{user};
  event.session = SessionId{user % 3};
  event.action = "scroll";
  event.timestamp = at;
  event.duration = stay;
  return event;
}

bool same(const Session& a, const Session& b) {
  return a.user == b.user && a.id == b.id && a.start == b.start && a.end == b.end &&
         a.event_duration == b.event_duration && a.events == b.events && a.page_views == b.page_views &&
         a.clicks == b.clicks;
}

std::vector<std::uint64_t> ids_of(const IdSets& ids, const SessionSlot& slot) {
  std::string bytes;
  ids.save(slot, bytes);
  std::vector<std::uint64_t> found(bytes.size() / sizeof(std::uint64_t));
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(found.data()));
  return found;
}

// Adds an id as the header says; true if one went.
bool remember(std::deque<std::uint64_t>& ids, std::uint64_t id, std::size_t cap) {
  ids.push_back(id);
  if (ids.size() <= cap) return false;
  ids.pop_front();
  return true;
}

// A table beside a plain list of sessions.
class Model {
 public:
  Model(std::uint64_t seed, std::size_t id_cap, Duration gap)
      : random_(seed), id_cap_(id_cap), gap_(gap), users_(1 + random_.below(40)) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      if (random_.one_in(4)) {
        watermark_ += random_.one_in(10) ? gap_ * random_.below(4) : part(gap_ / 10);
        close();
      } else {
        add(event_of(random_.below(users_), watermark_ + part(4 * gap_) - gap_ / 2,
                     random_.one_in(3) ? part(2 * gap_) : Duration{0}));
      }
      if (random_.one_in(20)) check();
      if (random_.one_in(100)) save_and_restore();
    }
    watermark_ = Timestamp::max();
    close();
    check();
    CHECK(SessionTableCheck(table_).slots_taken() == 0);
  }

 private:
  Duration part(Duration whole) { return Duration{random_.below(whole.count())}; }

  void add(const Event& event) {
    if (event.end() + gap_ < watermark_) return;  // late
    std::vector<std::uint64_t> expected;
    for (const auto& [number, known] : open_) {
      const Session& session = known.session;
      if (session.user != event.user || session.id != event.session) continue;
      if (event.timestamp - session.end <= gap_ && session.start - event.end() <= gap_) expected.push_back(number);
    }
    std::sort(expected.begin(), expected.end(),
              [&](std::uint64_t a, std::uint64_t b) { return open_.at(a).session.start < open_.at(b).session.start; });
    std::vector<std::uint64_t> found;
    const std::vector<SessionTable::Index> joined = table_.joined_by(event);
    for (const SessionTable::Index index : joined) found.push_back(number_of_.at(index));
    REQUIRE(found == expected);
    SessionTable::Index index;
    std::uint64_t number;
    if (joined.empty()) {
      index = table_.open(event);
      number = next_number_++;
      number_of_[index] = number;
      open_[number].session.user = event.user;
      open_[number].session.id = event.session;
    } else {
      index = joined.front();
      number = expected.front();
    }
    Known& known = open_[number];
    std::deque<std::uint64_t> ids(known.ids.begin(), known.ids.end());
    for (std::size_t i = 1; i < joined.size(); ++i) {
      std::uint64_t evicted = 0;
      for (const std::uint64_t id : open_.at(expected[i]).ids) {
        if (std::find(ids.begin(), ids.end(), id) == ids.end() && remember(ids, id, id_cap_)) ++evicted;
      }
      known.session.add(open_.at(expected[i]).session);
      REQUIRE(table_.merge(index, joined[i], id_cap_) == evicted);
      open_.erase(expected[i]);
      number_of_.erase(joined[i]);
    }
    // As many events as ids, none of them a view: so a session has none that it began with.
    const std::int64_t events = random_.one_in(50) ? 80 : 1;
    for (Session* session : {&known.session, &table_[index].session}) {
      session->add(event);
      session->events += static_cast<std::uint64_t>(events - 1);
    }
    for (std::int64_t n = events; n > 0; --n) {
      const auto id = static_cast<std::uint64_t>(random_.below(200));
      const bool has = std::find(ids.begin(), ids.end(), id) != ids.end();
      REQUIRE(table_.remembers(index, id) == has);
      if (has) continue;
      const bool evicted = remember(ids, id, id_cap_);
      REQUIRE(table_.remember(index, id, id_cap_) == evicted);
    }
    known.ids.assign(ids.begin(), ids.end());
  }

  void close() {
    std::set<std::uint64_t> expected;
    for (const auto& [number, known] : open_) {
      if (known.session.end + gap_ < watermark_) expected.insert(number);
    }
    std::set<std::uint64_t> found;
    for (auto i = table_.close_next(watermark_); i != SessionTable::kNone; i = table_.close_next(watermark_)) {
      const std::uint64_t number = number_of_.at(i);
      found.insert(number);
      CHECK(same(table_[i].session, open_.at(number).session));
      open_.erase(number);
      number_of_.erase(i);
    }
    REQUIRE(found == expected);
  }

  void check() {
    SessionTableCheck(table_).invariants();
    REQUIRE(number_of_.size() == open_.size());
    for (const auto& [index, number] : number_of_) {
      REQUIRE(table_[index].open);
      REQUIRE(same(table_[index].session, open_.at(number).session));
    }
  }

  // What is saved is what is known; what is restored is saved again to the same bytes.
  void save_and_restore() {
    std::string state;
    table_.save(state);
    REQUIRE(state.size() <= table_.saved_size());
    SessionTable other(gap_);
    REQUIRE(other.restore(state, id_cap_, 0, true));
    std::string again;
    other.save(again);
    REQUIRE(again == state);
    SessionTableCheck(other).invariants();
  }

  Random random_;
  std::size_t id_cap_;
  Duration gap_;
  std::int64_t users_;
  SessionTable table_{gap_};
  Timestamp watermark_ = timestamp_from_micros(-100'000'000);
  std::map<std::uint64_t, Known> open_;
  std::map<SessionTable::Index, std::uint64_t> number_of_;
  std::uint64_t next_number_ = 0;
};

}  // namespace

TEST_CASE("The session table does what a list of sessions does") {
  for (std::uint64_t seed = 1; seed <= cases(400); ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    const auto id_cap = random.any_of<std::size_t>({0, 1, 2, 8, 30, 57, 58, 100, 65'536});
    const auto gap = random.any_of<Duration>({kGap, kGap, std::chrono::milliseconds{300}});  // also less than a second
    Model(seed, id_cap, gap).run(400);
  }
}

TEST_CASE("A session table that opens and closes for long does not grow") {
  SessionTable table(kGap);
  std::size_t slots = 0;
  std::size_t blocks = 0;
  for (int i = 0; i < 200'000; ++i) {
    const Timestamp now{seconds{i}};
    // Two that a third joins, so that one is merged away.
    for (const seconds at : {seconds{0}, seconds{45}, seconds{20}}) {
      const Event event = event_of(i, now + at, Duration{0});
      const std::vector<SessionTable::Index> joined = table.joined_by(event);
      const SessionTable::Index index = joined.empty() ? table.open(event) : joined.front();
      for (std::size_t k = 1; k < joined.size(); ++k) table.merge(index, joined[k], 1000);
      table[index].session.add(event);
      const int ids = i % 100 == 0 ? 70 : 20;
      for (int k = 0; k < ids; ++k) {
        const auto id = static_cast<std::uint64_t>(at.count() * 1000 + k);
        if (!table.remembers(index, id)) table.remember(index, id, 1000);
      }
    }
    while (table.close_next(now) != SessionTable::kNone) {
    }
    if (i == 1000) {
      slots = SessionTableCheck(table).slots();
      blocks = SessionTableCheck(table).blocks();
    }
  }
  CHECK(slots > 50);
  CHECK(SessionTableCheck(table).slots() <= slots + 2);
  CHECK(SessionTableCheck(table).blocks() <= blocks + 20);
  SessionTableCheck(table).invariants();
}

TEST_CASE("To hear of events beforehand changes nothing in a session table") {
  Random random(1);
  SessionTable plain(std::chrono::minutes{30});
  SessionTable hinted(std::chrono::minutes{30});
  for (std::uint64_t i = 0; i < 60'000; ++i) {
    Event event;
    event.user = UserId{random.below(30'000)};
    event.timestamp = kScriptStart + std::chrono::seconds{i / 100};
    Event other = event;
    other.user = UserId{random.below(60'000)};  // may be unknown, or gone by then
    for (const Event& one : {event, other}) hinted.expect(one);
    for (SessionTable* table : {&plain, &hinted}) {
      const auto& joined = table->joined_by(event);
      const auto index = joined.empty() ? table->open(event) : joined.front();
      (*table)[index].session.add(event);
      if (!table->remembers(index, i % 40'000)) table->remember(index, i % 40'000, 100);
      while (table->close_next(event.timestamp - std::chrono::minutes{35}) != SessionTable::kNone) {
      }
    }
  }
  std::string without_hints;
  std::string with_hints;
  plain.save(without_hints);
  hinted.save(with_hints);
  CHECK(with_hints == without_hints);
}

TEST_CASE("The hash index finds what it holds, wherever it meets others") {
  for (std::uint64_t seed = 1; seed <= cases(200); ++seed) {
    Random random(seed);
    HashIndex index;
    std::multimap<std::uint32_t, HashIndex::Item> model;
    const std::int64_t hashes = random.any_of<std::int64_t>({1, 5, 50, 4'000'000'000});
    const auto base = static_cast<std::uint32_t>(random.any_of<std::int64_t>({0, 14, 4'294'967'290}));
    HashIndex::Item next = 0;
    for (int i = 0; i < 600; ++i) {
      if (model.empty() || !random.one_in(i < 300 ? 4 : 2)) {
        const auto hash = base + static_cast<std::uint32_t>(random.below(hashes));
        index.insert(hash, next);
        model.emplace(hash, next++);
      } else {
        const auto victim = std::next(model.begin(), random.below(static_cast<std::int64_t>(model.size())));
        index.erase(victim->first, victim->second);
        model.erase(victim);
      }
      REQUIRE(index.size() == model.size());
      if (!random.one_in(30)) continue;
      for (auto one = model.begin(); one != model.end(); one = model.upper_bound(one->first)) {
        std::set<HashIndex::Item> found;
        index.find(one->first, [&](HashIndex::Item item) { return found.insert(item).second; });
        std::set<HashIndex::Item> expected;
        const auto [begin, end] = model.equal_range(one->first);
        for (auto k = begin; k != end; ++k) expected.insert(k->second);
        REQUIRE(found == expected);
        const auto enough = 1 + static_cast<std::size_t>(random.below(static_cast<std::int64_t>(expected.size())));
        std::size_t visits = 0;
        index.find(one->first, [&](HashIndex::Item) { return ++visits < enough; });
        REQUIRE(visits == enough);
      }
    }
  }
}

TEST_CASE("The ids of many slots keep their order, and to themselves") {
  for (std::uint64_t seed = 1; seed <= cases(100); ++seed) {
    Random random(seed);
    const std::size_t cap = random.any_of<std::size_t>({1, 3, 8, 9, 57, 58, 90, 1000});
    IdSets ids;
    std::vector<SessionSlot> slots(5);
    std::vector<std::deque<std::uint64_t>> model(slots.size());
    for (int i = 0; i < 1500; ++i) {
      const auto at = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(slots.size())));
      if (random.one_in(300)) {
        ids.clear(slots[at]);
        model[at].clear();
        continue;
      }
      const auto id = static_cast<std::uint64_t>(random.below(400));
      const bool has = std::find(model[at].begin(), model[at].end(), id) != model[at].end();
      REQUIRE(ids.contains(slots[at], id) == has);
      if (has) continue;
      const bool evicted = remember(model[at], id, cap);
      REQUIRE(ids.insert(slots[at], id, cap) == evicted);
      REQUIRE(ids.size(slots[at]) == model[at].size());
      if (!random.one_in(20)) continue;
      REQUIRE(ids_of(ids, slots[at]) == std::vector<std::uint64_t>(model[at].begin(), model[at].end()));
      std::string bytes;
      ids.save(slots[at], bytes);
      SessionSlot other;
      REQUIRE(ids.restore(other, bytes, cap));
      REQUIRE(ids_of(ids, other) == ids_of(ids, slots[at]));
      ids.clear(other);
      bytes += bytes.substr(0, sizeof id);  // its first twice
      REQUIRE_FALSE(ids.restore(other, bytes, 2000));
      ids.clear(other);
    }
    for (SessionSlot& slot : slots) ids.clear(slot);
    CHECK(ids.blocks() == 0);
    CHECK(ids.long_sets() == 0);
  }
}

}  // namespace clickstream
