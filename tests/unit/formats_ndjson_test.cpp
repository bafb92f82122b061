// Recorded events as JSON lines, a document with another timestamp, and what tells the formats apart.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clickstream/encode.h"
#include "formats/recording.h"
#include "support/catch.h"
#include "support/random_event.h"

namespace clickstream::formats {
namespace {

constexpr Timestamp kNow = timestamp_from_micros(1'731'283'897'000'000);

constexpr std::string_view kGood =
    R"({"event_id":"5d34b89c","user_id":1432,"session_id":32,"page":"/products","action":"click",)"
    R"("duration":2.4,"timestamp":1731283897.211})";

std::unique_ptr<Recording> recording() {
  RecordingOptions options;
  options.now = kNow;
  auto made = make_recording(options);
  REQUIRE(made);
  return std::move(*made);
}

}  // namespace

TEST_CASE("JSON lines come out as they went in") {
  const auto ndjson = recording();
  const std::string line = " " + std::string(kGood) + " ";
  ndjson->take(line, {2, 7});
  Recorded recorded;
  REQUIRE(ndjson->next(recorded));
  CHECK(recorded.json == line);
  CHECK(recorded.place == Place{2, 7});
  CHECK(recorded.event.event_id == "5d34b89c");
  CHECK(recorded.event.page == "/products");
  CHECK(recorded.event.action == "click");
  CHECK(value(recorded.event.user) == 1432);
  CHECK(recorded.event.timestamp.time_since_epoch().count() == 1'731'283'897'211'000);
  CHECK(!ndjson->next(recorded));
  CHECK(!ndjson->failure());
}

TEST_CASE("Several JSON lines may be taken before the first event is asked for") {
  const auto ndjson = recording();
  Recorded recorded;
  for (const std::size_t lines : {3U, 1U, 5U}) {
    for (std::size_t i = 1; i <= lines; ++i) ndjson->take(std::string(i, ' ') + std::string(kGood), {0, i});
    for (std::size_t i = 1; i <= lines; ++i) {
      REQUIRE(ndjson->next(recorded));
      CHECK(recorded.json == std::string(i, ' ') + std::string(kGood));
      CHECK(recorded.event.event_id == "5d34b89c");
      CHECK(recorded.place.line == i);
    }
    CHECK(!ndjson->next(recorded));
  }
  CHECK(ndjson->tally().events == 9);
}

TEST_CASE("What is no event is rejected by the decoder's reason, and blank lines are none") {
  const auto ndjson = recording();
  ndjson->take("", {0, 1});
  ndjson->take(" \t ", {0, 2});
  ndjson->take("hello", {0, 3});
  ndjson->take("{}", {0, 4});
  ndjson->take(kGood, {0, 5});
  std::string late(kGood);
  late.replace(late.find("1731283897"), 10, "1731287498");  // an hour and a second past `now`
  ndjson->take(late, {0, 6});
  const auto rejections = ndjson->take_rejections();
  REQUIRE(rejections.size() == 3);
  CHECK(rejections[0].reason == "not_json");
  CHECK(rejections[0].text == "hello");
  CHECK(rejections[0].place == Place{0, 3});
  CHECK(rejections[1].reason == "missing_event_id");
  CHECK(rejections[2].reason == "out_of_range_timestamp");
  CHECK(rejections[2].text == late);
  CHECK(ndjson->take_rejections().empty());
  const Tally& tally = ndjson->tally();
  CHECK(tally.lines == 6);
  CHECK(tally.empty == 2);
  CHECK(tally.rejected == 3);
  CHECK(tally.events == 1);
}

TEST_CASE("A byte-order mark is skipped at the start of a file, and only there") {
  const auto ndjson = recording();
  const std::string marked = "\xef\xbb\xbf" + std::string(kGood);
  ndjson->take(marked, {0, 1});
  ndjson->take(marked, {0, 2});
  ndjson->end_of_file();
  ndjson->take(marked, {1, 1});
  ndjson->take("\xef\xbb\xbf", {2, 1});
  Recorded recorded;
  REQUIRE(ndjson->next(recorded));
  CHECK(recorded.json == kGood);
  REQUIRE(ndjson->next(recorded));
  CHECK(recorded.place == Place{1, 1});
  const auto rejections = ndjson->take_rejections();
  REQUIRE(rejections.size() == 1);
  CHECK(rejections[0].reason == "not_json");
  CHECK(ndjson->tally().empty == 1);
}

TEST_CASE("Another timestamp leaves everything else as it was") {
  const Timestamp other = timestamp_from_micros(1'700'000'000'250'000);
  const std::vector<std::pair<std::string, std::string>> documents = {
      {R"({"timestamp":1731283897.211})", R"({"timestamp":1700000000.25})"},
      {R"({"timestamp":1.731283897211E9,"x":1})", R"({"timestamp":1700000000.25,"x":1})"},
      {"{ \"timestamp\"\t:  -1 \n}", "{ \"timestamp\"\t:  1700000000.25 \n}"},
      // Deeper ones are someone else's.
      {R"({"a":{"timestamp":5},"b":[{"timestamp":6}],"timestamp":7,"c":{"timestamp":8}})",
       R"({"a":{"timestamp":5},"b":[{"timestamp":6}],"timestamp":1700000000.25,"c":{"timestamp":8}})"},
      {R"({"timestamps":1,"timestamp ":2,"timestamp":3})",
       R"({"timestamps":1,"timestamp ":2,"timestamp":1700000000.25})"},
      // A name may be written in escapes.
      {R"({"time\u0073tamp":3})", R"({"time\u0073tamp":1700000000.25})"},
      // Numbers to the digit, escapes as they are, unknown fields twice.
      {R"({"n":1.0000000000000000000001e-7,"n":0.10,"s":"\u00e9\/ü","timestamp":0,"z":null})",
       R"({"n":1.0000000000000000000001e-7,"n":0.10,"s":"\u00e9\/ü","timestamp":1700000000.25,"z":null})"},
  };
  for (const auto& [before, after] : documents) CHECK(with_timestamp(before, other) == after);
  CHECK(with_timestamp(R"({"timestamp":7})", timestamp_from_micros(1'700'000'000'000'000)) ==
        R"({"timestamp":1700000000})");
  CHECK(with_timestamp(R"({"timestamp":7})", timestamp_from_micros(1'700'000'000'000'001)) ==
        R"({"timestamp":1700000000.000001})");
}

TEST_CASE("Depth does not break the search for the timestamp") {
  constexpr std::size_t kDepth = 200'000;
  const std::string deep = "{\"a\":" + std::string(kDepth, '[') + std::string(kDepth, ']') + ",\"timestamp\":";
  CHECK(with_timestamp(deep + "1}", timestamp_from_micros(2'000'000)) == deep + "2}");
}

TEST_CASE("An event with another timestamp is that event, later") {
  RandomEvents events(7);
  RandomEvents others(8);
  for (int i = 0; i < 2000; ++i) {
    Event event = events.next();
    std::string before;
    encode(event, before);
    event.timestamp = others.next().timestamp;
    std::string after;
    encode(event, after);
    CHECK(with_timestamp(before, event.timestamp) == after);
  }
}

TEST_CASE("A file's first line tells its format") {
  const std::vector<std::pair<std::string, Format>> lines = {
      {std::string(kGood), Format::ndjson},
      {"  {", Format::ndjson},
      {"\xef\xbb\xbf{}", Format::ndjson},
      {"", Format::ndjson},
      {"hello", Format::ndjson},
      {"[1,2]", Format::ndjson},
      {"user_id,page,timestamp", Format::csv},
      {"\xef\xbb\xbf\"user_id\";\"page\";\"timestamp\"", Format::csv},
      {"user\tpage\ttime", Format::csv},
      {R"(192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326)", Format::common},
      {R"(192.0.2.1 - a b [10/Oct/2000:13:55:36 -0700] "GET /?a=1,2 HTTP/1.0" 200 - "-" "curl/8, or not")",
       Format::combined},
      {R"(2001:db8::1 - - [10/Oct/2000:13:55:36 -0700] "\x16\x03" 400 0 "-" "-" 0.001)", Format::combined},
  };
  for (const auto& [line, format] : lines) {
    CAPTURE(line);
    CHECK(detect_format(line) == format);
  }
}

}  // namespace clickstream::formats
