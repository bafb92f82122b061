#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "input/file_source.h"
#include "input/pacer.h"
#include "input/read_ahead.h"
#include "input/simulator_source.h"
#include "support/catch.h"
#include "support/temporary_file.h"

namespace clickstream::input {
namespace {

using namespace std::chrono_literals;

struct Read {
  std::string payload;
  std::int64_t offset = 0;
  Timestamp time{};
};

// All that comes until the end.
std::vector<Read> read_all(Source& source) {
  std::vector<Read> all;
  Batch batch;
  for (int polls = 0; polls < 10'000 && !batch.at_end; ++polls) {
    REQUIRE(source.poll(batch, 1s));
    for (const Record& record : batch.records) {
      CHECK(record.partition == 0);
      all.push_back({std::string(record.payload), record.offset, record.time});
    }
  }
  CHECK(batch.at_end);
  return all;
}

// Lines of all lengths, some longer than what is read at once.
std::vector<std::string> many_lines(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::string> lines;
  for (int i = 0; i < 40'000; ++i) {
    const std::size_t size = i % 10'000 == 9'999 ? 3'000'000 : 1 + random() % 300;
    lines.push_back(std::to_string(i) + std::string(size, static_cast<char>('a' + random() % 26)));
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

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
  const std::vector<Read> all = read_all(**source);
  REQUIRE(all.size() == 3);
  const std::array<std::string_view, 3> expected = {"a", "b", "c"};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(all[i].payload == expected[i]);
    CHECK(all[i].offset == static_cast<std::int64_t>(i));
    CHECK(all[i].time == now);
  }
  CHECK_FALSE((*source)->live());
  CHECK((*source)->progress() == 1.0);
}

TEST_CASE("a batch's records live during the two polls after it, over the end of a file, too") {
  std::deque<TemporaryFile> files;
  std::vector<std::string> paths;
  std::vector<std::string> expected;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const auto lines = many_lines(seed);
    paths.push_back(files.emplace_back(joined(lines)).path());
    expected.insert(expected.end(), lines.begin(), lines.end());
  }
  for (int i = 0; i < 5; ++i) {
    paths.push_back(files.emplace_back(std::to_string(i)).path());
    expected.push_back(std::to_string(i));
  }
  auto source = FileSource::open(paths, timestamp_from_micros(5));
  REQUIRE(source);
  std::deque<Batch> kept;
  std::size_t seen = 0;
  do {
    kept.emplace_back();
    REQUIRE((*source)->poll(kept.back(), 1s));
    if (kept.size() <= 2 && !kept.back().at_end) continue;
    for (const Record& record : kept.front().records) {
      REQUIRE(record.payload == expected[static_cast<std::size_t>(record.offset)]);
      ++seen;
    }
    kept.pop_front();
  } while (!kept.back().at_end);
  for (const Batch& batch : kept) seen += batch.records.size();
  CHECK(seen == expected.size());
}

TEST_CASE("files that are read ahead give what the files give") {
  const auto lines = many_lines(1);
  const TemporaryFile first(joined(lines));
  const TemporaryFile second("x\ny");
  const TemporaryFile empty("");
  const std::vector<std::string> paths = {empty.path(), first.path(), second.path()};
  auto plain = FileSource::open(paths, timestamp_from_micros(5));
  auto files = FileSource::open(paths, timestamp_from_micros(5));
  REQUIRE(plain);
  REQUIRE(files);
  ReadAhead ahead(std::move(*files));
  const std::vector<Read> expected = read_all(**plain);
  const std::vector<Read> found = read_all(ahead);
  CHECK(ahead.progress() == 1.0);
  REQUIRE(found.size() == lines.size() + 2);
  REQUIRE(expected.size() == found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    REQUIRE(found[i].payload == expected[i].payload);
    REQUIRE(found[i].offset == expected[i].offset);
    REQUIRE(found[i].time == expected[i].time);
  }
}

TEST_CASE("reading ahead: what could be read comes before the error, and the end need not be waited for") {
  const auto lines = many_lines(1);
  const TemporaryFile good(joined(lines));
  const TemporaryFile cut(std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b", 11));  // gzip, and no more
  auto files = FileSource::open({good.path(), cut.path()}, timestamp_from_micros(5));
  REQUIRE(files);
  ReadAhead ahead(std::move(*files));
  Batch batch;
  std::size_t count = 0;
  Result<void> polled;
  while ((polled = ahead.poll(batch, 1s)) && !batch.at_end) count += batch.records.size();
  REQUIRE_FALSE(polled);
  CHECK(polled.error().message.find("unexpected end of file") != std::string::npos);
  CHECK(count == lines.size());

  auto unread = FileSource::open({good.path()}, timestamp_from_micros(5));
  REQUIRE(unread);
  ReadAhead stopped(std::move(*unread));
  REQUIRE(stopped.poll(batch, 1s));
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
  const std::vector<Read> rest = read_all(**source);
  REQUIRE(rest.size() == 2);
  CHECK(rest[0].payload == "b");
  CHECK(rest[1].payload == "c");
  CHECK(rest[1].time >= before);
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
