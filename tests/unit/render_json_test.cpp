#include "render/json.h"

#include <algorithm>

#include "golden/golden.h"
#include "golden/sample.h"
#include "support/catch.h"

using namespace clickstream;
using namespace clickstream::render;
using test::golden;

namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string error_of(const std::string& json) {
  const auto parsed = parse_stats_json(json);
  if (parsed) return "none";
  CHECK(parsed.error().code == Exit::failed);
  CHECK(parsed.error().message.find('\n') == std::string::npos);
  return parsed.error().message;
}

}  // namespace

TEST_CASE("the JSON of a snapshot") {
  const std::string pretty = stats_json(test::sample());
  CHECK(golden("stats.json", pretty) == pretty);
  const std::string compact = stats_json(test::sample(), true);
  CHECK(golden("stats.compact.json", compact) == compact);
  CHECK(compact.find('\n') == compact.size() - 1);
}

TEST_CASE("the JSON of a snapshot with windows") {
  const std::string pretty = stats_json(test::windows_sample());
  CHECK(golden("stats_windows.json", pretty) == pretty);
}

TEST_CASE("a window lists the 10 pages with the most views") {
  using namespace std::chrono_literals;
  Snapshot snapshot = test::empty_sample();
  Window window{Timestamp{1min}};
  for (std::size_t i = 0; i < 12; ++i) {
    snapshot.total.pages.push_back({"/" + std::to_string(i), 100});
    window.pages.push_back({i, i + 1});
  }
  snapshot.total.windows = {{{1min, 1min}}};
  snapshot.total.windows[0].windows = {window};
  const std::string json = stats_json(snapshot, true);
  const std::string listed = json.substr(json.find("\"windows\""));
  CHECK(listed.find(R"("pages":[{"page":"/11","page_views":12},{"page":"/10","page_views":11},)") != std::string::npos);
  CHECK(listed.find(R"({"page":"/2","page_views":3}]}]})") != std::string::npos);
  CHECK(listed.find(R"("/1")") == std::string::npos);
}

TEST_CASE("absent figures are null") {
  const std::string json = stats_json(test::empty_sample(), true);
  CHECK(golden("stats_empty.compact.json", json) == json);
}

TEST_CASE("the JSON reads back, pretty and compact") {
  for (const bool compact : {false, true}) {
    for (const Snapshot& original : {test::sample(), test::windows_sample(), test::empty_sample()}) {
      const auto parsed = parse_stats_json(stats_json(original, compact));
      REQUIRE(parsed);
      CHECK(stats_json(*parsed, compact) == stats_json(original, compact));
      CHECK(parsed->total.sessions.merged == 0);
      CHECK(parsed->total.sessions.total() == original.total.sessions.total());
      CHECK(parsed->total.sessions.open() == original.total.sessions.open());
      CHECK(parsed->total.events == original.total.events);
      CHECK(parsed->total.users == original.total.users);
    }
  }
}

TEST_CASE("windows read back by kind, their pages by position") {
  const Snapshot original = test::windows_sample();
  const auto parsed = parse_stats_json(stats_json(original));
  REQUIRE(parsed);
  const std::vector<WindowSeries>& windows = parsed->total.windows;
  REQUIRE(windows.size() == 2);  // of the others no window is listed
  for (std::size_t kind = 0; kind < windows.size(); ++kind) {
    const WindowSeries& written = original.total.windows[kind];
    CHECK(windows[kind].spec == written.spec);
    REQUIRE(windows[kind].windows.size() == written.windows.size());
    for (std::size_t i = 0; i < written.windows.size(); ++i) {
      const Window& window = windows[kind].windows[i];
      CHECK(window.start == written.windows[i].start);
      CHECK(window.users == written.windows[i].users);
      CHECK(top_pages(parsed->total, window, 10) == top_pages(original.total, written.windows[i], 10));
      CHECK(std::is_sorted(window.pages.begin(), window.pages.end(),
                           [](const WindowPage& a, const WindowPage& b) { return a.page < b.page; }));
    }
  }
}

TEST_CASE("no figure passes through a double") {
  Snapshot original = test::empty_sample();
  original.total.page_views = 18'446'744'073'709'551'615U;
  original.total.sessions.total_duration = Duration::max();
  const auto parsed = parse_stats_json(stats_json(original));
  REQUIRE(parsed);
  CHECK(parsed->total.page_views == original.total.page_views);
  CHECK(parsed->total.sessions.total_duration == original.total.sessions.total_duration);
}

TEST_CASE("a page name survives whatever it holds") {
  Snapshot original = test::empty_sample();
  original.total.pages = {{std::string{"/\0\"\\\n\x1b é", 9}, 1}, {"12", 2}};
  const auto parsed = parse_stats_json(stats_json(original));
  REQUIRE(parsed);
  CHECK(sorted_pages(parsed->total) == sorted_pages(original.total));
}

TEST_CASE("a missing reason is 0") {
  const auto parsed = parse_stats_json(replaced(stats_json(test::sample(), true), "\"not_object\":0,", ""));
  REQUIRE(parsed);
  CHECK(parsed->total.events == test::sample().total.events);
}

TEST_CASE("figures that are none are an error that says which") {
  const std::string json = stats_json(test::sample(), true);
  const auto with = [&json](const std::string& from, const std::string& to) {
    return error_of(replaced(json, from, to));
  };
  const std::string prefix = "these are no figures of clickstream: ";
  CHECK(error_of("") == prefix + "not JSON at byte 0: The document is empty.");
  CHECK(error_of("[]") == prefix + "the document is not an object");
  CHECK(error_of("{}") == prefix + "as_of is missing");
  CHECK(error_of(json + "x").rfind(prefix + "not JSON at byte ", 0) == 0);
  CHECK(with("2026", "yest") == prefix + "as_of is not a moment like 2026-11-23T22:15:07Z");
  CHECK(with("\"not_object\":0", "\"bad_hair\":0") ==
        prefix + "malformed_reasons.bad_hair is a reason that this version does not know");
  CHECK(with("\"not_json\":4", "\"not_json\":5") == prefix + "events.malformed is not the sum of its reasons");
  CHECK(with("\"clicks\":21", "\"clicks\":-1") == prefix + "clicks is not a count");
  CHECK(with("\"clicks\":21", "\"clicks\":1.5") == prefix + "clicks is not a count");
  CHECK(with("\"clicks\":21", "\"clicks\":18446744073709551616") == prefix + "clicks is not a count");
  CHECK(with("\"users\":10", "\"users\":\"many\"") == prefix + "users is not a count");
  CHECK(with("\"sessions\":{", "\"sessions\":[],\"other\":{") == prefix + "sessions is not an object");
  CHECK(with("\"open\":3", "\"open\":13") == prefix + "sessions.open is more than the total");
  for (const char* seconds : {"-1.0", "1e3", "1.0000001", "\"1.\"", "9223372036855.0", "null"}) {
    CAPTURE(seconds);
    CHECK(with("\"total_duration_seconds\":736.000001", std::string{"\"total_duration_seconds\":"} + seconds) ==
          prefix + "sessions.total_duration_seconds is not a number of seconds");
  }
  CHECK(with("\"page\":\"/home\"", "\"name\":\"/home\"") == prefix + "pages[0].page is missing");
  CHECK(with("\"windows\":[]", "\"window\":[]") == prefix + "windows is missing");
  CHECK(with("\"windows\":[]", "\"windows\":{}") == prefix + "windows is not a list");
  CHECK(with("\"windows\":[]", "\"windows\":[1]") == prefix + "windows[0] is not an object");
  CHECK(error_of(std::string(1'000'000, '[')).rfind(prefix, 0) == 0);  // deep, but no stack is lost
}

TEST_CASE("windows that are none are an error that says which") {
  const std::string json = stats_json(test::windows_sample(), true);
  const std::string first = R"("window":"1m","start":1795471860,"end":1795471920)";
  const auto with = [&json](const std::string& from, const std::string& to) {
    return error_of(replaced(json, from, to));
  };
  const std::string prefix = "these are no figures of clickstream: windows";
  CHECK(with("\"window\":\"1m\"", "\"window\":\"60s\"") ==
        prefix + "[0].window is not a kind of windows like 1m or 5m/1m");
  CHECK(with("\"window\":\"1m\",", "") == prefix + "[0].window is missing");
  CHECK(with(first, R"("window":"1m","start":1795471861,"end":1795471921)") ==
        prefix + "[0].start is not a multiple of the hop");
  CHECK(with(first, R"("window":"1m","start":1795471860.5,"end":1795471920)") == prefix + "[0].start is not a count");
  CHECK(with(first, R"("window":"1m","start":9223372036800,"end":9223372036860)") ==
        prefix + "[0].start is not a moment");
  CHECK(with(first, R"("window":"1m","start":1795471860,"end":1795471860)") ==
        prefix + "[0].end is not the start and the size");
  CHECK(with(first, R"("window":"1m","start":1795471920,"end":1795471980)") ==
        prefix + "[1] does not follow by size, hop and start");
  CHECK(with("\"window\":\"5m/1m\",\"start\":1795471740,\"end\":1795472040",
             "\"window\":\"1s\",\"start\":1795471740,\"end\":1795471741") ==
        prefix + "[4] does not follow by size, hop and start");
  CHECK(with("\"users\":4,\"click", "\"users\":null,\"click") == prefix + "[0].users is not a count");
  const std::string page = R"({"page":"/cart","page_views":30})";
  CHECK(with(page, R"({"page":"/other","page_views":30})") == prefix + "[0].pages[2].page is not one of all pages");
  CHECK(with(page, R"({"page":"/home","page_views":30})") == prefix + "[0].pages has a page that is listed twice");
  CHECK(with(page, R"({"page":"/cart"})") == prefix + "[0].pages[2].page_views is missing");
  CHECK(with(R"("click_through_rate_percent":null,"pages":[])", R"("pages":7)") == prefix + "[1].pages is not a list");
}
