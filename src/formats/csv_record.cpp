#include "formats/csv_record.h"

namespace clickstream::formats {

CsvRecord::State CsvRecord::take(std::string_view line, char delimiter) {
  if (in_quotes_) {
    text_ += '\n';
  } else {
    text_.clear();
    ends_.clear();
  }
  std::size_t at = 0;
  while (true) {
    if (!in_quotes_ && at < line.size() && line[at] == '"') {
      in_quotes_ = true;
      ++at;
    }
    if (!in_quotes_) {
      const std::size_t end = line.find(delimiter, at);
      text_.append(line.substr(at, end - at));
      ends_.push_back(text_.size());
      if (end == std::string_view::npos) return State::complete;
      at = end + 1;
      continue;
    }
    const std::size_t quote = line.find('"', at);
    text_.append(line.substr(at, quote - at));
    if (quote == std::string_view::npos) return State::open;
    at = quote + 1;
    if (at < line.size() && line[at] == '"') {
      text_ += '"';
      ++at;
      continue;
    }
    in_quotes_ = false;
    ends_.push_back(text_.size());
    if (at == line.size()) return State::complete;
    if (line[at] != delimiter) return State::bad_quote;
    ++at;
  }
}

std::string_view CsvRecord::field(std::size_t i) const {
  const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(text_).substr(begin, ends_[i] - begin);
}

}  // namespace clickstream::formats
