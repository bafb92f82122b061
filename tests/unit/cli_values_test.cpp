#include "cli/values.h"

#include <array>

#include "support/catch.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kNow = timestamp_from_micros(1'700'000'000'000'000);

std::int64_t micros(const Parsed<Duration>& parsed) { return parsed ? parsed->count() : -1; }
std::int64_t seconds(const Parsed<Timestamp>& parsed) {
  return parsed ? parsed->time_since_epoch().count() / 1'000'000 : -1;
}

TEST_CASE("durations") {
  CHECK(micros(parse_duration("0")) == 0);
  CHECK(micros(parse_duration("0s")) == 0);
  CHECK(micros(parse_duration("7us")) == 7);
  CHECK(micros(parse_duration("500ms")) == 500'000);
  CHECK(micros(parse_duration("10s")) == 10'000'000);
  CHECK(micros(parse_duration("5m")) == 300'000'000);
  CHECK(micros(parse_duration("1.5h")) == 5'400'000'000);
  CHECK(micros(parse_duration("1d")) == 86'400'000'000);
  CHECK(micros(parse_duration("0.000001s")) == 1);
  CHECK(micros(parse_duration("3650d")) == 3650 * 86'400'000'000);
  for (const char* wrong : {"", "s", "10", "-1s", "+1s", "1 s", "1S", "1.s", ".5s", "1.0000001s", "1s1", "1e3s", "1w",
                            "4000d", "999999999999d", "9999999999999s"}) {
    INFO(wrong);
    CHECK_FALSE(parse_duration(wrong));
  }
}

TEST_CASE("moments") {
  CHECK(parse_moment("now", kNow).value() == kNow);
  CHECK(parse_moment("-1h", kNow).value() == kNow - 1h);
  CHECK(parse_moment("-0", kNow).value() == kNow);
  CHECK(seconds(parse_moment("1704067200", kNow)) == 1'704'067'200);
  CHECK(parse_moment("1704067200.25", kNow)->time_since_epoch().count() == 1'704'067'200'250'000);
  CHECK(seconds(parse_moment("2024-01-01", kNow)) == 1'704'067'200);
  CHECK(seconds(parse_moment("2024-02-29T12:30", kNow)) == 1'709'209'800);
  CHECK(seconds(parse_moment("2024-01-01T00:00:00Z", kNow)) == 1'704'067'200);
  CHECK(seconds(parse_moment("2024-01-01 01:00:00+01:00", kNow)) == 1'704'067'200);
  CHECK(seconds(parse_moment("2023-12-31T18:30:00-0530", kNow)) == 1'704'067'200);
  CHECK(parse_moment("2024-01-01T00:00:00.000001Z", kNow)->time_since_epoch().count() == 1'704'067'200'000'001);
  for (const char* wrong : {"", "-", "then", "2024", "2024-1-1", "2024-13-01", "2024-02-30", "2024-01-01T",
                            "2024-01-01T24:00", "2024-01-01T12", "2024-01-01T12:60", "2024-01-01T12:00:60",
                            "2024-01-01T12:00:00+25:00", "2024-01-01T12:00:00Zx", "2024-01-01Z12:00", "-1", "1e9"}) {
    INFO(wrong);
    const auto parsed = parse_moment(wrong, kNow);
    CHECK((!parsed || std::string_view(wrong) == "2024"));  // a number is epoch seconds
  }
}

TEST_CASE("shares") {
  CHECK(parse_share("0").value() == 0);
  CHECK(parse_share("0%").value() == 0);
  CHECK(parse_share("1%").value() == 10'000);
  CHECK(parse_share("0.1%").value() == 1'000);
  CHECK(parse_share("0.0001%").value() == 1);
  CHECK(parse_share("0.01").value() == 10'000);
  CHECK(parse_share("0.000001").value() == 1);
  CHECK(parse_share("100%").value() == 1'000'000);
  CHECK(parse_share("1").value() == 1'000'000);
  for (const char* wrong : {"", "%", "-1%", "1 %", "1%%", "%1", "1.%", ".5", "0.00001%", "0.0000001", "1e-3", "none"}) {
    INFO(wrong);
    CHECK(parse_share(wrong).error() == "'" + std::string(wrong) + "' is no share such as 1%, 0.1% or 0.01");
  }
  CHECK(parse_share("100.0001%").error() == "'100.0001%' is more than 100%");
  CHECK(parse_share("5").error() == "'5' is more than 100%; did you mean 5%?");
  CHECK(parse_share("101").error() == "'101' is more than 100%");
}

TEST_CASE("numbers") {
  CHECK(parse_millionths("500").value() == 500'000'000);
  CHECK(parse_millionths("0.5").value() == 500'000);
  CHECK(parse_millionths("0.000001").value() == 1);
  CHECK(parse_millionths("999999999999").value() == 999'999'999'999'000'000);
  for (const char* wrong : {"", ".", "1.", ".1", "-1", "1e3", "0.0000001", "1000000000000", "1,5", " 1"}) {
    INFO(wrong);
    CHECK_FALSE(parse_millionths(wrong));
  }
  CHECK(parse_integer("1_000_000", 0, INT64_MAX).value() == 1'000'000);
  CHECK(parse_integer("-1", -1, 9).value() == -1);
  for (const char* wrong : {"", "x", "1.0", "10", "-2", "1x", "99999999999999999999"}) {
    INFO(wrong);
    CHECK_FALSE(parse_integer(wrong, -1, 9));
  }
}

TEST_CASE("windows") {
  const auto error_of = [](std::string_view text) {
    const auto window = parse_window(text);
    return window ? "" : window.error();
  };
  CHECK(parse_window("1m") == WindowSpec{1min, 1min});
  CHECK(parse_window("5m/1m") == WindowSpec{5min, 1min});
  CHECK(parse_window("90s/60s") == WindowSpec{90s, 60s});
  CHECK(parse_window("1h/60m") == WindowSpec{1h, 1h});
  CHECK(parse_window("1.5h") == WindowSpec{90min, 90min});
  CHECK(parse_window("1h/1s"));

  for (const auto* text : {"", "/", "1m/", "/1m", "1m/1m/1m", "0", "1m/0", "500ms", "1.5s", "1m/1500ms", "minute"}) {
    CHECK(error_of(text) == "'" + std::string(text) + "' is no window such as 1m or 5m/1m, in whole seconds");
  }
  CHECK(error_of("1m/5m") == "'1m/5m': the hop is longer than the window, which leaves gaps");
  CHECK(error_of("1d/1s") == "'1d/1s': the hop is too short for so long a window");
}

TEST_CASE("the nearest word is a slip of the finger away, or begins alike") {
  const std::array<std::string_view, 4> words = {"rate", "metrics-port", "count", "warn"};
  CHECK(nearest("raet", words) == "rate");
  CHECK(nearest("rte", words) == "rate");
  CHECK(nearest("metric-prot", words) == "metrics-port");
  CHECK(nearest("metrics", words) == "metrics-port");
  CHECK(nearest("warning", words) == "warn");
  CHECK_FALSE(nearest("tear", words));
  CHECK_FALSE(nearest("m", words));
  CHECK_FALSE(nearest("something-else", words));
}

TEST_CASE("edit distance counts additions, removals, exchanges and swaps") {
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "abc") == 0);
  CHECK(edit_distance("abc", "acb") == 1);
  CHECK(edit_distance("abc", "axc") == 1);
  CHECK(edit_distance("abc", "bc") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

}  // namespace
}  // namespace clickstream::cli
