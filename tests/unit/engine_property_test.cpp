// The engine against a slow, obvious oracle, on random logs; and the two laws of the final figures.
//
// CLICKSTREAM_PROPERTY_CASES multiplies the number of cases (100 = a long night).
#include <algorithm>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <tuple>
#include <utility>

#include "clickstream/encode.h"
#include "support/catch.h"
#include "support/decoding_set.h"
#include "support/oracle.h"
#include "support/random_log.h"
#include "support/script.h"

namespace clickstream {
namespace {

std::string_view name(Outcome outcome) {
  return outcome == Outcome::counted ? "counted" : outcome == Outcome::duplicate ? "duplicate" : "late";
}

std::string text_of(const std::vector<Session>& sessions) {
  std::ostringstream text;
  for (const Session& session : sessions) {
    text << " " << value(session.user) << "/" << value(session.id) << ":" << session.events;
  }
  return text.str();
}

auto all_fields(const Session& s) {
  return std::tuple(s.user, s.id, s.start, s.end, s.event_duration, s.events, s.page_views, s.clicks);
}

// Whether `found` are the first `size` of those touched. Where sessions merged in the round, only the first is sure:
// the two may have taken the place of another.
bool are_busiest(const std::vector<Session>& found, const std::vector<Session>& touched, std::size_t size,
                 bool merged) {
  const auto before = [](const Session& a, const Session& b) { return all_fields(a) < all_fields(b); };
  std::vector<Session> some = found;
  std::vector<Session> all = touched;
  std::sort(some.begin(), some.end(), before);
  std::sort(all.begin(), all.end(), before);
  if (!std::includes(all.begin(), all.end(), some.begin(), some.end(), before)) return false;
  if (!std::is_sorted(found.begin(), found.end(), busier)) return false;
  const std::size_t sure = std::min({size, touched.size(), merged ? std::size_t{1} : size});
  if (found.size() < sure || found.size() > size) return false;
  // Sessions of the same ids, start and number of events are in no order.
  return std::equal(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(sure), touched.begin(),
                    [](const Session& a, const Session& b) { return !busier(a, b) && !busier(b, a); });
}

// Lines for the rows that the engine has to give, among those before.
void add_rows(Engine& engine, std::vector<std::string>& lines) {
  Rows rows;
  engine.take_rows({}, rows);
  for (const SessionRow& row : rows.sessions) lines.push_back(line_of(row));
  for (const WindowRow& row : rows.windows) lines.push_back(line_of(row));
  std::sort(lines.begin(), lines.end());
}

// Feeds the log to both; empty if they agree after every step and at the end.
std::string first_difference(const Log& log) {
  EngineConfig config = log.config;
  config.give_rows = true;
  Engine engine(config);
  OracleReplay oracle(log.config);
  std::uint64_t merged_before = 0;
  std::vector<std::string> rows;
  for (std::size_t i = 0; i <= log.steps.size(); ++i) {
    const std::string where = "step " + std::to_string(i + 1) + ":";
    if (i == log.steps.size()) {
      engine.close_all();
      oracle.close_all();
    } else if (const Step& step = log.steps[i]; step.kind == Step::Kind::event) {
      const Outcome expected = oracle.apply(step.sent.event, step.sent.record_time);
      const Outcome found = engine.apply(step.sent.event, step.sent.record_time);
      if (found != expected) return where + " is " + std::string(name(found)) + ", not " + std::string(name(expected));
    } else if (step.kind == Step::Kind::malformed) {
      engine.reject(step.reason);
      oracle.reject(step.reason);
    } else if (step.kind == Step::Kind::watermark) {
      engine.advance_watermark(step.watermark);
      oracle.advance_watermark(step.watermark);
    } else {
      const std::uint64_t merged_now = oracle.metrics().sessions.merged;
      const bool merged = merged_now != std::exchange(merged_before, merged_now);
      const std::vector<Session> touched = oracle.take_touched();
      const std::vector<Session> found = engine.take_busiest();
      if (!are_busiest(found, touched, log.config.busiest, merged)) {
        return where + " the busiest are" + text_of(found) + ", of" + text_of(touched);
      }
    }
    const Metrics expected = oracle.metrics();
    const Metrics& found = engine.metrics();
    if (!(found == expected)) return where + different_figures(expected, found);
    if (found.sessions.open() != oracle.open_sessions()) return where + " open sessions are not those counted";
    if (engine.has_open() != (oracle.open_sessions() > 0 || oracle.has_open_windows())) return where + " has_open()";
    if (engine.watermark() != oracle.watermark()) return where + " the watermark differs";
    add_rows(engine, rows);
    if (rows != oracle.rows()) return where + " other rows";
    const EventCounts& books = found.events;
    if (books.consumed != books.counted + books.duplicate + books.late + books.malformed_total()) {
      return where + " the books do not balance";
    }
    std::vector<UserId> users = engine.users();
    std::sort(users.begin(), users.end());
    if (users.size() != found.users.value_or(0)) return where + " users() has another number than the figure";
    if (std::adjacent_find(users.begin(), users.end()) != users.end()) return where + " a user twice";
  }
  return "";
}

// The shortest log still wrong that dropping steps leads to.
Log shrunk(Log log) {
  for (std::size_t chunk = log.steps.size(); chunk > 0;) {
    bool dropped = false;
    for (std::size_t i = 0; i + chunk <= log.steps.size();) {
      Log shorter = log;
      const auto begin = shorter.steps.begin() + static_cast<std::ptrdiff_t>(i);
      shorter.steps.erase(begin, begin + static_cast<std::ptrdiff_t>(chunk));
      if (first_difference(shorter).empty()) {
        ++i;
      } else {
        log = shorter;
        dropped = true;
      }
    }
    if (!dropped || chunk > log.steps.size()) chunk /= 2;
  }
  return log;
}

// The log as a behaviour script that says what the oracle says.
std::string script_of(const Log& log) {
  const auto at = [](Timestamp moment) { return format_span(moment - kScriptStart); };
  std::ostringstream script;
  script << "# What the oracle says of a log that the engine counts otherwise\n";
  script << "options gap=" << format_span(log.config.gap) << " lateness=" << format_span(log.config.lateness);
  script << " max_pages=" << log.config.max_pages.value_or(1'000'000) << " max_ids=" << log.config.max_ids;
  script << " max_windows=" << log.config.max_windows.value_or(1'000'000);
  for (const WindowSpec& spec : log.config.windows)
    script << " window=" << format_span(spec.size) << "/" << format_span(spec.hop);
  script << "\n";
  EngineConfig config = log.config;
  config.count_users = true;
  OracleReplay oracle(config);
  const auto expect = [&] {
    script << "expect";
    for (const auto& [key, text] : figures(oracle.metrics(), oracle.watermark())) {
      if (text != "0") script << " " << key << "=" << text;
    }
    script << "\n";
  };
  for (const Step& step : log.steps) {
    if (step.kind == Step::Kind::event) {
      const Event& event = step.sent.event;
      script << "event user=" << value(event.user) << " session=" << value(event.session) << " id=" << event.event_id
             << " at=" << at(event.timestamp) << " for=" << format_span(event.duration) << " page=" << event.page
             << " action=" << event.action << " record=" << at(step.sent.record_time) << " -> "
             << name(oracle.apply(event, step.sent.record_time)) << "\n";
    } else if (step.kind == Step::Kind::malformed) {
      script << "malformed " << clickstream::name(step.reason) << "\n";
      oracle.reject(step.reason);
    } else if (step.kind == Step::Kind::watermark) {
      script << "watermark " << at(step.watermark) << "\n";
      oracle.advance_watermark(step.watermark);
    } else {
      script << "# take_busiest(), of" << text_of(oracle.take_touched()) << "\n";
    }
  }
  expect();
  script << "end\n";
  oracle.close_all();
  expect();
  return script.str();
}

void check(const Log& log, std::uint64_t seed) {
  if (first_difference(log).empty()) return;
  const Log least = shrunk(log);
  std::cerr << script_of(least);  // Catch2 would break its lines
  FAIL("seed " << seed << ": " << first_difference(least) << "; the script is above");
}

Engine fed(const EngineConfig& config, const std::vector<Event>& log, Random& random) {
  Engine engine(config);
  for (const Event& event : log) {
    const Duration clock_behind = random.one_in(4) ? edge(random, config.gap) : Duration{0};
    engine.apply(event, event.timestamp - clock_behind);
  }
  engine.close_all();
  return engine;
}

std::string dump(const std::vector<Event>& events) {
  std::string lines;
  for (const Event& event : events) {
    encode(event, lines);
    lines += '\n';
  }
  return lines;
}

}  // namespace

TEST_CASE("The engine counts what the oracle counts, after every record") {
  for (std::uint64_t seed = 1; seed <= cases(60'000); ++seed) check(random_log(seed), seed);
}

TEST_CASE("The engine merges what the oracle merges") {
  for (std::uint64_t seed = 1; seed <= cases(30'000); ++seed) check(random_log_of_bridges(seed), seed);
}

TEST_CASE("The engine remembers the latest ids of a session and counts what it forgets") {
  for (std::uint64_t seed = 1; seed <= cases(3'000); ++seed) check(random_log_of_long_sessions(seed), seed);
}

TEST_CASE("The random logs reach every corner") {
  std::map<std::string, int> reached;
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
    const Log log = seed % 2 == 0 ? random_log(seed) : random_log_of_bridges(seed);
    OracleReplay oracle(log.config);
    for (const Step& step : log.steps) {
      if (step.kind == Step::Kind::watermark) oracle.advance_watermark(step.watermark);
      if (step.kind != Step::Kind::event) continue;
      const std::uint64_t merged = oracle.metrics().sessions.merged;
      ++reached[std::string(name(oracle.apply(step.sent.event, step.sent.record_time)))];
      const std::uint64_t merges = oracle.metrics().sessions.merged - merged;
      if (merges > 0) ++reached["merge"];
      if (merges > 1) ++reached["merge of three"];
    }
    const Metrics metrics = oracle.metrics();
    if (metrics.sessions.closed > 0 && oracle.open_sessions() > 0) ++reached["some closed"];
    if (!metrics.pages.empty() && metrics.pages.back().page == kOtherPages) ++reached["pages capped"];
    for (const WindowSeries& series : metrics.windows) {
      if (!series.windows.empty() && series.final_before != Timestamp::max()) ++reached["windows final and not"];
      if (series.complete_from != Timestamp::min()) ++reached["windows dropped"];
    }
  }
  for (const auto* corner : {"counted", "duplicate", "late", "merge", "merge of three", "some closed", "pages capped",
                             "windows final and not", "windows dropped"}) {
    INFO(corner);
    CHECK(reached[corner] >= 20);
  }
}

TEST_CASE("A reproduction is a script that runs") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Log log = random_log(seed);
    const std::vector<std::string> complaints = run_script("reproduction", script_of(log));
    INFO(script_of(log));
    CHECK(complaints == std::vector<std::string>{});
  }
}

TEST_CASE("Law 1: any arrival order within the lateness gives the same final figures") {
  for (std::uint64_t seed = 1; seed <= cases(20'000); ++seed) {
    Random random(seed);
    const EngineConfig config = config_of_the_laws(random);
    const std::vector<Event> events = random_events(random, config.gap);
    const Metrics expected = final_figures(events, config.gap, config.windows);
    for (int order = 0; order < 5; ++order) {
      const std::vector<Event> log = arrival_order(random, events, config.lateness);
      const Metrics found = without_order(fed(config, log, random).metrics());
      if (found == expected) continue;
      FAIL("seed " << seed << ", gap " << format_span(config.gap) << ", lateness " << format_span(config.lateness)
                   << ":" << different_figures(expected, found) << "\n"
                   << dump(log));
    }
  }
}

TEST_CASE("Law 2: engines fed disjoint users, then merged, equal one engine fed all of them") {
  for (std::uint64_t seed = 1; seed <= cases(20'000); ++seed) {
    Random random(seed);
    const EngineConfig config = config_of_the_laws(random);
    const std::vector<Event> log = arrival_order(random, random_events(random, config.gap), config.lateness);
    std::vector<std::vector<Event>> parts(static_cast<std::size_t>(1 + random.below(4)));
    for (const Event& event : log) parts[static_cast<std::size_t>(value(event.user)) % parts.size()].push_back(event);

    Metrics merged = fed(config, parts.front(), random).metrics();
    for (std::size_t i = 1; i < parts.size(); ++i) merge(merged, fed(config, parts[i], random).metrics());
    Metrics whole = fed(config, log, random).metrics();
    CHECK(merged.sessions.opened == whole.sessions.opened);
    CHECK(merged.sessions.merged == whole.sessions.merged);
    if (without_order(merged) == without_order(whole)) continue;
    FAIL("seed " << seed << ":" << different_figures(without_order(whole), without_order(merged)) << "\n" << dump(log));
  }
}

TEST_CASE("A set of engines, one a partition, gives the figures of the whole") {
  for (std::uint64_t seed = 1; seed <= cases(5'000); ++seed) {
    Random random(seed);
    const EngineConfig config = config_of_the_laws(random);
    const std::vector<Event> log = arrival_order(random, random_events(random, config.gap), config.lateness);
    DecodingSet set(config, std::chrono::hours{1});
    for (const int partition : {0, 1, 2}) set.assign(partition);
    for (const Event& event : log) {
      std::string json;
      encode(event, json);
      Record record;
      record.partition = static_cast<std::int32_t>(value(event.user) % 3);
      record.time = event.timestamp;
      record.payload = json;
      set.apply(record);
      record.partition = 7;  // not ours
      set.apply(record);
    }
    set.close_all();
    const Snapshot snapshot = set.snapshot(kScriptStart);
    const Metrics expected = final_figures(log, config.gap, config.windows);
    INFO("seed " << seed << ":" << different_figures(expected, without_order(snapshot.total)) << "\n" << dump(log));
    REQUIRE(without_order(snapshot.total) == expected);
    CHECK(snapshot.total.sessions.open() == 0);
    CHECK(set.distinct_users() == expected.users);
    REQUIRE(snapshot.partitions.size() == 3);
    Metrics sum = snapshot.partitions[0].metrics;
    merge(sum, snapshot.partitions[1].metrics);
    merge(sum, snapshot.partitions[2].metrics);
    CHECK(without_order(sum) == expected);
  }
}

TEST_CASE("A partition that is revoked takes its figures with it, and comes back empty") {
  EngineConfig config;
  config.count_users = true;
  DecodingSet set(config, std::chrono::hours{1});
  Record record;
  record.payload = "not json";
  set.assign(0);
  set.assign(1);
  set.apply(record);
  record.partition = 1;
  set.apply(record);
  set.apply(record);
  CHECK(set.snapshot(kScriptStart).total.events.consumed == 3);
  set.revoke(1);
  CHECK(set.snapshot(kScriptStart).total.events.consumed == 1);
  set.apply(record);
  CHECK(set.snapshot(kScriptStart).total.events.consumed == 1);
  set.assign(1);
  CHECK(set.snapshot(kScriptStart).total.events.consumed == 1);
  set.assign(0);
  CHECK(set.snapshot(kScriptStart).total.events.consumed == 0);
}

}  // namespace clickstream
