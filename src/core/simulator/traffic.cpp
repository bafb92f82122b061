// Why a consumer's figures are those of the visitors. W is the watermark of the partition that has all records of a
// user: at most the highest timestamp handed out before, less the lateness.
//
// 1. An event is due within the lateness after its timestamp, and records are handed out as they are due. So no timestamp
//    that was handed out before is more than the lateness past its own, and W is not past it: it is not late, no session
//    that it belongs to has closed, and no window that holds it is final.
// 2. A duplicate is due within the gap, and ten seconds, after its original. So W is not past the original's timestamp
//    + gap: their session is open. It remembers the original's id, unless a visit has 65,536 events meanwhile.
// 3. A late event comes directly after one of its user that happened more than its own end + gap + lateness later, and
//    shares no session with anything: W is past its end + gap.
// 4. None of these moves W: a duplicate's and a late event's timestamp is not past the highest one before it.
#include "clickstream/traffic.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <string>

#include "clickstream/encode.h"
#include "core/simulator/held_records.h"
#include "core/simulator/malformed_document.h"
#include "core/simulator/random.h"
#include "core/simulator/site_model.h"
#include "core/simulator/uuid.h"
#include "core/simulator/wide.h"

namespace clickstream {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kFirstTimestamp{std::chrono::sys_days{std::chrono::year{2000} / 1 / 1}};
constexpr Duration kLongestRepeat = 10s;
constexpr Duration kLeastMargin = 1min;  // by which a late event is late: clocks need not agree to the microsecond
constexpr Duration kMostMargin = 1h;
constexpr std::uint32_t kLongestLateStay = 60'000;                 // milliseconds
constexpr std::int64_t kFirstLateSession = std::int64_t{1} << 52;  // no visit's number; exact in a double

Chance chance_of(std::int64_t share) {
  if (share < 0 || share > Faults::kWhole) throw std::invalid_argument("a share must be from 0 to 100 %");
  return static_cast<Chance>(share) * kAlways / Faults::kWhole;
}

// Any of 0 … `most`.
Duration up_to(Duration most, std::uint64_t random) {
  return Duration{static_cast<std::int64_t>(multiply_high(random, static_cast<std::uint64_t>(most.count()) + 1))};
}

// The visits that are offline, each until its time. Every time offline is as long as the others, so they end in the
// order in which they begin.
class Offline {
 public:
  /// Absent if the visit is online.
  std::optional<Timestamp> until(SessionId visit, Timestamp now) {
    for (; !ends_.empty() && ends_.front().time <= now; ends_.pop_front()) until_.erase(ends_.front().visit);
    const auto found = until_.find(visit);
    return found == until_.end() ? std::nullopt : std::optional(found->second);
  }

  void begin(SessionId visit, Timestamp until) {
    until_[visit] = until;
    ends_.push_back({until, visit});
  }

 private:
  struct End {
    Timestamp time;
    SessionId visit;
  };
  absl::flat_hash_map<SessionId, Timestamp> until_;
  std::deque<End> ends_;
};

}  // namespace

Duration reach_of_late_events(Duration gap, const Faults& faults) {
  return gap + faults.lateness + kMostMargin + std::chrono::milliseconds{kLongestLateStay};
}

struct Traffic::Impl {
  Impl(const SimulatorConfig& simulator_config, const Faults& wanted);

  Timestamp next_time() const;
  std::optional<TrafficRecord> next();
  void happen();
  Timestamp due_of(const Event& event, std::uint64_t delay, std::uint32_t chance);
  void write_late(const Event& after, std::uint64_t number);

  SimulatorConfig config;
  Faults faults;
  bool faulty;
  Chance duplicates, late, malformed, offline;
  Duration longest_repeat;
  Random random;
  Simulator simulator;
  EventCounts events;
  HeldRecords held;
  Offline visits_offline;
  std::string document;
  std::string extra;
};

Traffic::Impl::Impl(const SimulatorConfig& simulator_config, const Faults& wanted)
    : config(simulator_config),
      faults(wanted),
      faulty(wanted.any()),
      duplicates(chance_of(wanted.duplicates)),
      late(chance_of(wanted.late)),
      malformed(chance_of(wanted.malformed)),
      offline(chance_of(wanted.offline)),
      longest_repeat(std::min(config.gap, kLongestRepeat)),
      random(Random::of_run(config.seed, config.start)),
      simulator(config) {
  if (faults.disorder < Duration{0} || faults.disorder > faults.lateness) {
    throw std::invalid_argument("the disorder must be within the lateness");
  }
  if (faults.late > 0 && config.start - reach_of_late_events(config.gap, faults) < kFirstTimestamp) {
    throw std::invalid_argument("late events would lie before the year 2000");
  }
}

Timestamp Traffic::Impl::next_time() const {
  const Timestamp happens = simulator.next_timestamp();
  return held.empty() ? happens : std::min(happens, held.next_due());
}

std::optional<TrafficRecord> Traffic::Impl::next() {
  if (!faulty) {
    const Event event = simulator.next();
    document.clear();
    encode(event, document);
    ++events.consumed;
    ++events.counted;
    return TrafficRecord{event.user, document};
  }
  if (!held.empty() && held.next_due() <= simulator.next_timestamp()) return held.pop();
  happen();
  return std::nullopt;
}

// The next event: it and what follows it are held, one directly after the other.
void Traffic::Impl::happen() {
  const std::uint64_t number = events.counted++;
  const Event event = simulator.next();
  const RandomBlock chance = random.block(Stream::fault, number);
  const RandomBlock delay = random.block(Stream::delay, number);
  const Timestamp due = due_of(event, word_64(delay[0], delay[1]), chance[0]);
  document.clear();
  encode(event, document);
  held.push(due, {event.user, document});
  ++events.consumed;
  if (chance[1] < late) {
    write_late(event, number);
    held.push(due, {event.user, extra});
    ++events.consumed;
    ++events.late;
  }
  if (chance[2] < malformed) {
    const std::uint64_t turn = events.malformed_total();
    extra.clear();
    append_malformed(turn, document, extra);
    held.push(due, {event.user, extra});
    ++events.consumed;
    ++events.malformed[index(reason_of(turn))];
  }
  if (chance[3] < duplicates) {
    held.push(due + up_to(longest_repeat, word_64(delay[2], delay[3])), {event.user, document});
    ++events.consumed;
    ++events.duplicate;
  }
}

// When an event is sent.
Timestamp Traffic::Impl::due_of(const Event& event, std::uint64_t delay, std::uint32_t chance) {
  if (const auto until = visits_offline.until(event.session, event.timestamp)) return *until;
  if (chance >= offline) return event.timestamp + up_to(faults.disorder, delay);
  const Timestamp until = event.timestamp + faults.lateness;
  visits_offline.begin(event.session, until);
  return until;
}

// A visit of one event that was over long before the event `after`, the `number`-th.
void Traffic::Impl::write_late(const Event& after, std::uint64_t number) {
  const RandomBlock bits = random.block(Stream::stray, number);
  const auto& pages = config.site.model().pages;
  const Uuid id = uuid_of(random.block(Stream::stray, number, 1));
  Event event;
  event.event_id = {id.data(), id.size()};
  event.user = after.user;
  event.session = SessionId{kFirstLateSession + static_cast<std::int64_t>(events.late)};
  event.page = pages[multiply_high_32(bits[3], pages.size())].name;
  event.action = "page_view";
  event.duration = std::chrono::milliseconds{multiply_high_32(bits[2], kLongestLateStay)};
  const Duration margin = kLeastMargin + up_to(kMostMargin - kLeastMargin, word_64(bits[0], bits[1]));
  event.timestamp = after.timestamp - config.gap - faults.lateness - margin - event.duration;
  extra.clear();
  encode(event, extra);
}

Traffic::Traffic(const SimulatorConfig& config, const Faults& faults) : impl_(std::make_unique<Impl>(config, faults)) {}
Traffic::~Traffic() = default;
Traffic::Traffic(Traffic&&) noexcept = default;
Traffic& Traffic::operator=(Traffic&&) noexcept = default;

Timestamp Traffic::next_time() const { return impl_->next_time(); }

std::optional<TrafficRecord> Traffic::next() { return impl_->next(); }

std::optional<TrafficRecord> Traffic::next_held() {
  return impl_->held.empty() ? std::nullopt : std::optional(impl_->held.pop());
}

const EventCounts& Traffic::events() const { return impl_->events; }

Metrics Traffic::truth() const {
  Metrics figures = impl_->simulator.truth();
  figures.events = impl_->events;
  return figures;
}

}  // namespace clickstream
