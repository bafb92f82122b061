// Runs every script of tests/unit/behaviour, and sees that the runner notices what is wrong.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/catch.h"
#include "support/script.h"

namespace clickstream {
namespace {

std::vector<std::filesystem::path> scripts() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(BEHAVIOUR_DIR)) {
    if (entry.path().extension() == ".test") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string complaints(std::string_view script) {
  std::string all;
  for (const std::string& complaint : run_script("script", script)) all += complaint + "\n";
  return all;
}

TEST_CASE("Behaviour is as the scripts say") {
  REQUIRE(scripts().size() >= 15);
  for (const std::filesystem::path& path : scripts()) {
    DYNAMIC_SECTION(path.filename().string()) {
      const std::string text = content(path);
      CHECK(text.starts_with("# "));
      CHECK(text.find("expect ") != std::string::npos);
      for (const std::string& complaint : run_script(path.string(), text)) FAIL_CHECK(complaint);
    }
  }
}

TEST_CASE("Behaviour is the same when the state is saved and restored after every line") {
  for (const std::filesystem::path& path : scripts()) {
    for (const std::string& complaint : run_script_saving(path.string(), content(path))) FAIL_CHECK(complaint);
  }
}

TEST_CASE("A script that is right has no complaints") {
  CHECK(complaints(
            "# a story\n\noptions gap=30m\nevent id=a at=0s -> counted\nexpect sessions=1 total_duration=0s\n") == "");
  CHECK(complaints("event id=a at=0s for=90s -> counted\nexpect total_duration=90s") == "");
}

TEST_CASE("A script that is wrong is told where") {
  CHECK(complaints("\nevent id=a at=0s -> late\n") == "script:2: is counted, not late\n");
  CHECK(complaints("expect sessions=1 open=0 closed=2\n") == "script:1: found sessions=0 (not 1) closed=0 (not 2)\n");
  CHECK(complaints("malformed not_json\nexpect not_json=0") == "script:2: found not_json=1 (not 0)\n");
  CHECK(complaints("raw {} -> malformed:not_json") ==
        "script:1: is malformed:missing_event_id, not malformed:not_json\n");
  CHECK(complaints("event id=a at=0s -> counted\nexpect page:/=2") == "script:2: found page:/=1 (not 2)\n");
  CHECK(complaints("event id=a at=0s -> counted\nexpect ctr=-") == "script:2: found ctr=0.00 (not -)\n");
}

TEST_CASE("Words that a script can't use are errors") {
  const std::vector<std::string> wrong = {"evnt id=a at=0s -> counted",
                                          "event id=a at=0s",
                                          "event id=a at=0s -> ",
                                          "event id=a at=0s -> fine",
                                          "event id=a -> counted",
                                          "event at=0s -> counted",
                                          "event id=a at=0 -> counted",
                                          "event id=a at=1x -> counted",
                                          "event id=a at=s -> counted",
                                          "event id=a at=0s usr=1 -> counted",
                                          "event id=a at=0s user=one -> late",
                                          "event id=a at=0s page -> counted",
                                          "options gaps=1m",
                                          "options gap=1",
                                          "options max_pages=many",
                                          "malformed not_jason",
                                          "malformed",
                                          "watermark",
                                          "watermark soon",
                                          "end now",
                                          "expect sesions=0",
                                          "expect sessions",
                                          "raw {}",
                                          "raw {} -> malformed",
                                          "raw {} -> malformed:unknown",
                                          "raw record=1 {} -> malformed:missing_event_id",
                                          "end\noptions gap=1m"};
  for (const std::string& script : wrong) {
    INFO(script);
    CHECK_FALSE(run_script("script", script).empty());
  }
}

TEST_CASE("Spans of time are read and written") {
  using std::chrono::microseconds;
  for (const std::string_view text : {"0s", "1h30m", "-5s", "9s999ms999us", "26h"}) {
    REQUIRE(parse_span(text));
    CHECK(format_span(*parse_span(text)) == text);
  }
  CHECK(parse_span("1m1us") == microseconds{60'000'001});
  CHECK(parse_span("-1m1us") == microseconds{-60'000'001});
  for (const std::string_view text : {"", "-", "1", "s", "1.5s", "1 s", "+1s", "1s2", "99999999999999999999s"}) {
    CHECK_FALSE(parse_span(text));
  }
}

}  // namespace
}  // namespace clickstream
