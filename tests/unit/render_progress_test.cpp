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

TEST_CASE("how fast it goes, and how long it will take, once that is known") {
  using clickstream::render::progress_text;
  using namespace std::chrono_literals;
  CHECK(progress_text(1, 10ms, 0.5) == "1 events");
  CHECK(progress_text(23'450, 10s, 0.1) == "23,450 events  2,345/s  1:30 left");
  CHECK(progress_text(23'450, 10s, 0) == "23,450 events  2,345/s");
  CHECK(progress_text(5, 10s, 1) == "5 events  1/s  0:00 left");
  CHECK(progress_text(1, 36min, 0.375) == "1 events  0/s  1:00:00 left");
  CHECK(progress_text(1, 1s, 1e-9) == "1 events  1/s");
}
