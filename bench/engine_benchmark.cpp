// What the engine costs with many open sessions of 12 events, which arrive scattered: no two neighbours are of one
// visitor. One item is one event, or one saved session.
//
//   build/release/bench/engine_benchmark [SESSIONS] [--benchmark_…]     SESSIONS: 10,000 if not given
//
// bytes_per_session is what the process grew by while the first engine was filled, peak_… with what growing needed.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include "clickstream/engine.h"

namespace clickstream {
namespace {

constexpr Timestamp kStart = timestamp_from_micros(1'704'067'200'000'000);
constexpr std::int64_t kEventsOfSession = 12;
constexpr std::array<std::string_view, 5> kPages = {"/", "/products", "/products/shoes", "/cart", "/checkout"};

std::int64_t sessions_wanted = 10'000;

// Event n of a log in which `sessions` visitors take turns, each in every round once, in an order that jumps about: in each
// round another one, so that what lies in the order of the first does not lie in that of the others.
class ScatteredLog {
 public:
  ScatteredLog(std::int64_t sessions, Duration round) : sessions_(sessions), round_(round) {
    event_.action = "page_view";
  }

  const Event& event(std::int64_t n) {
    // No factors of any number of sessions that is asked for.
    static constexpr std::array<std::int64_t, kEventsOfSession> kPrimes = {
        7'368'787,   15'485'863,  32'452'843,  49'979'687,  67'867'967,  86'028'121,
        104'395'301, 122'949'823, 141'650'939, 160'481'183, 179'424'673, 198'491'317};
    const std::int64_t turn = n / sessions_;
    const std::int64_t place = n % sessions_;
    event_.user = UserId{place * kPrimes[static_cast<std::size_t>(turn % kEventsOfSession)] % sessions_};
    event_.session = SessionId{turn / kEventsOfSession};
    event_.timestamp = kStart + turn * round_ + Duration{round_.count() * place / sessions_};
    event_.duration = std::chrono::seconds{2};
    event_.page = kPages[static_cast<std::size_t>(n) % kPages.size()];
    event_.action = n % 4 == 3 ? "click" : "page_view";
    std::memcpy(id_.data(), &n, sizeof n);
    event_.event_id = {id_.data(), id_.size()};
    return event_;
  }

 private:
  std::int64_t sessions_;
  Duration round_;
  Event event_;
  std::array<char, 36> id_{};  // as long as a UUID
};

// As the pipeline does, the engine hears of each event a little before.
void feed(Engine& engine, ScatteredLog& log, std::int64_t from, std::int64_t to) {
  constexpr std::int64_t kHint = 16;
  for (std::int64_t n = from; n < to; ++n) {
    engine.expect(log.event(n + kHint));
    const Event& event = log.event(n);
    engine.apply(event, event.timestamp);
  }
}

Engine filled() {
  Engine engine({});
  ScatteredLog log(sessions_wanted, std::chrono::minutes{1});
  feed(engine, log, 0, sessions_wanted * kEventsOfSession);
  return engine;
}

// A line of /proc/self/status, in bytes.
double memory(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return 1024.0 * std::strtod(line.c_str() + name.size() + 1, nullptr);
  }
  return 0;
}

void fill(benchmark::State& state) {
  static double bytes = 0;
  static double peak = 0;
  for ([[maybe_unused]] auto _ : state) {
    const double before = memory("VmRSS");
    const Engine engine = filled();
    if (bytes == 0) {
      bytes = memory("VmRSS") - before;
      peak = memory("VmHWM") - before;
    }
    if (engine.metrics().sessions.open() != static_cast<std::uint64_t>(sessions_wanted)) state.SkipWithError("closed");
  }
  state.SetItemsProcessed(state.iterations() * sessions_wanted * kEventsOfSession);
  state.counters["bytes_per_session"] = bytes / static_cast<double>(sessions_wanted);
  state.counters["peak_bytes_per_session"] = peak / static_cast<double>(sessions_wanted);
}

// A run under way: as many sessions close as open. An item is an event.
void open_and_close(benchmark::State& state) {
  Engine engine({});
  ScatteredLog log(sessions_wanted, std::chrono::minutes{5});
  const std::int64_t once = sessions_wanted * kEventsOfSession;
  feed(engine, log, 0, once);
  std::int64_t from = once;
  for ([[maybe_unused]] auto _ : state) {
    feed(engine, log, from, from + once);
    from += once;
  }
  if (engine.metrics().sessions.closed == 0) state.SkipWithError("none closed");
  state.SetItemsProcessed(state.iterations() * once);
}

void save(benchmark::State& state) {
  const Engine engine = filled();
  std::size_t bytes = 0;
  for ([[maybe_unused]] auto _ : state) {
    std::string saved;
    engine.save(saved);
    bytes = saved.size();
  }
  state.SetItemsProcessed(state.iterations() * sessions_wanted);
  state.counters["bytes_per_session"] = static_cast<double>(bytes) / static_cast<double>(sessions_wanted);
}

void restore(benchmark::State& state) {
  std::string saved;
  filled().save(saved);
  for ([[maybe_unused]] auto _ : state) {
    const auto engine = Engine::restore({}, saved);
    if (!engine) state.SkipWithError(engine.error().c_str());
  }
  state.SetItemsProcessed(state.iterations() * sessions_wanted);
}

}  // namespace
}  // namespace clickstream

int main(int argc, char** argv) {
  using namespace clickstream;
  benchmark::Initialize(&argc, argv);
  if (argc == 2) sessions_wanted = std::strtoll(argv[1], nullptr, 10);
  if (argc > 2 || sessions_wanted <= 0) return 2;
  benchmark::RegisterBenchmark("fill", fill)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("open_and_close", open_and_close)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("save", save)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("restore", restore)->Unit(benchmark::kMillisecond);
  benchmark::RunSpecifiedBenchmarks();
}
