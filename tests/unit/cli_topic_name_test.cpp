#include "cli/topic_name.h"

#include "cli/state_topic_name.h"
#include "support/catch.h"

namespace clickstream::cli {
namespace {

TEST_CASE("a state topic is called after group and topic") {
  CHECK(default_state_topic("clickstream", "user-events") == "clickstream-user-events-clickstream-state");
}

TEST_CASE("names that a topic cannot have become ones that it can, and stay apart") {
  const std::string spaced = default_state_topic("a b", "t");
  CHECK(is_topic_name(spaced));
  CHECK(spaced.rfind("a_b-t-clickstream-state-", 0) == 0);
  CHECK(spaced != default_state_topic("a/b", "t"));
  const std::string longest = default_state_topic(std::string(200, 'g'), std::string(200, 't'));
  CHECK(longest.size() == kLongestTopicName);
  CHECK(is_topic_name(longest));
  CHECK(longest != default_state_topic(std::string(200, 'g'), std::string(201, 't')));
}

TEST_CASE("what a topic may be called") {
  CHECK(is_topic_name("A.b_c-9"));
  CHECK(is_topic_name(std::string(kLongestTopicName, 'x')));
  CHECK_FALSE(is_topic_name(std::string(kLongestTopicName + 1, 'x')));
  CHECK_FALSE(is_topic_name(""));
  CHECK_FALSE(is_topic_name("."));
  CHECK_FALSE(is_topic_name(".."));
  CHECK_FALSE(is_topic_name("a b"));
  CHECK_FALSE(is_topic_name("\xc3\xa4"));
}

}  // namespace
}  // namespace clickstream::cli
