#include "http/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>

#include "support/catch.h"

using clickstream::http::read_process_figures;

TEST_CASE("the process tells about itself") {
  const auto figures = read_process_figures();
  REQUIRE(figures);
  CHECK(figures->resident_memory_bytes > 1'000'000);
  CHECK(figures->virtual_memory_bytes > figures->resident_memory_bytes);
  CHECK(figures->max_fds >= figures->open_fds);
  CHECK(figures->cpu_seconds >= 0);
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  CHECK(figures->start_time_seconds > now - 3600);
  CHECK(figures->start_time_seconds < now + 2);
}

TEST_CASE("open files are counted") {
  const auto before = read_process_figures();
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  const auto after = read_process_figures();
  close(fd);
  REQUIRE((before && after));
  CHECK(before->open_fds >= 3);
  CHECK(after->open_fds == before->open_fds + 1);
}
