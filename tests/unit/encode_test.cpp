// Event -> JSON: golden lines, and back again.
#include "clickstream/encode.h"

#include <random>
#include <string>

#include "clickstream/decode.h"
#include "support/catch.h"
#include "support/random_event.h"

namespace clickstream {
namespace {

Event event_of_the_definition() {
  Event event;
  event.event_id = "5d34b89c-3a34-44a8-9dc0-2b9abcf5f7d5";
  event.user = UserId{1432};
  event.session = SessionId{32};
  event.page = "/products";
  event.action = "click";
  event.duration = Duration{2'400'000};
  event.timestamp = timestamp_from_micros(1'731'283'897'211'000);
  return event;
}

std::string encoded(const Event& event) {
  std::string json;
  encode(event, json);
  return json;
}

std::string encoded_duration(std::int64_t micros) {
  Event event = event_of_the_definition();
  event.duration = Duration{micros};
  const std::string json = encoded(event);
  const std::size_t begin = json.find("\"duration\":") + 11;
  return json.substr(begin, json.find(',', begin) - begin);
}

std::string encoded_page(std::string_view page) {
  Event event = event_of_the_definition();
  event.page = page;
  const std::string json = encoded(event);
  const std::size_t begin = json.find("\"page\":") + 7;
  return json.substr(begin, json.find(",\"action\"") - begin);
}

}  // namespace

TEST_CASE("The event of the definition is encoded as it stands there") {
  CHECK(encoded(event_of_the_definition()) ==
        R"({"event_id":"5d34b89c-3a34-44a8-9dc0-2b9abcf5f7d5","user_id":1432,"session_id":32,)"
        R"("page":"/products","action":"click","duration":2.4,"timestamp":1731283897.211})");
}

TEST_CASE("The ends of the ranges") {
  Event event;
  event.event_id = "a";
  event.page = "/";
  event.action = "";
  event.timestamp = timestamp_from_micros(946'684'800'000'000);
  CHECK(encoded(event) ==
        R"({"event_id":"a","user_id":0,"session_id":0,"page":"/","action":"","duration":0,"timestamp":946684800})");
  event.user = UserId{9223372036854775807};
  event.session = SessionId{9223372036854775807};
  event.duration = std::chrono::hours{24};
  event.timestamp = timestamp_from_micros(4'102'444'800'000'000);
  CHECK(encoded(event) == R"({"event_id":"a","user_id":9223372036854775807,"session_id":9223372036854775807,)"
                          R"("page":"/","action":"","duration":86400,"timestamp":4102444800})");
}

TEST_CASE("Times are the shortest decimal of their microseconds") {
  CHECK(encoded_duration(0) == "0");
  CHECK(encoded_duration(1) == "0.000001");
  CHECK(encoded_duration(10) == "0.00001");
  CHECK(encoded_duration(100'000) == "0.1");
  CHECK(encoded_duration(999'999) == "0.999999");
  CHECK(encoded_duration(1'000'000) == "1");
  CHECK(encoded_duration(10'000'000) == "10");
  CHECK(encoded_duration(1'000'001) == "1.000001");
  CHECK(encoded_duration(61'250'000) == "61.25");
  CHECK(encoded_duration(86'399'999'999) == "86399.999999");
}

TEST_CASE("Text is escaped where JSON asks for it, and only there") {
  CHECK(encoded_page("/a/b?c=d&e=<f>#g") == R"("/a/b?c=d&e=<f>#g")");
  CHECK(encoded_page("\"") == R"("\"")");
  CHECK(encoded_page("a\\b") == R"("a\\b")");
  CHECK(encoded_page("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7f") == "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7f\"");
  for (int c = 0; c < 32; ++c) {
    const std::string page = encoded_page(std::string(1, static_cast<char>(c)));
    INFO(page);
    CHECK(page.size() > 3);
    CHECK(page[1] == '\\');
  }
}

TEST_CASE("An encoded event is appended, on one line") {
  std::string json = "before\n";
  encode(event_of_the_definition(), json);
  json += '\n';
  encode(event_of_the_definition(), json);
  const std::string one = encoded(event_of_the_definition());
  CHECK(json == "before\n" + one + "\n" + one);
  CHECK(encoded_page("a\nb\rc").find_first_of("\n\r") == std::string::npos);
}

TEST_CASE("What is encoded is decoded to the same event") {
  RandomEvents random(11);
  Decoder decoder;
  for (int i = 0; i < 50'000; ++i) {
    const Event event = random.next();
    const std::string json = encoded(event);
    INFO(json);
    const auto back = decoder.decode(json, event.timestamp);
    REQUIRE(back);
    const bool same = back->event_id == event.event_id && back->user == event.user && back->session == event.session &&
                      back->page == event.page && back->action == event.action && back->duration == event.duration &&
                      back->timestamp == event.timestamp;
    REQUIRE(same);
  }
}

}  // namespace clickstream
