#include <algorithm>

#include "formats/log_line.h"
#include "formats/text.h"

namespace clickstream::formats {

Format detect_format(std::string_view line) {
  line = without_mark(line, {0, 1});
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (line.empty() || line.front() == '{' || line.front() == '[') return Format::ndjson;
  if (const auto parsed = parse_log_line(line)) return parsed->user_agent ? Format::combined : Format::common;
  return line.find_first_of(",;\t") != std::string_view::npos ? Format::csv : Format::ndjson;
}

}  // namespace clickstream::formats
