// Random logs and events for the tests of the engine. Each comes from a seed of its own.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "clickstream/engine.h"

namespace clickstream {

/// How many cases: CLICKSTREAM_PROPERTY_CASES multiplies their number (100 = a long night).
std::uint64_t cases(std::uint64_t normally);

/// The same numbers everywhere: std:: distributions differ between libraries.
class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(bits_() % static_cast<std::uint64_t>(n)); }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  template <class T>
  T any_of(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<std::int64_t>(values.size()))];
  }
  std::string_view any_of(std::span<const std::string_view> values) {
    return values[static_cast<std::size_t>(below(static_cast<std::int64_t>(values.size())))];
  }
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) {
      std::swap(values[i - 1], values[static_cast<std::size_t>(below(static_cast<std::int64_t>(i)))]);
    }
  }

 private:
  std::mt19937_64 bits_;
};

/// One event of a log, with views of literals only.
struct Sent {
  Event event;
  Timestamp record_time;
};

struct Step {
  enum class Kind { event, malformed, watermark, busiest };
  Kind kind = Kind::event;
  Sent sent{};            // event
  Malformed reason{};     // malformed
  Timestamp watermark{};  // watermark
};

struct Log {
  EngineConfig config;
  std::vector<Step> steps;
};

/// Anything goes: disorder, late, repeats that differ, record times before and after.
Log random_log(std::uint64_t seed);

/// One visitor's moments so far apart that only a stay joins them, in any order: many sessions, and merges of many.
Log random_log_of_bridges(std::uint64_t seed);

/// Sessions that outgrow what is remembered of their ids, but never merge: each keeps within one gap.
Log random_log_of_long_sessions(std::uint64_t seed);

/// A span at one of the edges of the rules: nothing, the gap, several gaps, one microsecond either way.
Duration edge(Random& random, Duration gap);

/// A set of events under the conditions of the laws: a repeat of an id within a session is identical.
std::vector<Event> random_events(Random& random, Duration gap);

/// An arrival order in which no event comes after one that is more than the lateness younger.
std::vector<Event> arrival_order(Random& random, const std::vector<Event>& events, Duration lateness);

EngineConfig config_of_the_laws(Random& random);

/// Opened and merged depend on the order, their difference does not; pages come in the order they were seen.
Metrics without_order(Metrics metrics);

}  // namespace clickstream
