#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "input/file_source.h"
#include "input/line_reader.h"
#include "input/pacer.h"
#include "input/simulator_source.h"
#include "support/catch.h"

namespace clickstream::input {
namespace {

using namespace std::chrono_literals;

// A file that goes with the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    const int descriptor = mkstemp(path_.data());
    REQUIRE(descriptor >= 0);
    close(descriptor);
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/clickstream-input-XXXXXX";
};

std::string gzip(const std::string& text) {
  std::string packed(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::vector<std::string> lines_of(const std::string& content) {
  const TemporaryFile file(content);
  auto reader = LineReader::open(file.path());
  REQUIRE(reader);
  std::vector<std::string> lines;
  std::string_view line;
  for (;;) {
    const auto next = reader->next(line, 1s);
    REQUIRE(next);
    if (*next == LineReader::Next::end) return lines;
    REQUIRE(*next == LineReader::Next::line);
    lines.emplace_back(line);
  }
}

using Lines = std::vector<std::string>;

TEST_CASE("lines end with a line feed, with or without a carriage return; the last may have no end") {
  CHECK(lines_of("").empty());
  CHECK(lines_of("a") == Lines{"a"});
  CHECK(lines_of("a\n") == Lines{"a"});
  CHECK(lines_of("a\r\nb\n\nc\rd\r") == Lines{"a", "b", "", "c\rd"});
  CHECK(lines_of(std::string("\0x\n\n", 4)) == Lines{std::string("\0x", 2), ""});
}

TEST_CASE("lines of all lengths come whole, whatever the size of a read") {
  std::string text;
  Lines expected;
  for (std::size_t length = 0; length < 1'000'000; length = length * 3 + 1) {
    for (int i = 0; i < 3; ++i) {
      expected.emplace_back(length, static_cast<char>('a' + i));
      text += expected.back() + "\n";
    }
  }
  CHECK((lines_of(text) == expected));
  CHECK((lines_of(gzip(text)) == expected));
}

TEST_CASE("gzip files may have several members") {
  CHECK(lines_of(gzip("a\nb") + gzip("c\nd\n")) == Lines{"a", "bc", "d"});
}

TEST_CASE("a gzip file that is cut off is an error, after what it held") {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919) + "\n";
  const std::string packed = gzip(text);
  const TemporaryFile file(packed.substr(0, packed.size() / 2));
  auto reader = LineReader::open(file.path());
  REQUIRE(reader);
  std::string_view line;
  std::size_t count = 0;
  auto next = reader->next(line, 1s);
  while (next && *next == LineReader::Next::line) {
    ++count;
    next = reader->next(line, 1s);
  }
  CHECK(count > 10'000);
  REQUIRE_FALSE(next);
  CHECK(next.error().message.find("unexpected end of file") != std::string::npos);
}

TEST_CASE("a line that is too long is cut, and the next is whole") {
  const Lines lines = lines_of("a\n" + std::string(LineReader::kMaxLine + 1'000'000, 'x') + "\nb\n");
  REQUIRE(lines.size() == 3);
  CHECK(lines[1].size() >= LineReader::kMaxLine);
  CHECK(lines[1].size() < LineReader::kMaxLine + 1'000'000);
  CHECK(lines[2] == "b");
}

TEST_CASE("what cannot be opened says why") {
  CHECK(LineReader::open("/no/such/file").error().message == "cannot read /no/such/file: No such file or directory");
  CHECK(LineReader::open("/tmp").error().message == "cannot read /tmp: it is a directory");
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
