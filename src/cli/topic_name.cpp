#include "cli/topic_name.h"

#include <algorithm>

namespace clickstream::cli {

bool is_topic_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool is_topic_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestTopicName && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), is_topic_character);
}

}  // namespace clickstream::cli
