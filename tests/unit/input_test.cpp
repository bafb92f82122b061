#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "input/file_source.h"
#include "input/pacer.h"
#include "input/simulator_source.h"
#include "support/catch.h"
#include "support/temporary_file.h"

namespace clickstream::input {
namespace {

using namespace std::chrono_literals;

TEST_CASE("files are one partition, one after the other; blank lines are none") {
  const TemporaryFile first("a\n \t\nb");
  const TemporaryFile second("\nc\n");
  const auto now = timestamp_from_micros(5);
  auto source = FileSource::open({first.path(), second.path()}, now);
  REQUIRE(source);
  Batch batch;
  REQUIRE((*source)->poll(batch, 1s));
  CHECK(batch.assigned == std::vector<std::int32_t>{0});
  CHECK(batch.records.empty());
  REQUIRE((*source)->poll(batch, 1s));
  REQUIRE(batch.records.size() == 3);
  const std::array<std::string_view, 3> expected = {"a", "b", "c"};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(batch.records[i].payload == expected[i]);
    CHECK(batch.records[i].offset == static_cast<std::int64_t>(i));
    CHECK(batch.records[i].time == now);
  }
  CHECK(batch.assigned.empty());
  CHECK(batch.at_end);
  CHECK_FALSE((*source)->live());
  CHECK((*source)->progress() == 1.0);
}

TEST_CASE("a named pipe is live, and is waited for with a limit") {
  const TemporaryFile file("a\n");
  const std::string path = file.path() + ".fifo";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  auto source = FileSource::open({file.path(), path}, timestamp_from_micros(5));
  REQUIRE(source);
  CHECK((*source)->live());
  const int writer = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  std::remove(path.c_str());
  REQUIRE(writer >= 0);

  Batch batch;
  REQUIRE((*source)->poll(batch, 1s));
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE((*source)->poll(batch, 10s));  // the file's line is not kept back until the pipe has one
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
  REQUIRE(batch.records.size() == 1);
  CHECK(batch.records[0].payload == "a");
  REQUIRE((*source)->poll(batch, 1ms));
  CHECK(batch.records.empty());
  CHECK_FALSE(batch.at_end);

  REQUIRE(write(writer, "b\nc", 3) == 3);
  close(writer);
  const Timestamp before = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  REQUIRE((*source)->poll(batch, 1s));
  REQUIRE(batch.records.size() == 2);
  CHECK(batch.records[0].payload == "b");
  CHECK(batch.records[1].payload == "c");
  CHECK(batch.records[1].time >= before);
  CHECK(batch.at_end);
}

TEST_CASE("simulated time is due on the clock by its speed, and never before the clock shows it") {
  const Pacer clock(Timestamp{}, kRealTime);
  const Timestamp now = clock.now();
  CHECK(clock.now() >= now);

  const Timestamp past = now - 24h;
  const Pacer twice(past, std::int64_t{2'000'000});
  const Duration skew = twice.due(past) - now;
  CHECK((skew >= 0s && skew < 1s));
  CHECK(twice.due(past + 10s) - twice.due(past) == 5s);
  CHECK(twice.due(past + Duration{3}) - twice.due(past) == Duration{1});
  // A day at double speed has passed the clock after 12 hours of it: then it is the clock.
  CHECK(twice.due(past + 72h) == past + 72h);

  const Pacer at_once(past, std::nullopt);
  CHECK(at_once.due(past + 1h) == past + 1h);
  const Pacer slow(now, std::int64_t{1});
  CHECK(slow.due(now + 1s) - slow.due(now) == Duration{1'000'000'000'000});
}

TEST_CASE("what may be early is due by its speed alone, whatever the clock shows") {
  for (const Timestamp start : {Timestamp{}, timestamp_from_micros(4'000'000'000'000'000)}) {
    const Pacer twice(start, std::int64_t{2'000'000}, Early::yes);
    const Duration skew = twice.due(start) - twice.now();
    CHECK((skew <= 0s && skew > -1s));
    CHECK(twice.due(start + 72h) - twice.due(start) == 36h);
    const Pacer at_once(start, std::nullopt, Early::yes);
    CHECK(at_once.due(start + 72h) <= at_once.now());
  }
}

TEST_CASE("the simulator is a source like others") {
  SimulatorConfig config;
  config.start = timestamp_from_micros(1'704'067'200'000'000);
  SimulatorSource source(config, std::nullopt);
  Batch batch;
  REQUIRE(source.poll(batch, 1s));
  CHECK(batch.assigned == std::vector<std::int32_t>{0});
  std::int64_t offset = 0;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(source.poll(batch, 1s));
    REQUIRE_FALSE(batch.records.empty());
    CHECK_FALSE(batch.at_end);
    for (const Record& record : batch.records) {
      REQUIRE(record.offset == offset++);
      REQUIRE(record.payload.front() == '{');
      REQUIRE(record.payload.back() == '}');
      REQUIRE(record.time > config.start);
    }
  }
}

}  // namespace
}  // namespace clickstream::input
