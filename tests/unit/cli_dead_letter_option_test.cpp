#include "cli/dead_letter_option.h"

#include "support/catch.h"

namespace clickstream::cli {
namespace {

using Kind = DeadLetterTarget::Kind;

std::string error_of(std::string_view text) {
  const auto parsed = parse_dead_letter(text, "user-events");
  return parsed ? "" : parsed.error();
}

TEST_CASE("dead letters go to a topic, a file or nowhere") {
  const auto topic = parse_dead_letter("Bad_events.v2-x", "user-events");
  REQUIRE(topic);
  CHECK((topic->kind == Kind::topic && topic->name == "Bad_events.v2-x"));
  const auto file = parse_dead_letter("file:/var/lib/a file:b", "user-events");
  REQUIRE(file);
  CHECK((file->kind == Kind::file && file->name == "/var/lib/a file:b"));
  const auto none = parse_dead_letter("none", "user-events");
  REQUIRE(none);
  CHECK((none->kind == Kind::none && none->name.empty()));
  CHECK(error_of(std::string(249, 'a')).empty());
  CHECK(error_of("...").empty());
  CHECK(error_of("file").empty());
}

TEST_CASE("a dead letter target that cannot be says what could") {
  for (const std::string& wrong :
       {std::string(), std::string("."), std::string(".."), std::string(250, 'a'), std::string("a b"),
        std::string("a/b"), std::string("caf\u00e9"), std::string("File:x"), std::string("a\0b", 3)}) {
    INFO(wrong);
    CHECK(error_of(wrong).find("file:PATH") != std::string::npos);
  }
  CHECK(error_of("file:").find("needs a path") != std::string::npos);
  CHECK(error_of("user-events").find("the topic that is read") != std::string::npos);
}

}  // namespace
}  // namespace clickstream::cli
