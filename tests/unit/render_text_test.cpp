#include "render/text.h"

#include "render/number.h"
#include "render/utc.h"
#include "render/windows.h"
#include "support/catch.h"

using namespace clickstream;
using namespace clickstream::render;

TEST_CASE("a text that prints stays as it is") {
  CHECK(printable("/home") == "/home");
  CHECK(printable("/größe/日本/😀") == "/größe/日本/😀");
  CHECK(printable("back\\slash 'n' \"quote\"") == "back\\slash 'n' \"quote\"");
  CHECK(printable("") == "");
}

TEST_CASE("what does not print is escaped, so that a line stays a line") {
  CHECK(printable("a\nb\rc\td") == "a\\nb\\rc\\td");
  CHECK(printable(std::string_view{"\0\x1b[31m\x7f", 7}) == "\\x00\\x1b[31m\\x7f");
  CHECK(printable("\u0085\u00a0\u00ad") == "\\x85\\xa0\\xad");
  CHECK(printable("\u2028\u202e\ufeff") == "\\u2028\\u202e\\ufeff");
  CHECK(printable("\U000e0001") == "\\U000e0001");
}

TEST_CASE("a byte that is no UTF-8 is escaped alone") {
  CHECK(printable("\xff|\xc3|\x80|\xe2\x82") == "\\xff|\\xc3|\\x80|\\xe2\\x82");
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");                    // overlong
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // a surrogate
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // beyond Unicode
}

// Each line was printed by Python 3's repr().
TEST_CASE("python_repr quotes as Python does") {
  CHECK(python_repr("/home") == "'/home'");
  CHECK(python_repr("it's") == "\"it's\"");
  CHECK(python_repr("say \"hi\"") == "'say \"hi\"'");
  CHECK(python_repr("it's \"so\"") == "'it\\'s \"so\"'");
  CHECK(python_repr("a\\b") == "'a\\\\b'");
  CHECK(python_repr("a\nb\x1f") == "'a\\nb\\x1f'");
  CHECK(python_repr("größe\u200b") == "'größe\\u200b'");
}

TEST_CASE("width counts code points, and cuts and fills by them") {
  CHECK(width("größe") == 5);
  CHECK(shortened("größe", 5) == "größe");
  CHECK(shortened("größer", 5) == "größ…");
  CHECK(shortened("größer", 1) == "…");
  CHECK(shortened("größer", 0) == "");
  CHECK(padded("größe", 7) == "größe  ");
  CHECK(padded("größe", 3) == "größe");
}

TEST_CASE("numbers") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1'000) == "1,000");
  CHECK(grouped(18'446'744'073'709'551'615U) == "18,446,744,073,709,551,615");
  CHECK(shortest(25) == "25.0");
  CHECK(shortest(0.1) == "0.1");
  CHECK(shortest(100.0 / 3) == "33.333333333333336");
  CHECK(shortest(1e300) == "1e+300");
  CHECK(fixed(61.3, " s") == "61.30 s");
  CHECK(fixed(std::nullopt, " s") == "-");
}

TEST_CASE("seconds are exact, with one to six decimals") {
  CHECK(exact_seconds(Duration{0}) == "0.0");
  CHECK(exact_seconds(Duration{1}) == "0.000001");
  CHECK(exact_seconds(Duration{61'300'000}) == "61.3");
  CHECK(exact_seconds(Duration{10'000'000}) == "10.0");
  CHECK(exact_seconds(Duration::max()) == "9223372036854.775807");
}

TEST_CASE("moments are UTC, and read back") {
  const Timestamp moment = timestamp_from_micros(1'795'472'107'900'000);
  CHECK(rfc3339(moment) == "2026-11-23T22:15:07Z");
  CHECK(clock_time(moment) == "22:15:07");
  CHECK(date_and_time(moment) == "2026-11-23 22:15:07");
  CHECK(rfc3339(Timestamp{}) == "1970-01-01T00:00:00Z");
  CHECK(rfc3339(timestamp_from_micros(-1)) == "1969-12-31T23:59:59Z");
  CHECK(parse_rfc3339("2026-11-23T22:15:07Z") == timestamp_from_micros(1'795'472'107'000'000));
  for (const char* wrong : {"", "2026-11-23", "2026-11-23T22:15:07", "2026-02-30T00:00:00Z", "2026-11-23T24:00:00Z",
                            "2026-11-23T22:15:7Zx", "2026-1 -23T22:15:07Z"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_rfc3339(wrong));
  }
}

TEST_CASE("a kind of windows reads back") {
  using namespace std::chrono_literals;
  for (const WindowSpec& spec :
       std::vector<WindowSpec>{{1s, 1s}, {90s, 90s}, {5min, 1min}, {36h, 24h}, {24h, 45s}, {3660 * 24h, 3660 * 24h}}) {
    CAPTURE(to_string(spec));
    CHECK(parse_window_spec(to_string(spec)) == spec);
  }
  for (const char* wrong :
       {"",    "m",   "/",  "1",   "0s",  "60s",   "60m",   "24h",    "-1m",      "+1m", "01m",   "1.5m",
        "1m ", " 1m", "1M", "1m/", "/1m", "1m/1m", "1m/5m", "5m/60s", "5m/1m/1m", "1ms", "3661d", "99999999999999d"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_window_spec(wrong));
  }
}
