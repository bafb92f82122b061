#include "clickstream/simulator.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "core/simulator/daily_arrivals.h"
#include "core/simulator/random.h"
#include "core/simulator/site_model.h"
#include "core/simulator/slots.h"
#include "core/simulator/stay.h"
#include "core/simulator/truth.h"
#include "core/simulator/uuid.h"
#include "core/simulator/visit.h"
#include "core/simulator/visit_heap.h"
#include "core/simulator/wide.h"

namespace clickstream {
namespace {

// How many visits are under way at a time that don't end at once, in units of 2^-16, by Little's law.
std::uint64_t visits_under_way(const SimulatorConfig& config) {
  const Site::Model& model = config.site.model();
  const std::uint64_t milliseconds = mean_of_stays(model.time_up_to.back());
  const Wide milliseconds_of_all = Wide{milliseconds} * static_cast<std::uint64_t>(config.events_per_million_seconds);
  const std::uint64_t milliseconds_of_run = 1'000'000'000;
  return static_cast<std::uint64_t>((milliseconds_of_all << 16) / model.events_per_visit / milliseconds_of_run);
}

// Enough that a user is hardly ever in two visits at once: a thousand for each visit under way.
std::uint64_t population_of(const SimulatorConfig& config) {
  if (config.users > 0) return static_cast<std::uint64_t>(config.users);
  const std::uint64_t least = 1'000;
  const std::uint64_t most = 1'000'000'000;
  return std::clamp(static_cast<std::uint64_t>(Wide{visits_under_way(config)} * 1'000 >> 16), least, most);
}

// Between visits that bring the rate, in units of 2^-20 microseconds; events_per_visit is in units of 2^-31.
Wide mean_gap_of(const SimulatorConfig& config) {
  const std::uint64_t microseconds_of_run = 1'000'000'000'000;
  return Wide{config.site.model().events_per_visit} * microseconds_of_run /
             static_cast<std::uint64_t>(config.events_per_million_seconds) >>
         11;
}

const SimulatorConfig& checked(const SimulatorConfig& config) {
  if (config.events_per_million_seconds <= 0) throw std::invalid_argument("the rate must be positive");
  if (config.users < 0) throw std::invalid_argument("the number of users must not be negative");
  return config;
}

}  // namespace

struct Simulator::Impl {
  explicit Impl(const SimulatorConfig& simulator_config);

  Timestamp next_timestamp() const;
  Event next();

  SimulatorConfig config;
  Random random;
  Visitors visitors;
  Slots slots;                            // of every event,
  std::optional<DailyArrivals> arrivals;  // or the beginnings of visits
  VisitHeap under_way;                    // none of them is over
  Truth truth;
  std::uint64_t visits = 0;
  std::uint64_t events = 0;
  Uuid event_id{};
};

Simulator::Impl::Impl(const SimulatorConfig& simulator_config)
    : config(checked(simulator_config)),
      random(Random::of_run(config.seed, config.start)),
      visitors(config.site.model(), random, population_of(config)),
      slots(config.start, config.events_per_million_seconds),
      truth(config.site.model(), config.gap, config.windows) {
  // The run begins amid visits, as if it had been going on for long.
  Wide expected = visits_under_way(config);
  if (config.daily_cycle) {
    arrivals.emplace(random, config.start, mean_gap_of(config));
    expected = expected * daily_intensity(config.start) / kMeanDailyIntensity;
  }
  const std::uint32_t fraction = random.block(Stream::under_way, 0)[0] & 0xFFFF;
  const auto number = static_cast<std::uint64_t>((expected + fraction) >> 16);
  under_way.reserve(number);
  while (visits < number) {
    const Visit visit = visitors.met(++visits, config.start);
    if (!visit.over()) under_way.push(visit);
  }
}

Timestamp Simulator::Impl::next_timestamp() const {
  if (!arrivals) return slots.next();
  return under_way.empty() ? arrivals->next() : std::min(arrivals->next(), under_way.top().due);
}

Event Simulator::Impl::next() {
  // The event that is due; where there is none, a visitor arrives.
  const Timestamp now = next_timestamp();
  const bool arrives = under_way.empty() || now < under_way.top().due;
  if (!arrivals) {
    slots.advance();
  } else if (arrives) {
    arrivals->advance();
  }

  Visit visit = arrives ? visitors.arrive(++visits, now) : under_way.top();
  const Timestamp last_end = visit.due;
  const Visitors::Step step = visitors.advance(visit, now);
  truth.count(visit.session, last_end, now, visit.id, visit.user, step.action, step.page);
  if (visit.over()) {
    truth.close(visit.session, visit.due);
    if (!arrives) under_way.pop();
  } else if (arrives) {
    under_way.push(visit);
  } else {
    under_way.replace_top(visit);
  }

  event_id = uuid_of(random.block(Stream::event_id, events++));
  return {{event_id.data(), event_id.size()},
          visit.user,
          SessionId{static_cast<std::int64_t>(visit.id)},
          config.site.model().pages[step.page].name,
          step.action == Action::click ? "click" : "page_view",
          step.duration,
          now};
}

Simulator::Simulator(const SimulatorConfig& config) : impl_(std::make_unique<Impl>(config)) {}
Simulator::~Simulator() = default;
Simulator::Simulator(Simulator&&) noexcept = default;
Simulator& Simulator::operator=(Simulator&&) noexcept = default;

Timestamp Simulator::next_timestamp() const { return impl_->next_timestamp(); }

Event Simulator::next() { return impl_->next(); }

Metrics Simulator::truth() const {
  Metrics figures = impl_->truth.closed();
  for (const Visit& visit : impl_->under_way.all()) {
    if (visit.session.begun) Truth::add(figures, visit.session, visit.due);
  }
  return figures;
}

}  // namespace clickstream
