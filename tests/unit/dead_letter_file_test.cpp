#include "sinks/dead_letter_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <sys/resource.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "clickstream/utc.h"
#include "sinks/base64.h"
#include "support/catch.h"

namespace clickstream::sinks {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kTime = timestamp_from_micros(1'795'472'107'250'999);  // 2026-11-23T22:15:07.250999Z

// A folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() { REQUIRE(mkdtemp(path_.data()) != nullptr); }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_ = "/tmp/clickstream-sinks-XXXXXX";
};

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

std::string line(std::string_view key, std::string_view payload) {
  return dead_letter_line({2, 42, kTime, key, payload}, "not_json", "events");
}

std::string expected(const std::string& rest) {
  return R"({"reason":"not_json","topic":"events","partition":2,"offset":42,"timestamp":"2026-11-23T22:15:07.250Z",)" +
         rest + "}\n";
}

TEST_CASE("a moment as text, to the millisecond") {
  CHECK(rfc3339_millis(kTime) == "2026-11-23T22:15:07.250Z");
  CHECK(rfc3339_millis(Timestamp{}) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339_millis(Timestamp{} - 1ms) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("base64") {
  // RFC 4648, section 10.
  CHECK(base64("").empty());
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xff\xfe\xfd\xfb") == "//79+w==");
}

TEST_CASE("a dead letter is a line of JSON with the text as it was") {
  CHECK(line("7", R"({"half": "caf)"
                  "\u00e9 \U0001F600\n\\") == expected(R"("key":"7","payload":"{\"half\": \"caf)"
                                                       "\u00e9 \U0001F600"
                                                       R"(\n\\")"));
  CHECK(line("7", std::string_view("a\0b", 3)) == expected(R"("key":"7","payload":"a\u0000b")"));
}

TEST_CASE("null is not empty") {
  CHECK(line({}, {}) == expected(R"("key":null,"payload":null)"));
  CHECK(line("", "") == expected(R"("key":"","payload":"")"));
}

TEST_CASE("what is no UTF-8 is base64") {
  CHECK(line("\xff", "ok") == expected(R"("key_base64":"/w==","payload":"ok")"));
  CHECK(line("7", "caf\xe9") == expected(R"("key":"7","payload_base64":"Y2Fm6Q==")"));
  CHECK(line("7", "\xed\xa0\x80") == expected(R"("key":"7","payload_base64":"7aCA")"));  // half a surrogate pair
  CHECK(line("7", "\xc0\xaf") == expected(R"("key":"7","payload_base64":"wK8=")"));      // overlong
}

TEST_CASE("a character that is cut off does not go on in the bytes after the record") {
  const std::string bytes = "caf\u00e9";
  CHECK(line("7", std::string_view(bytes).substr(0, 4)) == expected(R"("key":"7","payload_base64":"Y2Fmww==")"));
}

TEST_CASE("the file and its folders are created, and settled lines are in it") {
  const TemporaryFolder folder;
  const std::string path = folder / "a/b/dead.ndjson";
  auto file = DeadLetterFile::open(path, "events");
  REQUIRE(file);
  CHECK((*file)->settle(0s) == true);
  CHECK(read(path).empty());
  REQUIRE((*file)->put({2, 42, kTime, "7", "a"}, "not_json") == true);
  REQUIRE((*file)->settle(0s) == true);
  CHECK(read(path) == expected(R"("key":"7","payload":"a")"));
  REQUIRE((*file)->put({2, 42, kTime, "7", "b"}, "not_json") == true);
  REQUIRE((*file)->settle(1s) == true);
  CHECK(read(path) == expected(R"("key":"7","payload":"a")") + expected(R"("key":"7","payload":"b")"));
}

TEST_CASE("many lines are written by themselves, whole") {
  const TemporaryFolder folder;
  auto file = DeadLetterFile::open(folder / "dead.ndjson", "events");
  REQUIRE(file);
  const std::string payload(1000, 'x');
  for (int i = 0; i < 1000; ++i) REQUIRE((*file)->put({2, 42, kTime, "7", payload}, "not_json") == true);
  const std::string text = read(folder / "dead.ndjson");
  CHECK(text.size() > 900'000);
  CHECK(text.back() == '\n');
}

TEST_CASE("a file is gone on with, and a line that a crash tore gets its end") {
  const TemporaryFolder folder;
  const std::string path = folder / "dead.ndjson";
  for (const std::string before : {"whole\n", "torn"}) {
    write(path, before);
    auto file = DeadLetterFile::open(path, "events");
    REQUIRE(file);
    REQUIRE((*file)->put({2, 42, kTime, "7", "a"}, "not_json") == true);
    REQUIRE((*file)->settle(0s) == true);
    CHECK(read(path) == (before == "torn" ? "torn\n" : before) + expected(R"("key":"7","payload":"a")"));
  }
}

TEST_CASE("two that share a file do not tear each other's lines") {
  const TemporaryFolder folder;
  const std::string path = folder / "dead.ndjson";
  auto first = DeadLetterFile::open(path, "events");
  auto second = DeadLetterFile::open(path, "events");
  REQUIRE((first && second));
  for (const char* payload : {"a", "b"}) {
    for (auto* file : {&first, &second}) {
      REQUIRE((**file)->put({2, 42, kTime, "7", payload}, "not_json") == true);
      REQUIRE((**file)->settle(0s) == true);
    }
  }
  const std::string a = expected(R"("key":"7","payload":"a")");
  const std::string b = expected(R"("key":"7","payload":"b")");
  CHECK(read(path) == a + a + b + b);
}

TEST_CASE("where nothing can be written, that is said with the path") {
  const TemporaryFolder folder;
  write(folder / "file", "");
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const auto error_of = [&](const std::string& name) {
    const auto file = DeadLetterFile::open(folder / name, "events");
    REQUIRE_FALSE(file);
    CHECK(file.error().code == Exit::failed);
    CHECK(file.error().message.find("cannot write dead letters to " + folder / name + ": ") == 0);
    return file.error().message;
  };
  CHECK(error_of("file/dead.ndjson").find("Not a directory") != std::string::npos);
  CHECK(error_of("").find("Is a directory") != std::string::npos);
  CHECK(error_of("pipe").find("it is no ordinary file") != std::string::npos);
}

TEST_CASE("a disk that is full is an error, and stays one") {
  const TemporaryFolder folder;
  const std::string path = folder / "dead.ndjson";
  auto file = DeadLetterFile::open(path, "events");
  REQUIRE(file);
  // A limit on the size of files fails as a full disk does.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 100;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto put = (*file)->put({2, 42, kTime, "7", "a"}, "not_json");
  const auto settled = (*file)->settle(1s);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  CHECK(put == true);
  REQUIRE_FALSE(settled);
  CHECK(settled.error().message.find("cannot write dead letters to " + path + ": File too large") == 0);
  CHECK_FALSE((*file)->put({2, 42, kTime, "7", "b"}, "not_json"));
  CHECK_FALSE((*file)->settle(1s));
  CHECK(read(path).empty());  // and no part of a line is left

  auto next = DeadLetterFile::open(path, "events");
  REQUIRE(next);
  REQUIRE((*next)->put({2, 42, kTime, "7", "a"}, "not_json") == true);
  REQUIRE((*next)->settle(1s) == true);
  CHECK(read(path) == expected(R"("key":"7","payload":"a")"));
}

}  // namespace
}  // namespace clickstream::sinks
