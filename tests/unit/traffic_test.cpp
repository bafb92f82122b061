// What is handed out, when, and how often there is a fault.
#include "clickstream/traffic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "clickstream/decode.h"
#include "clickstream/encode.h"
#include "support/catch.h"

namespace clickstream {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kPerSecond = 1'000'000;  // a rate of one a second
constexpr std::int64_t kPercent = 10'000;
constexpr Timestamp kStart{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};

SimulatorConfig config_at(std::int64_t rate) {
  SimulatorConfig config;
  config.events_per_million_seconds = rate;
  config.start = kStart;
  return config;
}

struct Sent {
  Timestamp time;
  UserId key;
  std::string document;
};

// All records of so many events, those held at the end at the time of the last one.
std::vector<Sent> sent(Traffic& traffic, std::uint64_t events) {
  std::vector<Sent> sent;
  Timestamp time{};
  while (traffic.events().counted < events) {
    time = traffic.next_time();
    if (const auto record = traffic.next()) sent.push_back({time, record->key, std::string(record->document)});
  }
  while (const auto record = traffic.next_held()) sent.push_back({time, record->key, std::string(record->document)});
  return sent;
}

std::vector<Sent> sent(const SimulatorConfig& config, const Faults& faults, std::uint64_t events) {
  Traffic traffic(config, faults);
  return sent(traffic, events);
}

Faults all_faults() {
  Faults faults;
  faults.duplicates = kPercent;
  faults.late = faults.malformed = kPercent / 10;
  faults.offline = kPercent;
  faults.disorder = 5s;
  return faults;
}

// FNV-1a.
std::uint64_t hash_of(const std::vector<Sent>& records) {
  std::uint64_t hash = 0xCBF29CE484222325;
  const auto add = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  };
  for (const Sent& record : records) {
    add(std::to_string(record.time.time_since_epoch().count()) + ' ' + std::to_string(value(record.key)) + ' ');
    add(record.document + '\n');
  }
  return hash;
}

Event decoded(Decoder& decoder, const Sent& record) { return decoder.decode(record.document, record.time).value(); }

// Whether a count is a share of `n` but for chance: five standard deviations.
bool is_share(std::uint64_t count, std::int64_t share, double n) {
  const double mean = static_cast<double>(share) / 1e6 * n;
  return std::abs(static_cast<double>(count) - mean) <= 5 * std::sqrt(mean);
}

TEST_CASE("without faults, records are the simulator's events, each at its time") {
  const SimulatorConfig config = config_at(500 * kPerSecond);
  Simulator simulator(config);
  Traffic traffic(config, {});
  for (int i = 0; i < 10'000; ++i) {
    REQUIRE(traffic.next_time() == simulator.next_timestamp());
    const Event event = simulator.next();
    std::string expected;
    encode(event, expected);
    const auto record = traffic.next();
    REQUIRE(record);
    REQUIRE(record->key == event.user);
    REQUIRE(record->document == expected);
  }
  CHECK_FALSE(traffic.next_held());
  CHECK(traffic.truth() == simulator.truth());
}

TEST_CASE("the same configuration gives the same records, on every machine and compiler") {
  SimulatorConfig config = config_at(500 * kPerSecond);
  const auto records = sent(config, all_faults(), 20'000);
  CHECK(hash_of(records) == 0xf322ff7899da28d1);
  CHECK(hash_of(sent(config, all_faults(), 20'000)) == hash_of(records));
  config.seed = 2;
  CHECK(hash_of(sent(config, all_faults(), 20'000)) != hash_of(records));
  // What is sent first does not depend on what follows.
  Traffic longer(config_at(500 * kPerSecond), all_faults());
  std::vector<Sent> beginning;
  while (beginning.size() < 10'000) {
    const Timestamp time = longer.next_time();
    if (const auto record = longer.next()) beginning.push_back({time, record->key, std::string(record->document)});
  }
  CHECK(hash_of(beginning) == hash_of({records.begin(), records.begin() + 10'000}));
}

TEST_CASE("faults change no event of the visitors") {
  const SimulatorConfig config = config_at(500 * kPerSecond);
  const int n = 20'000;
  const Faults faults = all_faults();
  Traffic traffic(config, faults);
  std::map<std::string, std::uint64_t> times_sent;
  for (const Sent& record : sent(traffic, n)) ++times_sent[record.document];
  Simulator simulator(config);
  std::uint64_t duplicates = 0;
  for (int i = 0; i < n; ++i) {
    std::string document;
    encode(simulator.next(), document);
    const auto found = times_sent.find(document);
    REQUIRE(found != times_sent.end());
    REQUIRE(found->second <= 2);
    duplicates += found->second - 1;
    times_sent.erase(found);
  }
  CHECK(duplicates == traffic.events().duplicate);
  CHECK(times_sent.size() == traffic.events().late + traffic.events().malformed_total());
}

TEST_CASE("faults are as frequent as asked for") {
  Faults faults;
  faults.duplicates = GENERATE(0, 3 * kPercent, 50 * kPercent, Faults::kWhole);
  faults.late = faults.duplicates / 3;
  faults.malformed = faults.duplicates / 2;
  const std::uint64_t n = 100'000;
  Traffic traffic(config_at(500 * kPerSecond), faults);
  const auto records = sent(traffic, n);
  const EventCounts& events = traffic.events();
  CHECK(events.counted == n);
  CHECK(events.consumed == records.size());
  CHECK(events.consumed == n + events.duplicate + events.late + events.malformed_total());
  CHECK(is_share(events.duplicate, faults.duplicates, n));
  CHECK(is_share(events.late, faults.late, n));
  CHECK(is_share(events.malformed_total(), faults.malformed, n));
  if (faults.duplicates == Faults::kWhole) CHECK(events.duplicate == n);
  // One fault has nothing to do with another.
  std::set<std::string> with_duplicate;
  std::map<std::string, int> copies;
  std::uint64_t both = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (++copies[records[i].document] == 2) with_duplicate.insert(records[i].document);
  }
  for (std::size_t i = 0; i + 1 < records.size(); ++i) {
    const bool late_follows = records[i + 1].document.find("\"session_id\":45035996") != std::string::npos &&
                              records[i].document.find("\"session_id\":45035996") == std::string::npos;
    if (late_follows && with_duplicate.count(records[i].document) > 0) ++both;
  }
  CHECK(is_share(both, faults.duplicates * (faults.late / 100) / kPercent, n));
}

TEST_CASE("disorder delays every event by any time up to it, each as likely") {
  Faults faults;
  faults.disorder = GENERATE(Duration{1us}, Duration{5s}, Duration{10s});
  const SimulatorConfig config = config_at(500 * kPerSecond);
  const int n = 100'000;
  Decoder decoder;
  std::array<std::uint64_t, 10> tenths{};
  Timestamp last{};
  Traffic traffic(config, faults);
  while (traffic.events().counted < n) {
    const Timestamp time = traffic.next_time();
    REQUIRE(time >= last);
    last = time;
    const auto record = traffic.next();
    if (!record) continue;
    const Duration delay = time - decoder.decode(record->document, time).value().timestamp;
    REQUIRE(delay >= 0s);
    REQUIRE(delay <= faults.disorder);
    ++tenths[static_cast<std::size_t>(delay.count() * 10 / (faults.disorder.count() + 1))];
  }
  if (faults.disorder == 1us) {
    CHECK(is_share(tenths[0], 50 * kPercent, n));
    CHECK(is_share(tenths[5], 50 * kPercent, n));
  } else {
    // Of those held at the end, the long delays are missing.
    const double n_sent = static_cast<double>(n) - 500 * std::chrono::duration<double>(faults.disorder).count();
    for (std::size_t i = 0; i < 10; ++i) {
      INFO(i << ": " << tenths[i]);
      CHECK(std::abs(static_cast<double>(tenths[i]) - n_sent / 10) < 5 * std::sqrt(n_sent / 10) + 500);
    }
  }
}

TEST_CASE("a duplicate comes up to ten seconds or the gap after its original") {
  SimulatorConfig config = config_at(500 * kPerSecond);
  config.gap = GENERATE(Duration{30min}, Duration{2s}, Duration{0s});
  Faults faults = all_faults();
  faults.duplicates = 20 * kPercent;
  const Duration longest = std::min<Duration>(config.gap, 10s);
  Traffic traffic(config, faults);
  std::map<std::string, Timestamp> sent;
  std::uint64_t early = 0;
  std::uint64_t duplicates = 0;
  while (traffic.events().counted < 50'000) {
    const Timestamp time = traffic.next_time();
    const auto record = traffic.next();
    if (!record) continue;
    const auto [original, is_first] = sent.try_emplace(std::string(record->document), time);
    if (is_first) continue;
    ++duplicates;
    REQUIRE(time - original->second <= longest);
    if (time - original->second <= longest / 2) ++early;
  }
  CHECK(duplicates > 5'000);
  if (config.gap > 0s) CHECK(is_share(early, 50 * kPercent, static_cast<double>(duplicates)));
}

TEST_CASE("a visit that is offline sends nothing for the lateness, then all at once") {
  Faults faults;
  faults.offline = 2 * kPercent;
  faults.lateness = 60s;
  const SimulatorConfig config = config_at(100 * kPerSecond);
  const std::uint64_t n = 100'000;
  Traffic traffic(config, faults);
  std::map<std::string, Timestamp> times;
  Timestamp end{};
  while (traffic.events().counted < n) {
    end = traffic.next_time();
    if (const auto record = traffic.next()) times[std::string(record->document)] = end;
  }
  Simulator simulator(config);
  std::map<SessionId, Timestamp> offline_until;
  std::uint64_t begun = 0;
  std::uint64_t online = 0;
  std::uint64_t with_others = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    const Event event = simulator.next();
    std::string document;
    encode(event, document);
    const auto found = times.find(document);
    const auto until = offline_until.find(event.session);
    if (found == times.end()) {  // held at the end
      REQUIRE(event.timestamp + faults.lateness > end);
      if (until == offline_until.end() || event.timestamp >= until->second) {
        offline_until[event.session] = event.timestamp + faults.lateness;
      }
    } else if (until != offline_until.end() && event.timestamp < until->second) {
      REQUIRE(found->second == until->second);
      ++with_others;
    } else {
      ++online;
      if (found->second == event.timestamp) continue;
      REQUIRE(found->second == event.timestamp + faults.lateness);
      ++begun;
      offline_until[event.session] = found->second;
    }
  }
  CHECK(is_share(begun, faults.offline, static_cast<double>(online)));
  CHECK(with_others > 1'000);
}

TEST_CASE("a late event directly follows one of its user, is late by a minute to an hour, and is a visit of its own") {
  SimulatorConfig config = config_at(500 * kPerSecond);
  config.gap = GENERATE(Duration{30min}, Duration{1s});
  Faults faults = all_faults();
  faults.late = 20 * kPercent;
  Decoder decoder;
  const auto records = sent(config, faults, 50'000);
  std::set<std::int64_t> sessions;
  std::set<std::string> ids;
  std::set<std::string> pages;
  Duration least = 10h;
  Duration most{};
  for (std::size_t i = 1; i < records.size(); ++i) {
    const auto event = decoder.decode(records[i].document, records[i].time);
    if (!event || value(event->session) < 1'000'000'000) continue;
    CHECK(value(event->session) < std::int64_t{1} << 53);
    sessions.insert(value(event->session));
    ids.insert(std::string(event->event_id));
    pages.insert(std::string(event->page));
    REQUIRE(records[i].key == event->user);
    REQUIRE(records[i - 1].key == event->user);
    const Timestamp end = event->end();
    const Event before = decoded(decoder, records[i - 1]);
    const Duration late_by = before.timestamp - (end + config.gap + faults.lateness);
    least = std::min(least, late_by);
    most = std::max(most, late_by);
  }
  CHECK(is_share(sessions.size(), faults.late, 50'000));
  CHECK(ids.size() == sessions.size());
  CHECK(pages.size() == 12);
  CHECK(least >= 1min);
  CHECK(least < 65s);
  CHECK(most <= 1h);
  CHECK(most > 59min);
}

TEST_CASE("malformed records have all reasons in turn, and directly follow an event of their user") {
  Faults faults;
  faults.malformed = 10 * kPercent;
  Decoder decoder;
  Traffic traffic(config_at(500 * kPerSecond), faults);
  const auto records = sent(traffic, 10'000);
  std::array<std::uint64_t, kMalformedReasons> found{};
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto event = decoder.decode(records[i].document, records[i].time);
    if (event) continue;
    ++found[index(event.error())];
    REQUIRE(records[i].key == records[i - 1].key);
    REQUIRE(decoded(decoder, records[i - 1]).user == records[i].key);
  }
  CHECK(found == traffic.events().malformed);
  const auto [least, most] = std::minmax_element(found.begin(), found.end());
  CHECK(*least > 20);
  CHECK(*most - *least <= 1);
}

TEST_CASE("nothing happens before its time, and nothing is sent before it happened") {
  // The first event happens at the start; it is sent at some time up to an hour later, unlike the next one.
  SimulatorConfig config = config_at(kPerSecond / 1'000);
  Faults faults;
  faults.disorder = faults.lateness = 1h;
  Decoder decoder;
  Traffic traffic(config, faults);
  Simulator simulator(config);
  for (int i = 0; i < 1'000; ++i) {
    const Timestamp time = traffic.next_time();
    const std::uint64_t before = traffic.events().counted;
    const auto record = traffic.next();
    if (record) {
      REQUIRE(traffic.events().counted == before);
      REQUIRE(decoder.decode(record->document, time).value().timestamp <= time);
    } else {
      REQUIRE(traffic.events().counted == before + 1);
      REQUIRE(simulator.next_timestamp() == time);
      simulator.next();
    }
  }
}

TEST_CASE("faults that are none are the caller's mistake") {
  SimulatorConfig config = config_at(kPerSecond);
  Faults faults;
  SECTION("a negative share") { faults.duplicates = -1; }
  SECTION("more than all") { faults.offline = Faults::kWhole + 1; }
  SECTION("more disorder than lateness") { faults.disorder = faults.lateness + 1us; }
  SECTION("negative disorder") { faults.disorder = -1us; }
  SECTION("late before the year 2000") {
    faults.late = 1;
    config.start =
        Timestamp{std::chrono::sys_days{std::chrono::year{2000} / 1 / 1}} + reach_of_late_events(config.gap, faults);
    CHECK_NOTHROW(Traffic(config, faults));
    config.start -= 1us;
  }
  CHECK_THROWS_AS(Traffic(config, faults), std::invalid_argument);
}

TEST_CASE("a late event is not before the year 2000") {
  SimulatorConfig config = config_at(500 * kPerSecond);
  Faults faults;
  faults.late = Faults::kWhole;
  config.start =
      Timestamp{std::chrono::sys_days{std::chrono::year{2000} / 1 / 1}} + reach_of_late_events(config.gap, faults);
  Decoder decoder;
  for (const Sent& record : sent(config, faults, 10'000)) REQUIRE(decoder.decode(record.document, record.time));
}

}  // namespace
}  // namespace clickstream
