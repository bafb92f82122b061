#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "input/line_reader.h"
#include "input/unpacker.h"
#include "support/catch.h"
#include "support/temporary_file.h"

namespace clickstream::input {
namespace {

using namespace std::chrono_literals;

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

TEST_CASE("lines stay valid while a cut line is passed over, which ends where a read does") {
  constexpr std::size_t kReads = std::size_t{1} << 20;
  std::string text = "a\n" + std::string(LineReader::kMaxLine + 2 * kReads - 3, 'x') + "\n";
  REQUIRE(text.size() % kReads == 0);
  const TemporaryFile file(text + "b\n");
  auto reader = LineReader::open(file.path());
  REQUIRE(reader);
  std::array<std::string_view, 1 + LineReader::kKept> lines;
  for (std::string_view& line : lines) REQUIRE(reader->next(line, {}) == LineReader::Next::line);
  CHECK(lines[0] == "a");
  CHECK(lines[1].substr(0, 3) == "xxx");
  CHECK(lines[2] == "b");
}

TEST_CASE("a line that is too long is cut, and the next is whole") {
  const Lines lines = lines_of("a\n" + std::string(LineReader::kMaxLine + 3'000'000, 'x') + "\nb\n");
  REQUIRE(lines.size() == 3);
  CHECK(lines[1].size() >= LineReader::kMaxLine);
  CHECK(lines[1].size() < LineReader::kMaxLine + 3'000'000);
  CHECK(lines[2] == "b");
}

TEST_CASE("what cannot be opened says why") {
  CHECK(LineReader::open("/no/such/file").error().message == "cannot read /no/such/file: No such file or directory");
  CHECK(LineReader::open("/tmp").error().message == "cannot read /tmp: it is a directory");
}

std::string zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3);
  REQUIRE_FALSE(ZSTD_isError(size));
  packed.resize(size);
  return packed;
}

// A frame without data, as pzstd writes them.
const std::string kSkippable("\x5a\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);

std::string numbers(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(i * 7919) + "\n";
  return text;
}

struct Found {
  Lines lines;
  std::string error;  // empty: it came to its end
};

Found read_through(LineReader& reader) {
  Found found;
  std::string_view line;
  std::uint64_t position = 0;
  for (;;) {
    const auto next = reader.next(line, 10s);
    REQUIRE(reader.position() >= position);
    REQUIRE(reader.position() <= reader.size());
    position = reader.position();
    if (!next) found.error = next.error().message;
    if (!next || *next == LineReader::Next::end) return found;
    REQUIRE(*next == LineReader::Next::line);
    found.lines.emplace_back(line);
  }
}

Found read_file(const std::string& content) {
  const TemporaryFile file(content);
  auto reader = LineReader::open(file.path());
  REQUIRE(reader);
  CHECK(reader->size() == content.size());
  Found found = read_through(*reader);
  if (found.error.empty()) CHECK(reader->position() == content.size());
  return found;
}

TEST_CASE("how far a file has been handed out is known to the line, or about where it is compressed") {
  const std::string text = numbers(10'000);  // that come in one read
  for (const std::string& content : {text, gzip(text), zstd(text)}) {
    const TemporaryFile file(content);
    auto reader = LineReader::open(file.path());
    REQUIRE(reader);
    CHECK(reader->position() == 0);
    std::string_view line;
    std::size_t handed_out = 0;
    for (int i = 0; i < 10'000; ++i) {
      REQUIRE(reader->next(line, 0s));
      handed_out += line.size() + 1;
      const double share = static_cast<double>(reader->position()) / static_cast<double>(content.size());
      REQUIRE(std::abs(share - static_cast<double>(handed_out) / static_cast<double>(text.size())) < 0.001);
    }
  }
}

// Through a pipe, in pieces of random sizes up to `longest`.
Found read_pipe(const std::string& content, std::size_t longest) {
  const TemporaryFile file("");
  const std::string path = file.path() + ".fifo";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  auto reader = LineReader::open(path);
  REQUIRE(reader);
  std::thread writer([&] {
    const int pipe = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    std::minstd_rand random(1);
    for (std::size_t at = 0; at < content.size();) {
      const std::size_t size = std::min(content.size() - at, 1 + random() % longest);
      at += static_cast<std::size_t>(std::max<ssize_t>(write(pipe, content.data() + at, size), 0));
    }
    close(pipe);
  });
  Found found = read_through(*reader);
  writer.join();
  std::remove(path.c_str());
  return found;
}

TEST_CASE("what is compressed is known by its first bytes, whatever its name") {
  CHECK(packing_of("") == Packing::unknown);
  CHECK(packing_of("\x1f") == Packing::unknown);
  CHECK(packing_of("\x28\xb5\x2f") == Packing::unknown);
  CHECK(packing_of("\x5f\x2a") == Packing::unknown);
  CHECK(packing_of("\x1f\x8b") == Packing::gzip);
  CHECK(packing_of("\x28\xb5\x2f\xfd?") == Packing::zstd);
  CHECK(packing_of("\x50\x2a\x4d\x18") == Packing::zstd);
  CHECK(packing_of("\x60\x2a\x4d\x18") == Packing::plain);
  CHECK(packing_of("{") == Packing::plain);
  CHECK(packing_of("\x1f\x8c") == Packing::plain);
  CHECK(packing_of("P") == Packing::unknown);
  CHECK(packing_of("PUT") == Packing::plain);
  for (const std::string start : {"\x1f", "(", "P", "P*M"}) CHECK(lines_of(start) == Lines{start});
}

TEST_CASE("files and pipes give the same lines, plain or compressed, in one piece or several") {
  const std::string text = numbers(50'000);
  const std::string rest = std::string(700'000, 'r') + "\n\nend";
  const Lines expected = lines_of(text + rest);
  const std::string zeros(1000, '\0');
  for (const auto& content :
       {text + rest, gzip(text + rest), gzip(text) + gzip(rest), gzip(text) + gzip("") + gzip(rest) + zeros,
        zstd(text + rest), zstd(text) + zstd(rest), kSkippable + zstd(text) + zstd("") + zstd(rest) + kSkippable}) {
    const Found of_file = read_file(content);
    CHECK(of_file.error.empty());
    CHECK((of_file.lines == expected));
    for (const std::size_t longest : {std::size_t{1'000}, std::size_t{100'000}}) {
      const Found of_pipe = read_pipe(content, longest);
      CHECK(of_pipe.error.empty());
      CHECK((of_pipe.lines == expected));
    }
  }
  for (const auto& content : {gzip("a\nb"), zstd("a\nb"), kSkippable + zstd("a\nb"), std::string("a\nb")}) {
    CHECK((read_pipe(content, 1).lines == Lines{"a", "b"}));
  }
}

TEST_CASE("an end of the packed bytes that fills the room to the byte is no end of the text") {
  // 2^18 and its multiples are the size of a read.
  for (const std::size_t size : {(std::size_t{1} << 18) - 1, std::size_t{1} << 18, (std::size_t{1} << 20) + 1}) {
    const std::string text = std::string(size - 1, 'x') + "\n";
    for (const auto& content : {gzip(text), zstd(text), gzip(text) + gzip("y\n"), zstd(text) + zstd("y\n")}) {
      const Found found = read_file(content);
      CHECK(found.error.empty());
      REQUIRE_FALSE(found.lines.empty());
      CHECK(found.lines[0].size() == size - 1);
    }
  }
}

// What a writer has flushed who is not at the end.
std::string flushed_gzip(const std::string& text) {
  std::string packed(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_PARTIAL_FLUSH) == Z_OK);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string flushed_zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  ZSTD_CStream* stream = ZSTD_createCStream();
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  REQUIRE(ZSTD_compressStream2(stream, &out, &in, ZSTD_e_flush) == 0);
  ZSTD_freeCStream(stream);
  packed.resize(out.pos);
  return packed;
}

std::string unpacked(std::unique_ptr<Unpacker> unpacker, std::string_view packed, std::size_t room) {
  std::string out;
  std::string block(room, '\0');
  for (;;) {
    const auto made = unpacker->unpack(packed, block.data(), room);
    REQUIRE(made);
    out.append(block, 0, *made);
    if (*made < room) break;
  }
  CHECK(packed.empty());
  return out;
}

TEST_CASE("all that has arrived comes out, however little room there is at a time") {
  const std::string text = std::string(300'000, 'x') + numbers(20'000) + std::string(257, 'y');
  for (const int size : {1, 7, 1000, 1 << 18}) {
    const auto room = static_cast<std::size_t>(size);
    CHECK((unpacked(make_gunzip(), flushed_gzip(text), room) == text));
    CHECK((unpacked(make_unzstd(), flushed_zstd(text), room) == text));
  }
  // Of what is cut off, too.
  const std::string packed = flushed_gzip(text.substr(299'000, 2'000));
  for (std::size_t length = 0; length < packed.size(); ++length) {
    const std::string cut = packed.substr(0, length);
    CHECK((unpacked(make_gunzip(), cut, 1) == unpacked(make_gunzip(), cut, 10'000)));
  }
}

TEST_CASE("what is cut off is an error, after all lines that were whole") {
  const std::string text = numbers(20'000);
  const Lines all = lines_of(text);
  std::minstd_rand random(2);
  for (const std::string& packed : {gzip(text), zstd(text), gzip("a\n") + gzip(text), zstd("a\n") + zstd(text)}) {
    const Lines whole = read_file(packed).lines;
    for (int i = 0; i < 50; ++i) {
      const std::size_t length = 30 + random() % (packed.size() - 30);
      const Found found = read_file(packed.substr(0, length));
      CHECK(found.error.find(": unexpected end of file") != std::string::npos);
      CHECK(found.lines.size() <= whole.size());
      CHECK(std::equal(found.lines.begin(), found.lines.end(), whole.begin()));
      if (length > packed.size() - 10) CHECK(found.lines.size() + 20 > whole.size());
    }
  }
}

TEST_CASE("what is damaged is an error, after what came before it") {
  const std::string text = numbers(200'000);
  std::string bad = gzip(text);
  bad[bad.size() - 8] = static_cast<char>(bad[bad.size() - 8] ^ 1);  // its checksum
  Found found = read_file(bad);
  CHECK(found.lines.size() == 200'000);
  CHECK(found.error.find(": incorrect data check") != std::string::npos);

  found = read_file(gzip(text) + "rubbish");
  CHECK(found.lines.size() == 200'000);
  CHECK(found.error.find(": incorrect header check") != std::string::npos);

  found = read_file(zstd(text) + "rubbish");
  CHECK(found.lines.size() == 200'000);
  CHECK(found.error.find(": Unknown frame descriptor") != std::string::npos);
}

}  // namespace
}  // namespace clickstream::input
