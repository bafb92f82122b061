// Saved and restored state: an engine that goes on from it is the engine that was never interrupted; and whatever the
// bytes, restoring gives an engine or an error.
#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>

#include "clickstream/engine.h"
#include "support/catch.h"
#include "support/oracle.h"
#include "support/random_log.h"
#include "support/script.h"

namespace clickstream {
namespace {

std::string saved(const Engine& engine) {
  std::string state;
  engine.save(state);
  return state;
}

Engine restored(const EngineConfig& config, const std::string& state) {
  auto engine = Engine::restore(config, state);
  if (!engine) FAIL(engine.error());
  return std::move(*engine);
}

std::optional<Outcome> apply(const Step& step, Engine& engine) {
  switch (step.kind) {
    case Step::Kind::event:
      return engine.apply(step.sent.event, step.sent.record_time);
    case Step::Kind::malformed:
      engine.reject(step.reason);
      engine.note_foreign_key();  // any call that changes a figure will do
      break;
    case Step::Kind::watermark:
      engine.advance_watermark(step.watermark);
      break;
    case Step::Kind::busiest:
      engine.take_busiest();
      break;
  }
  return std::nullopt;
}

std::vector<std::string> lines_of(Engine& engine) {
  Rows rows;
  engine.take_rows({}, rows);
  std::vector<std::string> lines;
  for (const SessionRow& row : rows.sessions) lines.push_back(line_of(row));
  for (const WindowRow& row : rows.windows) lines.push_back(line_of(row));
  std::sort(lines.begin(), lines.end());  // sessions that end at one moment are in no order
  return lines;
}

// Where the engine that is saved and restored before some steps differs from the one that is not; empty: nowhere.
std::string first_difference(const Log& log, const std::function<bool(std::size_t)>& is_cut) {
  EngineConfig config = log.config;
  config.give_rows = true;
  Engine whole(config);
  Engine cut(config);
  for (std::size_t i = 0; i <= log.steps.size(); ++i) {
    if (is_cut(i)) cut = restored(config, saved(cut));
    if (i < log.steps.size()) {
      if (apply(log.steps[i], whole) != apply(log.steps[i], cut)) return "the outcome of step " + std::to_string(i + 1);
    } else {
      whole.close_all();
      cut.close_all();
    }
    if (lines_of(whole) != lines_of(cut)) return "the rows of step " + std::to_string(i + 1);
    if (whole.watermark() != cut.watermark()) return "the watermark after step " + std::to_string(i + 1);
    if (!(whole.metrics() == cut.metrics())) {
      return "step " + std::to_string(i + 1) + ":" + different_figures(whole.metrics(), cut.metrics());
    }
  }
  return "";
}

Log any_log(std::uint64_t seed) {
  Random random(seed);
  Log log = seed % 3 == 0   ? random_log(seed)
            : seed % 3 == 1 ? random_log_of_bridges(seed)
                            : random_log_of_long_sessions(seed);
  log.config.count_users = false;
  log.config.max_ids = random.any_of<std::size_t>({log.config.max_ids, log.config.max_ids, 0, 1, 2, 4});
  return log;
}

TEST_CASE("State saved and restored anywhere, once or again and again, changes nothing") {
  for (std::uint64_t seed = 1; seed <= cases(30'000); ++seed) {
    Random random(seed);
    const Log log = any_log(seed);
    const auto at = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(log.steps.size()) + 1));
    const std::int64_t every = 1 + random.below(4);
    const std::string once = first_difference(log, [&](std::size_t i) { return i == at; });
    if (!once.empty()) FAIL("seed " << seed << ", saved at " << at << ": " << once);
    const std::string often = first_difference(log, [&](std::size_t) { return random.one_in(every); });
    if (!often.empty()) FAIL("seed " << seed << ", saved often: " << often);
  }
}

Event event_of(std::int64_t user, std::string_view id, Duration at) {
  Event event;
  event.event_id = id;
  event.user = UserId{user};
  event.session = SessionId{1};
  event.page = "/";
  event.action = "page_view";
  event.timestamp = kScriptStart + at;
  return event;
}

TEST_CASE("The ids of a long session are remembered in their order") {
  for (const std::size_t cap : {31U, 32U, 33U, 50U, 1000U}) {
    EngineConfig config;
    config.max_ids = cap;
    Engine whole(config);
    Engine cut(config);
    for (int i = 0; i < 300; ++i) {
      for (const int number : {i, i - 20, i - 40}) {  // new, and what may be remembered
        const std::string id = std::to_string(number);
        const Event event = event_of(1, id, std::chrono::seconds{i});
        CHECK(whole.apply(event, event.timestamp) == cut.apply(event, event.timestamp));
      }
      if (i % 7 == 0) cut = restored(config, saved(cut));
      REQUIRE(whole.metrics() == cut.metrics());
    }
  }
}

TEST_CASE("A page of the name that the rest has is told apart from the rest, after a restore too") {
  for (const bool cut : {false, true}) {
    EngineConfig config;
    config.max_pages = 2;
    Engine engine(config);
    int number = 0;
    for (const std::string_view page : {"_other_", "/a", "/b", "/c", "/a", "_other_"}) {
      const std::string id = std::to_string(++number);
      Event event = event_of(1, id, std::chrono::seconds{0});
      event.page = page;
      engine.apply(event, event.timestamp);
      if (cut) engine = restored(config, saved(engine));
    }
    CHECK(engine.metrics().pages == std::vector<PageViews>{{"_other_", 4}, {"/a", 2}});
  }
}

TEST_CASE("A restored engine shows no busiest sessions before they are touched") {
  Engine engine({});
  engine.apply(event_of(1, "a", Duration{0}), kScriptStart);
  Engine other = restored({}, saved(engine));
  CHECK(other.take_busiest().empty());
  other.apply(event_of(1, "b", Duration{0}), kScriptStart);
  REQUIRE(other.take_busiest().size() == 1);
}

// A state with something in every section.
EngineConfig rich_config() {
  EngineConfig config;
  config.windows = {{std::chrono::seconds{5}, std::chrono::seconds{5}},
                    {std::chrono::seconds{10}, std::chrono::seconds{4}}};
  config.max_windows = 2;
  return config;
}

Engine rich_engine() {
  Engine engine(rich_config());
  for (int i = 0; i < 60; ++i) {
    const std::string id = "id" + std::to_string(i);
    Event event = event_of(i % 5 == 0 ? 1 : i, id, std::chrono::seconds{i / 2});
    const std::string page = "/page" + std::to_string(i % 7);
    event.page = page;
    engine.apply(event, event.timestamp);
  }
  engine.reject(Malformed::not_json);
  return engine;
}

TEST_CASE("A state cut short, or too long, is refused") {
  const std::string state = saved(rich_engine());
  REQUIRE(Engine::restore(rich_config(), state));
  for (std::size_t size = 0; size < state.size(); ++size) {
    if (Engine::restore(rich_config(), state.substr(0, size))) FAIL("cut to " << size << " bytes");
  }
  CHECK_FALSE(Engine::restore(rich_config(), state + '\0'));
  CHECK_FALSE(Engine::restore(rich_config(), state + state));
}

TEST_CASE("A state with changed bytes is refused or is a state") {
  const std::string state = saved(rich_engine());
  Random random(1);
  for (std::uint64_t i = 0; i < cases(20'000); ++i) {
    std::string changed = state;
    for (std::int64_t n = 1 + random.below(3); n > 0; --n) {
      const auto at = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(state.size())));
      changed[at] = static_cast<char>(random.one_in(2) ? changed[at] ^ (1 << random.below(8)) : random.below(256));
    }
    auto engine = Engine::restore(rich_config(), changed);
    if (!engine) {
      CHECK_FALSE(engine.error().empty());
      continue;
    }
    engine->apply(event_of(1, "new", std::chrono::seconds{20}), kScriptStart);
    engine->advance_watermark(kScriptStart + std::chrono::seconds{1810});
    REQUIRE(Engine::restore(rich_config(), saved(*engine)));
    engine->close_all();
    CHECK(engine->metrics().sessions.open() == 0);
    CHECK_FALSE(engine->has_open());
  }
}

std::string little_endian(std::uint64_t number) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(number >> (8 * i));
  return bytes;
}

std::string error_of(const std::string& state, const EngineConfig& config = {}) {
  const auto engine = Engine::restore(config, state);
  return engine ? "" : engine.error();
}

TEST_CASE("The error says what is wrong with a state") {
  const std::string state = saved(rich_engine());
  CHECK(error_of("") == "section FIG1 is missing");
  CHECK(error_of(state.substr(0, 20)) == "section FIG1 is cut short");
  CHECK(error_of(state + "NEW1" + little_endian(0)) == "section NEW1 is unknown: made by a newer version");
  CHECK(error_of("FIG2" + state.substr(4)) == "section FIG2 is unknown: made by a newer version");
  CHECK(error_of("PAG1" + state.substr(4)) == "section PAG1 in the wrong place");
  CHECK(error_of("\x01\x02\x03\x04") == "something that is no section");
  EngineConfig config;
  config.count_users = true;
  CHECK(error_of(state, config) == "users can't be counted from a saved state on");
}

TEST_CASE("A count that lies reserves nothing") {
  const std::string figures = saved(Engine({})).substr(0, saved(Engine({})).find("PAG1"));
  const std::string no_pages = "PAG1" + little_endian(2) + std::string(2, '\0');
  const std::string many = std::string(9, '\xff') + '\x01';
  const std::string many_sessions = "SES2" + little_endian(10) + many;
  const std::string no_sessions = "SES2" + little_endian(1) + '\0';
  const std::string no_event = little_endian(std::uint64_t{1} << 63);
  const std::string no_windows = "WIN1" + little_endian(8) + no_event;
  CHECK(error_of(figures + no_pages + no_sessions + no_windows).empty());
  CHECK(error_of(figures + no_pages + many_sessions + no_windows) == "the sessions are damaged");
  CHECK(error_of(figures + "PAG1" + little_endian(11) + '\0' + many + many_sessions + no_windows) ==
        "the pages are damaged");
  CHECK(error_of(figures + no_pages + no_sessions + "WIN1" + little_endian(7) + no_event.substr(1)) ==
        "the windows are damaged");
  CHECK(error_of("FIG1" + many + many) == "section FIG1 is cut short");
}

TEST_CASE("A state that breaks a rule of the sessions is refused") {
  EngineConfig config;
  config.gap = std::chrono::seconds{10};
  config.lateness = std::chrono::hours{1};
  Engine engine(config);
  for (const int second : {0, 15, 30}) {
    const std::string id = std::to_string(second);
    const Event event = event_of(1, id, std::chrono::seconds{second});
    engine.apply(event, event.timestamp);
  }
  const Event same = event_of(1, "more", std::chrono::seconds{0});
  engine.apply(same, same.timestamp);
  const std::string state = saved(engine);
  CHECK(error_of(state, config).empty());
  EngineConfig other = config;
  other.gap = std::chrono::seconds{15};  // sessions that would have been one
  CHECK(error_of(state, other) == "the sessions are damaged");
  other = config;
  other.max_ids = 1;  // more than may be remembered
  CHECK(error_of(state, other) == "the sessions are damaged");
  engine.advance_watermark(kScriptStart + std::chrono::seconds{10});
  other = config;
  other.gap = std::chrono::seconds{9};  // a session that would have closed
  CHECK(error_of(saved(engine), config).empty());
  CHECK(error_of(saved(engine), other) == "the sessions do not add up to the figures");
}

TEST_CASE("A state of the version before entry pages is read: those of its sessions are not known") {
  std::ifstream file(STATE_BEFORE, std::ios::binary);
  const std::string state{std::istreambuf_iterator<char>(file), {}};
  REQUIRE_FALSE(state.empty());
  EngineConfig config = rich_config();
  config.give_rows = true;
  Engine engine = restored(config, state);
  CHECK(engine.metrics() == rich_engine().metrics());
  Event event = event_of(2, "new", std::chrono::seconds{-1});
  engine.apply(event, event.timestamp);
  event.user = UserId{1000};
  event.event_id = "newer";
  engine.apply(event, event.timestamp);
  engine = restored(config, saved(engine));
  engine.close_all();
  Rows rows;
  engine.take_rows({}, rows);
  CHECK(rows.sessions.size() > 40);
  for (const SessionRow& row : rows.sessions) {
    CHECK(row.entry_page.has_value() == (row.session.user == UserId{1000}));
  }
}

TEST_CASE("A window that is added or removed keeps the sessions, and the others") {
  using std::chrono::seconds;
  const WindowSpec five{seconds{5}, seconds{5}};
  const WindowSpec ten{seconds{10}, seconds{10}};
  const auto with = [](std::vector<WindowSpec> windows) {
    EngineConfig config;
    config.windows = std::move(windows);
    return config;
  };
  Engine engine(with({five}));
  const auto count = [&engine](const std::string& id, int second) {
    const Event event = event_of(1, id, seconds{second});
    engine.apply(event, event.timestamp);
  };
  count("a", 1);
  count("b", 17);
  count("c", 12);
  const Metrics before = engine.metrics();

  engine = restored(with({five, ten}), saved(engine));
  REQUIRE(engine.metrics().windows.size() == 2);
  CHECK(engine.metrics().windows[0] == before.windows[0]);
  CHECK(engine.metrics().sessions == before.sessions);
  // Events of 17 s were there before it: the first that is whole begins at 20 s.
  CHECK(engine.metrics().windows[1].complete_from == kScriptStart + seconds{20});
  count("d", 19);
  count("e", 21);
  count("f", 60);
  std::vector<Timestamp> starts;
  for (const Window& window : engine.metrics().windows[1].windows) starts.push_back(window.start);
  CHECK(starts == std::vector{kScriptStart + seconds{20}});
  CHECK(engine.metrics().windows[0].windows.size() == 4);

  engine = restored(with({ten}), saved(engine));
  REQUIRE(engine.metrics().windows.size() == 1);
  CHECK(engine.metrics().windows[0].windows.size() == 1);
  count("a", 1);
  CHECK(engine.metrics().events.duplicate == 1);

  // Taken away and given again, it begins anew; with no event yet, at the beginning.
  engine = restored(with({}), saved(engine));
  engine = restored(with({ten}), saved(engine));
  CHECK(engine.metrics().windows[0].complete_from == kScriptStart + seconds{70});
  CHECK(restored(with({five, ten}), saved(Engine(with({ten})))).metrics() == Engine(with({five, ten})).metrics());
}

}  // namespace
}  // namespace clickstream
