#include "render/console.h"

#include <algorithm>

#include "golden/golden.h"
#include "golden/sample.h"
#include "support/catch.h"

using namespace clickstream;
using namespace clickstream::render;
using test::golden;
using test::session;

TEST_CASE("the block of the definition, byte for byte") {
  Snapshot snapshot;
  snapshot.as_of = timestamp_from_micros(1'795'472'107'000'000);
  Metrics& total = snapshot.total;
  total.pages = {{"/cart", 3}, {"/home", 12}};
  total.page_views = 15;
  total.clicks = 7;
  total.sessions = {5, 1, 2, 1, 2, Duration{245'200'000}};
  const std::string block =
      console_block({snapshot, {session(8, 1, 3, 5, 15'690'000), session(9, 2, 2, 2, 6'280'000)}, 10, 503.4, 0});
  CHECK(block ==
        "===== LIVE METRICS =====\n"
        "Page Views: {'/home': 12, '/cart': 3}\n"
        "Clicks per Session: {1: 5, 2: 2}\n"
        "Avg Duration per Session: {1: 5.23, 2: 3.14}\n"
        "Bounce Rate: 25.00%\n"
        "Sessions: 4 (2 open) | CTR: 46.67% | Avg Session: 61.30 s | 503 events/s | lag 0 | late 0 | duplicate 0 | "
        "malformed 0 | 22:15:07 UTC\n"
        "=========================\n");
}

TEST_CASE("the block before the first event") {
  const std::string block = console_block({test::empty_sample(), {}, 10, 0, std::nullopt});
  CHECK(golden("console_empty.txt", block) == block);
}

TEST_CASE("page names are escaped, ids are told apart, the top is kept") {
  const std::string block =
      console_block({test::sample(),
                     {session(8, 1, 9, 5, 15'690'000), session(9, 2, 8, 0, 0), session(9, 1, 3, 2, 1'000),
                      session(9'223'372'036'854'775'807, 3, 1, 0, 5'000)},
                     2,
                     1'234'567.5,
                     14});
  CHECK(golden("console.txt", block) == block);
}

TEST_CASE("each block has seven lines whatever a page is called") {
  Snapshot snapshot = test::empty_sample();
  snapshot.total.pages = {{"a\nb", 1}, {"\u2028", 2}, {"\r", 3}};
  const std::string block = console_block({snapshot, {}, 10, 0, std::nullopt});
  CHECK(std::count(block.begin(), block.end(), '\n') == 7);
  CHECK(block.find("Page Views: {'\\r': 3, '\\u2028': 2, 'a\\nb': 1}\n") != std::string::npos);
}

TEST_CASE("the summary alone has no line end") {
  CHECK(summary_line(test::sample(), 0.5, 3) ==
        "Sessions: 12 (3 open) | CTR: 58.33% | Avg Session: 61.33 s | 1 events/s | lag 3 | late 2 | duplicate 3 | "
        "malformed 5 | 22:15:07 UTC");
}
