// libFuzzer: whatever the bytes, restore() gives an error or an engine that works and is saved to the same engine.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "clickstream/engine.h"

namespace {

using namespace clickstream;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

constexpr Timestamp kNoon = timestamp_from_micros(1'731'283'897'000'000);

void use(Engine& engine) {
  Event event;
  event.user = UserId{1};
  event.session = SessionId{1};
  event.page = "/home";
  event.action = "page_view";
  event.duration = std::chrono::hours{24};
  for (const std::string_view id : {"a", "b", "a", "c"}) {
    event.event_id = id;
    event.timestamp = kNoon;
    engine.apply(event, kNoon);
  }
  engine.advance_watermark(kNoon + std::chrono::hours{20});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  EngineConfig config;
  config.max_pages = 3;
  config.max_ids = 40;
  config.windows = {{std::chrono::minutes{1}, std::chrono::minutes{1}},
                    {std::chrono::minutes{5}, std::chrono::minutes{2}}};
  config.max_windows = 3;
  auto engine = Engine::restore(config, {reinterpret_cast<const char*>(data), size});
  if (!engine) {
    require(!engine.error().empty(), "an error says something");
    return 0;
  }
  std::string state;
  engine->save(state);
  auto other = Engine::restore(config, state);
  require(other.has_value(), "what was saved is restored");
  use(*engine);
  use(*other);
  require(engine->metrics() == other->metrics() && engine->watermark() == other->watermark(), "to the same engine");
  engine->close_all();
  require(engine->metrics().sessions.open() == 0, "all sessions close");
  require(!engine->has_open(), "all windows are final");
  return 0;
}
