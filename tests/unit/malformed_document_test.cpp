// Documents that are no event: each is malformed for the reason that it was made for.
#include "core/simulator/malformed_document.h"

#include <set>

#include "clickstream/decode.h"
#include "clickstream/encode.h"
#include "support/catch.h"

namespace clickstream {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kNow = timestamp_from_micros(1'704'067'200'000'000);

TEST_CASE("Each turn's document is malformed for its reason, whatever event it is made from") {
  Event event;
  event.event_id = "5d34b89c-3a34-44a8-9dc0-2b9abcf5f7d5";
  event.user = UserId{1432};
  event.session = SessionId{32};
  event.page = "/products";
  event.action = "click";
  event.duration = 2'400ms;
  event.timestamp = kNow - 100us;
  SECTION("usual") {}
  SECTION("no fractions") {
    event.duration = 0s;
    event.timestamp = kNow;
  }
  SECTION("the least of everything") {
    event.event_id = "x";
    event.user = UserId{0};
    event.session = SessionId{0};
    event.page = "/";
    event.action = "";
    event.timestamp = timestamp_from_micros(946'684'800'000'000);
  }
  SECTION("the most") {
    event.user = UserId{INT64_MAX};
    event.session = SessionId{INT64_MAX};
    event.duration = 24h;
  }
  SECTION("a page that looks like fields") {
    event.page = "\",\"user_id\":7,\"action\":\"click\",\"timestamp\":1},\"\\\",\"duration\":\n";
  }
  SECTION("a page of UTF-8") { event.page = "/\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"; }
  std::string good;
  encode(event, good);
  Decoder decoder;
  REQUIRE(decoder.decode(good, kNow));

  std::set<Malformed> reasons;
  int no_text = 0;
  for (std::uint64_t turn = 0; turn < 4 * kMalformedReasons; ++turn) {
    std::string document = "before";
    append_malformed(turn, good, document);
    REQUIRE(document.substr(0, 6) == "before");
    document.erase(0, 6);
    INFO(document);
    const auto decoded = decoder.decode(document, kNow);
    REQUIRE_FALSE(decoded);
    CHECK(name(decoded.error()) == name(reason_of(turn)));
    CHECK_FALSE(document.empty());
    CHECK(document.find_first_of("\n\r") == std::string::npos);
    reasons.insert(decoded.error());
    if (document.find('\xff') != std::string::npos) ++no_text;
  }
  CHECK(reasons.size() == kMalformedReasons);
  CHECK(no_text == 2);
}

}  // namespace
}  // namespace clickstream
