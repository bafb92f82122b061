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

TEST_CASE("the CSV of a snapshot") {
  const std::string csv = stats_csv(test::sample());
  CHECK(golden("stats.csv", csv) == csv);
  const std::string empty = stats_csv(test::empty_sample());
  CHECK(golden("stats_empty.csv", empty) == empty);
}
