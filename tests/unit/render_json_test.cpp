#include "render/json.h"

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

TEST_CASE("absent figures are null") {
  const std::string json = stats_json(test::empty_sample(), true);
  CHECK(golden("stats_empty.compact.json", json) == json);
}

TEST_CASE("the JSON reads back, pretty and compact") {
  for (const bool compact : {false, true}) {
    for (const Snapshot& original : {test::sample(), test::empty_sample()}) {
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
  CHECK(error_of(std::string(1'000'000, '[')).rfind(prefix, 0) == 0);  // deep, but no stack is lost
}
