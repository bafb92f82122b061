#include <string>
#include <vector>

#include "cli/remarks.h"
#include "support/catch.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

struct Heard {
  std::vector<std::string> lines;
  Log log = [this](LogLevel, std::string_view line) { lines.emplace_back(line); };
};

TEST_CASE("a stream that is mostly late for ten seconds is named, once") {
  Heard heard;
  Remarks remarks(heard.log);
  const std::chrono::steady_clock::time_point start{};
  Metrics total;
  const auto second = [&](int at, std::uint64_t consumed, std::uint64_t late) {
    total.events.consumed += consumed;
    total.events.late += late;
    remarks.watch_late(total, start + std::chrono::seconds{at});
  };

  SECTION("over half of it, all the time") {
    for (int at = 0; at < 10; ++at) second(at, 100, 51);
    CHECK(heard.lines.empty());
    second(10, 100, 51);
    REQUIRE(heard.lines.size() == 1);
    CHECK(heard.lines.front().find("over half of the events have been late for 10 s") == 0);
    for (int at = 11; at < 40; ++at) second(at, 100, 100);
    CHECK(heard.lines.size() == 1);
  }
  SECTION("just half of it") {
    for (int at = 0; at < 30; ++at) second(at, 100, 50);
    CHECK(heard.lines.empty());
  }
  SECTION("with a second of its own time in between") {
    for (int at = 0; at < 30; ++at) second(at, 100, at % 9 == 8 ? 0 : 100);
    CHECK(heard.lines.empty());
  }
  SECTION("a rebalance that takes figures away starts the ten seconds anew") {
    for (int at = 0; at < 9; ++at) second(at, 100, 100);
    total = Metrics{};
    for (int at = 9; at < 19; ++at) second(at, 100, 100);
    CHECK(heard.lines.empty());
    for (int at = 19; at < 22; ++at) second(at, 100, 100);
    CHECK(heard.lines.size() == 1);
  }
}

TEST_CASE("keys that are no ids are named once") {
  Heard heard;
  Remarks remarks(heard.log);
  Metrics total;
  remarks.watch_keys(total);
  CHECK(heard.lines.empty());
  total.foreign_keys = 3;
  remarks.watch_keys(total);
  remarks.watch_keys(total);
  REQUIRE(heard.lines.size() == 1);
  CHECK(heard.lines.front().find("--partitioning unkeyed") != std::string::npos);
}

TEST_CASE("the first record of each reason is named, with where it is") {
  Heard heard;
  Remarks remarks(heard.log);
  Record record;
  record.partition = 2;
  record.offset = 7;
  record.payload = "x";
  remarks.malformed(record, Malformed::not_json, "clicks");
  remarks.malformed(record, Malformed::not_json, "clicks");
  remarks.malformed(record, Malformed::missing_page, "");
  REQUIRE(heard.lines.size() == 2);
  CHECK(heard.lines[0] == "malformed: not_json at clicks partition 2 offset 7; further ones are only counted");
  CHECK(heard.lines[1] == "malformed: missing_page at record 7; further ones are only counted");
}

}  // namespace
}  // namespace clickstream::cli
