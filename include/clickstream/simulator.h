// Simulated visitors of a website, and the right answer to what they did.
//
// Same configuration, same events to the byte: counter-based random numbers, integer arithmetic, no libm. Pure; one
// thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/event.h"
#include "clickstream/expected.h"
#include "clickstream/metrics.h"
#include "clickstream/window.h"

namespace clickstream {

/// A website as a Markov chain of pages. A value; cheap to move, shared where it is copied.
class Site {
 public:
  /// The built-in shop.
  static Site shop();
  /// Reads a site model from its JSON text (docs/simulator.md has the format); the error says what is wrong, where.
  static Expected<Site, std::string> parse(std::string_view json);

  struct Model;  ///< private to the simulator
  const Model& model() const { return *model_; }

 private:
  explicit Site(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  std::shared_ptr<const Model> model_;
};

struct SimulatorConfig {
  std::int64_t events_per_million_seconds = 500'000'000;  ///< the rate in simulated time; > 0
  std::int64_t users = 0;                                 ///< size of the population; 0: enough for the rate
  std::uint64_t seed = 1;
  Timestamp start{};                        ///< of simulated time
  bool daily_cycle = false;                 ///< visits follow the time of day, with the rate as the day's mean
  Duration gap = std::chrono::minutes{30};  ///< what truth() takes for a session's end
  std::vector<WindowSpec> windows{};        ///< of which truth() has the figures; by size, then hop; distinct
  Site site = Site::shop();
};

class Simulator {
 public:
  /// Throws std::invalid_argument if the rate is not above 0, or the number of users below 0.
  explicit Simulator(const SimulatorConfig& config);
  ~Simulator();
  Simulator(Simulator&&) noexcept;
  Simulator& operator=(Simulator&&) noexcept;

  /// The timestamp of the event that next() will give.
  Timestamp next_timestamp() const;

  /// The next event, in the order of timestamps, for ever. Its strings live until the next call.
  Event next();

  /// The figures of all events handed out so far, every session closed: tallied visit by visit as they are made, by
  /// code that shares nothing with the engine. Pages are in no order; all events count as consumed and counted. All
  /// windows are final; they have no user ids.
  Metrics truth() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clickstream
