#include "render/columns.h"

#include <cstdint>

#include "render/text.h"
#include "support/catch.h"

using namespace clickstream::render;
using Rows = std::vector<std::string>;

TEST_CASE("columns are those of a terminal") {
  CHECK(columns("") == 0);
  CHECK(columns("/home") == 5);
  CHECK(columns("größe…") == 6);
  CHECK(columns("日本") == 4);
  CHECK(columns("한국") == 4);
  CHECK(columns("😀") == 2);
  CHECK(columns("ｆ") == 2);
  CHECK(columns("gro\u0308\u0301ße") == 5);
  CHECK(columns("\u2764\ufe0f") == 1);
  CHECK(columns("\U0001fae8") == 2);  // newer than the C library's tables
}

TEST_CASE("a cut text is never too wide, and ends with a mark") {
  CHECK(cut("größe", 5) == "größe");
  CHECK(cut("größer", 5) == "größ…");
  CHECK(cut("größer", 1) == "…");
  CHECK(cut("größer", 0) == "");
  CHECK(cut("日本語", 6) == "日本語");
  CHECK(cut("日本語", 5) == "日本…");
  CHECK(cut("日本語", 4) == "日…");
  CHECK(cut("日本語", 2) == "…");
  CHECK(cut("e\u0301e\u0301e\u0301", 2) == "e\u0301…");
  CHECK(cut("e\u0301e\u0301", 2) == "e\u0301e\u0301");
}

TEST_CASE("lines are cut to the width") {
  CHECK(fitted("a\nlonger\n\n", 4, 9, Overlong::cut) == Rows{"a", "lon…", ""});
  CHECK(fitted("", 4, 9, Overlong::cut) == Rows{});
  CHECK(fitted("no end", 9, 9, Overlong::cut) == Rows{"no end"});
}

TEST_CASE("lines go on in the next row, after a comma or before a bar") {
  CHECK(fitted("Pages: {'/a': 1, '/b': 2, '/c': 3}\n", 18, 9, Overlong::fold) ==
        Rows{"Pages: {'/a': 1,", "  '/b': 2,", "  '/c': 3}"});
  CHECK(fitted("CTR: 5.00% | 503 events/s | lag 0\n", 16, 9, Overlong::fold) ==
        Rows{"CTR: 5.00%", "  | 503 events/s", "  | lag 0"});
  CHECK(fitted("just wide enough\n", 16, 9, Overlong::fold) == Rows{"just wide enough"});
  CHECK(fitted("no place to break at\n", 9, 9, Overlong::fold) == Rows{"no pl… at"});
}

TEST_CASE("a name that is too long for a row keeps its figure") {
  CHECK(fitted("{'/a': 1, '/very/long': 22, '/c': 3}\n", 14, 9, Overlong::fold) ==
        Rows{"{'/a': 1,", "  '/very/… 22,", "  '/c': 3}"});
}

TEST_CASE("where rows are few, lines are folded less often, then left out") {
  const std::string text = "a1, a2, a3\nb1, b2, b3\n";
  CHECK(fitted(text, 5, 6, Overlong::fold) == Rows{"a1,", "  a2,", "  a3", "b1,", "  b2,", "  b3"});
  CHECK(fitted(text, 5, 5, Overlong::fold) == Rows{"a1,", "  a2…", "b1,", "  b2…"});
  CHECK(fitted(text, 5, 3, Overlong::fold) == Rows{"a1, …", "b1, …"});
  CHECK(fitted("a\nb\nc\nd\n", 20, 3, Overlong::fold) == Rows{"a", "b", "… 2 more lines"});
  CHECK(fitted("a\nb\nc\nd\n", 20, 1, Overlong::cut) == Rows{"… 4 more lines"});
}

TEST_CASE("whatever the size, no row is too wide and no row too many") {
  const std::string text =
      "Views: {'/日本': 12, 'x\u0301y😀z': 3,  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa': 1} | lag 0, | x ,,\n,  | \n\nb\n";
  for (std::size_t wide = 1; wide < 70; ++wide) {
    for (std::size_t high = 1; high < 20; ++high) {
      for (const Overlong overlong : {Overlong::cut, Overlong::fold}) {
        CAPTURE(wide, high);
        const Rows rows = fitted(text, wide, high, overlong);
        CHECK((!rows.empty() && rows.size() <= high));
        for (const std::string& row : rows) CHECK(columns(row) <= wide);
      }
    }
  }
  CHECK(fitted(text, 20, SIZE_MAX, Overlong::cut).size() == 4);
}
