#include "cli/bound.h"

#include "support/catch.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;
using kafka::Bound;
using kafka::Edge;
using kafka::Offsets;

constexpr Timestamp kNow = timestamp_from_micros(1'700'000'000'000'000);

Bound bound(std::string_view text) {
  const auto parsed = parse_bound(text, kNow);
  INFO(text);
  REQUIRE(parsed);
  return *parsed;
}

std::string error_of(std::string_view text) {
  const auto parsed = parse_bound(text, kNow);
  return parsed ? "" : parsed.error();
}

bool reversed(std::string_view from, std::string_view to) { return is_reversed(bound(from), bound(to), kNow); }

TEST_CASE("a bound is an edge, offsets, or a time") {
  CHECK(bound("beginning") == Bound{Edge::begin});
  CHECK(bound("now") == Bound{Edge::end});
  CHECK(bound("0") == Bound{std::int64_t{0}});
  CHECK(bound("1731283897") == Bound{std::int64_t{1'731'283'897}});
  CHECK(bound("9223372036854775807") == Bound{INT64_MAX});
  CHECK(bound("0:5") == Bound{Offsets{{0, 5}}});
  CHECK(bound("2:7,0:123,10:0") == Bound{Offsets{{0, 123}, {2, 7}, {10, 0}}});
  CHECK(bound("12:30") == Bound{Offsets{{12, 30}}});
  CHECK(bound("-1h") == Bound{kNow - 1h});
  CHECK(bound("-90s") == Bound{kNow - 90s});
  CHECK(bound("2024-01-01") == Bound{timestamp_from_micros(1'704'067'200'000'000)});
  CHECK(bound("2024-01-01T01:00:00.5+01:00") == Bound{timestamp_from_micros(1'704'067'200'500'000)});
  CHECK(bound("@1731283897") == Bound{timestamp_from_micros(1'731'283'897'000'000)});
  CHECK(bound("@1731283897.25") == Bound{timestamp_from_micros(1'731'283'897'250'000)});
  CHECK(bound("@0") == Bound{Timestamp{}});
}

TEST_CASE("what is no bound says what would be one") {
  for (const char* wrong : {"",
                            " ",
                            "Beginning",
                            "earliest",
                            "end",
                            "-1",
                            "-5",
                            "+5",
                            "5-",
                            "1_000",
                            "9223372036854775808",
                            ":",
                            ",",
                            "0:",
                            ":5",
                            "0:5,",
                            ",0:5",
                            "0:5,,1:6",
                            "0:5,1",
                            "0:5:6",
                            "0;5",
                            "0:-5",
                            "2147483648:0",
                            "0:9223372036854775808",
                            "@",
                            "@@5",
                            "@-1h",
                            "@now",
                            "@2024-01-01",
                            "@1.2.3",
                            "@1.1234567",
                            "1.2.3",
                            "2024-13-01",
                            "yesterday",
                            "-1w"}) {
    INFO(wrong);
    CHECK(error_of(wrong).find("beginning") != std::string::npos);
  }
  CHECK(error_of("0:5,1:6,0:7").find("partition 0 twice") != std::string::npos);
  CHECK(error_of("1731283897.5").find("@1731283897.5") != std::string::npos);
  CHECK(error_of("@1731283897000").find("not milliseconds") != std::string::npos);
  CHECK(error_of("@4102444800").find("2100") != std::string::npos);
  CHECK(error_of("@4102444799").empty());
}

TEST_CASE("a range that ends before it begins is known before the topic, where it can be") {
  CHECK(reversed("5", "4"));
  CHECK_FALSE(reversed("5", "5"));
  CHECK_FALSE(reversed("5", "6"));
  CHECK(reversed("0:5,1:5", "0:6,1:4"));
  CHECK_FALSE(reversed("0:5,1:5", "0:5,1:6"));
  CHECK_FALSE(reversed("0:5", "1:4"));
  CHECK(reversed("5", "0:9,3:4"));
  CHECK(reversed("0:1,3:9", "5"));
  CHECK_FALSE(reversed("5", "0:9,3:5"));
  CHECK(reversed("2023-01-02", "2023-01-01"));
  CHECK(reversed("-1h", "-2h"));
  CHECK_FALSE(reversed("-2h", "-1h"));
  CHECK_FALSE(reversed("-1h", "-1h"));
  CHECK(reversed("now", "-1h"));
  CHECK(reversed("@1700000001", "now"));
  CHECK_FALSE(reversed("@1699999999", "now"));
  CHECK(reversed("now", "beginning"));
  CHECK(reversed("5", "beginning"));
  CHECK_FALSE(reversed("beginning", "beginning"));
  CHECK_FALSE(reversed("beginning", "0"));
  // These only the topic can tell.
  CHECK_FALSE(reversed("5", "-1h"));
  CHECK_FALSE(reversed("-1h", "5"));
  CHECK_FALSE(reversed("now", "5"));
}

}  // namespace
}  // namespace clickstream::cli
