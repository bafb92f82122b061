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

TEST_CASE("each kind of windows adds a line for its last final one") {
  const std::string block = console_block({test::windows_sample(), {}, 2, 0, 14});
  CHECK(golden("console_windows.txt", block) == block);
}

TEST_CASE("a window's line names its three top pages, shortened and on one line") {
  using namespace std::chrono_literals;
  Snapshot snapshot = test::empty_sample();
  snapshot.total.pages = {{"/a\nb", 1}, {std::string(100, 'x'), 9}, {"/c", 2}, {"/d", 1}};
  const Timestamp midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}.time_since_epoch()};
  snapshot.total.windows = {{{48h, 24h}}};
  snapshot.total.windows[0].windows = {{midnight, 13, 2, 3, 4, {{0, 1}, {1, 9}, {2, 2}, {3, 1}}}};
  const std::string block = console_block({snapshot, {}, 0, 0, 14});
  const std::string line =
      "\nWindow 2d/1d 2026-11-22 00:00:00 - 2026-11-24 00:00:00 UTC: 13 page views | 2 clicks | CTR 15.38% | "
      "3 sessions | 4 users | top " +
      std::string(29, 'x') + "… 9, /c 2, /a\\nb 1\n=====";
  CHECK(block.find(line) != std::string::npos);
}

TEST_CASE("without watermarks, as of a consumer that was asked, the last window is the last listed") {
  Snapshot snapshot = test::windows_sample();
  snapshot.partitions.clear();
  const std::string block = console_block({snapshot, {}, 2, 0, 14});
  CHECK(block.find("\nWindow 1m 22:13:00 - 22:14:00 UTC: 9 page views |") != std::string::npos);
  CHECK(block.find("\nWindow 1h ") == std::string::npos);
}

TEST_CASE("a window that no event is in is the last one as soon as it is final in every partition") {
  using namespace std::chrono_literals;
  Snapshot snapshot = test::windows_sample();
  snapshot.partitions[0].watermark = *snapshot.partitions[0].watermark + 3min;
  CHECK(console_block({snapshot, {}, 2, 0, 14}).find("\nWindow 1m 22:13:00 ") != std::string::npos);
  snapshot.partitions[1].watermark = *snapshot.partitions[1].watermark + 1min;
  const std::string block = console_block({snapshot, {}, 2, 0, 14});
  CHECK(block.find("\nWindow 1m 22:14:00 - 22:15:00 UTC: 0 page views | 0 clicks | CTR - | 0 sessions | 0 users\n") !=
        std::string::npos);
}

TEST_CASE("the summary alone has no line end") {
  CHECK(summary_line(test::sample(), 0.5, 3) ==
        "Sessions: 12 (3 open) | CTR: 58.33% | Avg Session: 61.33 s | 1 events/s | lag 3 | late 2 | duplicate 3 | "
        "malformed 5 | 22:15:07 UTC");
}
