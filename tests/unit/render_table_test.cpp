#include "render/table.h"

#include "golden/golden.h"
#include "golden/sample.h"
#include "render/csv.h"
#include "support/catch.h"

using namespace clickstream;
using namespace clickstream::render;
using test::golden;

TEST_CASE("the table of a snapshot") {
  const std::string table = stats_table(test::sample(), 3);
  CHECK(golden("table.txt", table) == table);
}

TEST_CASE("the table without events") {
  const std::string table = stats_table(test::empty_sample(), 10);
  CHECK(golden("table_empty.txt", table) == table);
}

TEST_CASE("a long page name is cut") {
  Snapshot snapshot = test::empty_sample();
  snapshot.total.page_views = 1;
  snapshot.total.pages = {{std::string(2048, 'x'), 1}};
  const std::string table = stats_table(snapshot, 10);
  CHECK(table.find(std::string(59, 'x') + "…  ") != std::string::npos);
  CHECK(table.find(std::string(60, 'x')) == std::string::npos);
}

TEST_CASE("the table with windows") {
  const std::string table = stats_table(test::windows_sample(), 3);
  CHECK(golden("table_windows.txt", table) == table);
}

TEST_CASE("the last 20 windows of a kind are in the table, and how many came before") {
  Snapshot snapshot = test::empty_sample();
  constexpr Duration minute = std::chrono::minutes{1};
  snapshot.total.windows = {{{minute, minute}}};
  std::vector<Window>& windows = snapshot.total.windows[0].windows;
  for (int i = 0; i < 20; ++i) windows.push_back({Timestamp{minute * i}, 0, 1, 1, 1});
  CHECK(stats_table(snapshot, 10).find("earlier") == std::string::npos);
  windows.push_back({Timestamp{minute * 20}, 0, 1, 1, 1});
  CHECK(stats_table(snapshot, 10).find("\n… and 1 earlier one (-o csv and -o json have all)\n") != std::string::npos);
  for (int i = 21; i < 1'440; ++i) windows.push_back({Timestamp{minute * i}, 0, 1, 1, 1});
  const std::string table = stats_table(snapshot, 10);
  CHECK(table.find("\n… and 1,420 earlier ones (-o csv and -o json have all)\n") != std::string::npos);
  CHECK(table.find("1970-01-01 23:39:00") == std::string::npos);
  CHECK(table.find("1970-01-01 23:40:00") != std::string::npos);
  CHECK(table.find("1970-01-01 23:59:00") != std::string::npos);
}

TEST_CASE("the CSV with windows") {
  const std::string csv = stats_csv(test::windows_sample());
  CHECK(golden("stats_windows.csv", csv) == csv);
}

TEST_CASE("the CSV of a snapshot") {
  const std::string csv = stats_csv(test::sample());
  CHECK(golden("stats.csv", csv) == csv);
  const std::string empty = stats_csv(test::empty_sample());
  CHECK(golden("stats_empty.csv", empty) == empty);
}
