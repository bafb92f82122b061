// What it costs to write events as JSON, and to simulate and write them, as `produce` does. One item is one event.
#include <benchmark/benchmark.h>

#include <deque>
#include <string>
#include <vector>

#include "clickstream/encode.h"
#include "clickstream/traffic.h"

namespace clickstream {
namespace {

SimulatorConfig visitors() {
  SimulatorConfig config;
  config.start = timestamp_from_micros(1'704'067'200'000'000);
  return config;
}

void encode_alone(benchmark::State& state) {
  Simulator simulator(visitors());
  std::vector<Event> events(1'000);
  std::deque<std::string> strings;  // an event does not own its own
  for (Event& event : events) {
    event = simulator.next();
    event.event_id = strings.emplace_back(event.event_id);
    event.page = strings.emplace_back(event.page);
    event.action = strings.emplace_back(event.action);
  }
  std::string text;
  std::size_t next = 0;
  for ([[maybe_unused]] auto _ : state) {
    text.clear();
    encode(events[next], text);
    benchmark::DoNotOptimize(text.data());
    if (++next == events.size()) next = 0;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_alone);

void simulate_and_encode(benchmark::State& state) {
  Traffic traffic(visitors(), Faults{});
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(traffic.next());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(simulate_and_encode);

}  // namespace
}  // namespace clickstream

BENCHMARK_MAIN();
