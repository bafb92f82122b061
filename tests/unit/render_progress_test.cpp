#include "render/progress.h"

#include <limits>

#include "render/text.h"
#include "support/catch.h"

using clickstream::render::progress_bar;

TEST_CASE("the bar grows with the share") {
  CHECK(progress_bar(0, "reading", 32) == "[----------------]   0%  reading");
  CHECK(progress_bar(0.5, "reading", 32) == "[########--------]  50%  reading");
  CHECK(progress_bar(0.999, "reading", 32) == "[###############-]  99%  reading");
  CHECK(progress_bar(1, "reading", 32) == "[################] 100%  reading");
}

TEST_CASE("a share outside 0 to 1 shows as the nearest") {
  CHECK(progress_bar(7, "", 20) == progress_bar(1, "", 20));
  CHECK(progress_bar(-7, "", 20) == progress_bar(0, "", 20));
  CHECK(progress_bar(std::numeric_limits<double>::quiet_NaN(), "", 20) == progress_bar(0, "", 20));
}

TEST_CASE("the line never gets wider than the terminal, and is one line") {
  for (int columns = -1; columns < 100; ++columns) {
    CAPTURE(columns);
    const std::string line = progress_bar(0.4, "größe\nof it all", columns);
    CHECK(clickstream::render::width(line) <= static_cast<std::size_t>(columns < 0 ? 0 : columns));
    CHECK(line.find('\n') == std::string::npos);
  }
  CHECK(progress_bar(0.4, "reading", 10) == " 40%  rea…");
}
