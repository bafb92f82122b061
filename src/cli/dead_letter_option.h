// The value of --dead-letter. Pure; the error says what would have been right.
#pragma once

#include <string>
#include <string_view>

#include "cli/values.h"

namespace clickstream::cli {

struct DeadLetterTarget {
  enum class Kind { none, topic, file };
  Kind kind = Kind::none;
  std::string name;  ///< of the topic, or the file's path
};

/// TOPIC, file:PATH or none. `input` is the topic that is read: what is put there would come back for ever.
Parsed<DeadLetterTarget> parse_dead_letter(std::string_view text, std::string_view input);

}  // namespace clickstream::cli
