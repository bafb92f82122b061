// What Kafka lets a topic be called.
#pragma once

#include <cstddef>
#include <string_view>

namespace clickstream::cli {

inline constexpr std::size_t kLongestTopicName = 249;

/// A letter, a digit, '.', '_' or '-'.
bool is_topic_character(char c);

bool is_topic_name(std::string_view name);

}  // namespace clickstream::cli
