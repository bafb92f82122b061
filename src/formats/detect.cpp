#include <algorithm>

#include "formats/recording.h"
#include "formats/text.h"

namespace clickstream::formats {

Format detect_format(std::string_view line) {
  line = without_mark(line, {0, 1});
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (line.empty() || line.front() == '{' || line.front() == '[') return Format::ndjson;
  // Of a log line, host and two names stand before the time; what is quoted are the request, and where both follow,
  // the page that linked here and the browser.
  if (line.find(" [") != std::string_view::npos && line.find("] \"") != std::string_view::npos) {
    return line.find("\" \"") != std::string_view::npos ? Format::combined : Format::common;
  }
  return line.find_first_of(",;\t") != std::string_view::npos ? Format::csv : Format::ndjson;
}

}  // namespace clickstream::formats
