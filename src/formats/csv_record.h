// One record of a CSV, as RFC 4180 has it, line by line. Pure.
//
// A quote inside an unquoted field is a quote.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clickstream::formats {

class CsvRecord {
 public:
  enum class State {
    complete,
    open,       ///< a quote is open: the next line is part of the record, behind a line feed
    bad_quote,  ///< more follows a closing quote than the delimiter; the next line begins a new record
  };

  /// The next line, without its end: of the open record, else of a new one.
  State take(std::string_view line, char delimiter);

  /// An open record ends here.
  void abandon() { in_quotes_ = false; }

  /// Of a complete record. The fields live until the next line.
  std::size_t size() const { return ends_.size(); }
  std::string_view field(std::size_t i) const;

 private:
  std::string text_;               // the fields, one after the other, as they are meant
  std::vector<std::size_t> ends_;  // of each in text_
  bool in_quotes_ = false;
};

}  // namespace clickstream::formats
