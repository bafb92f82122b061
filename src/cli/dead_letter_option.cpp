#include "cli/dead_letter_option.h"

#include "cli/topic_name.h"

namespace clickstream::cli {
namespace {

constexpr std::string_view kFile = "file:";

}  // namespace

Parsed<DeadLetterTarget> parse_dead_letter(std::string_view text, std::string_view input) {
  using Kind = DeadLetterTarget::Kind;
  if (text == "none") return DeadLetterTarget{Kind::none, {}};
  if (text.substr(0, kFile.size()) == kFile) {
    const std::string_view path = text.substr(kFile.size());
    if (path.empty()) return unexpected(std::string("file: needs a path, as in file:dead-letters.ndjson"));
    return DeadLetterTarget{Kind::file, std::string(path)};
  }
  if (!is_topic_name(text)) {
    return unexpected(
        std::string("no topic can have this name (1 to 249 letters, digits, '.', '_' and '-'; not '.' or "
                    "'..'); a file is file:PATH, and none goes without"));
  }
  if (text == input) {
    return unexpected(std::string("is the topic that is read: its dead letters would come back for ever"));
  }
  return DeadLetterTarget{Kind::topic, std::string(text)};
}

}  // namespace clickstream::cli
