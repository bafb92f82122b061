// What it costs to simulate visitors, without encoding their events. One item is one event.
#include <benchmark/benchmark.h>

#include "clickstream/simulator.h"

namespace clickstream {
namespace {

// At so many events a second of simulated time: the more, the more visits are under way.
void simulate(benchmark::State& state) {
  SimulatorConfig config;
  config.start = timestamp_from_micros(1'704'067'200'000'000);
  config.events_per_million_seconds = state.range(0) * 1'000'000;
  Simulator simulator(config);
  for ([[maybe_unused]] auto _ : state) {
    const Event event = simulator.next();
    benchmark::DoNotOptimize(event.timestamp);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(simulate)->Arg(500)->Arg(10'000);

}  // namespace
}  // namespace clickstream

BENCHMARK_MAIN();
