#include "cli/state_topic_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "cli/topic_name.h"

namespace clickstream::cli {
namespace {

// FNV-1a, which everybody can compute.
std::uint32_t hash(const std::string& text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

std::string default_state_topic(const std::string& group, const std::string& topic) {
  const std::string wanted = fmt::format("{}-{}-clickstream-state", group, topic);
  if (is_topic_name(wanted)) return wanted;
  const std::string tail = fmt::format("-clickstream-state-{:08x}", hash(group + '\n' + topic));
  std::string name = fmt::format("{}-{}", group, topic);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_topic_character(c); }, '_');
  return name.substr(0, kLongestTopicName - tail.size()) + tail;
}

}  // namespace clickstream::cli
