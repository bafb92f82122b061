// What it costs to decode the simulator's own events: the whole, and its parts. One item is one event.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "clickstream/decode.h"
#include "clickstream/encode.h"
#include "clickstream/fields.h"
#include "clickstream/simulator.h"
#include "core/flat_event.h"
#include "core/json_fields.h"

namespace clickstream {
namespace {

constexpr Timestamp kStart = timestamp_from_micros(1'704'067'200'000'000);
constexpr Timestamp kLatest = kStart + std::chrono::hours{1};

// Events of many visitors, which lie one behind the other as in a file.
class Documents {
 public:
  Documents() {
    constexpr std::size_t kEvents = 10'000;
    SimulatorConfig config;
    config.start = kStart;
    Simulator simulator(config);
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i < kEvents; ++i) {
      encode(simulator.next(), text_);
      ends.push_back(text_.size());
      text_ += '\n';
    }
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
      documents_.push_back(std::string_view(text_).substr(begin, end - begin));
      begin = end + 1;
    }
  }
  Documents(const Documents&) = delete;
  Documents& operator=(const Documents&) = delete;

  std::string_view next() {
    if (next_ == documents_.size()) next_ = 0;
    return documents_[next_++];
  }

 private:
  std::string text_;
  std::vector<std::string_view> documents_;
  std::size_t next_ = 0;
};

void decode(benchmark::State& state) {
  Documents documents;
  Decoder decoder;
  for ([[maybe_unused]] auto _ : state) {
    const auto event = decoder.decode(documents.next(), kLatest);
    if (!event) state.SkipWithError("no event");
    benchmark::DoNotOptimize(event);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode);

// What decode() does with a document that is not flat.
void decode_by_rapidjson(benchmark::State& state) {
  Documents documents;
  JsonFields fields;
  for ([[maybe_unused]] auto _ : state) {
    const auto values = fields.read(documents.next());
    const auto event = judge(values.value(), kLatest);
    if (!event) state.SkipWithError("no event");
    benchmark::DoNotOptimize(event);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_by_rapidjson);

// Without what becomes of its result.
void read_flat_event_alone(benchmark::State& state) {
  Documents documents;
  for ([[maybe_unused]] auto _ : state) {
    Event event;
    if (!read_flat_event(documents.next(), kLatest, event)) state.SkipWithError("not flat");
    benchmark::DoNotOptimize(event);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_flat_event_alone);

}  // namespace
}  // namespace clickstream

BENCHMARK_MAIN();
