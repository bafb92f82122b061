// A command's options: declared once, given by flag or environment, parsed into text.
//
// cxxopts stays in the .cpp file. A value's meaning is read through Values, which remembers the first that is wrong.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/values.h"
#include "clickstream/failure.h"

namespace clickstream::cli {

struct Option {
  std::string name;      ///< the long one
  char letter = 0;       ///< the short one, if there is one
  std::string value;     ///< what the value is called in the help; empty: a switch
  std::string fallback;  ///< the value when none is given
  std::string help;
  bool repeatable = false;
};

/// Options that the help shows under one heading.
struct OptionGroup {
  std::string title;
  std::vector<Option> options;
};

struct Command {
  std::string name;
  std::string summary;
  std::string arguments;  ///< what may stand besides options, for the usage line; empty: nothing may
  std::string details;    ///< paragraphs between usage and options
  std::string examples;   ///< lines "  command   what it does"
  std::vector<OptionGroup> groups;

  std::string help() const;
};

class Args {
 public:
  /// `arguments` without program and command name; `environment` as environ(7) has it: CLICKSTREAM_METRICS_PORT for
  /// --metrics-port and so on. A flag beats the environment.
  static Result<Args> parse(const Command& command, const std::vector<std::string>& arguments,
                            const char* const* environment);

  bool help() const { return help_; }
  /// Given by flag or environment.
  bool given(const std::string& option) const { return given_.count(option) != 0; }
  /// The last value given, else the fallback.
  const std::string& get(const std::string& option) const;
  /// All values given, in order.
  std::vector<std::string> all(const std::string& option) const;
  const std::vector<std::string>& positional() const { return positional_; }

 private:
  bool help_ = false;
  std::map<std::string, std::vector<std::string>> given_;
  std::map<std::string, std::string> fallback_;
  std::vector<std::string> positional_;
};

/// Reads values one after the other; failure() has the first one that was wrong.
class Values {
 public:
  explicit Values(const Args& args) : args_(args) {}

  Duration duration(const std::string& option);
  /// Absent for `word`.
  std::optional<Duration> duration_or(const std::string& option, std::string_view word);
  std::int64_t integer(const std::string& option, std::int64_t low, std::int64_t high);
  std::int64_t millionths(const std::string& option);
  std::int64_t share(const std::string& option);
  Timestamp moment(const std::string& option, Timestamp now);
  /// One of the words; the nearest is named where it is none.
  std::string word(const std::string& option, const std::vector<std::string>& words);

  /// For what a caller finds wrong itself.
  void reject(const std::string& option, const std::string& why);

  const std::optional<Failure>& failure() const { return failure_; }

 private:
  template <class T>
  T take(const std::string& option, const Parsed<T>& parsed);

  const Args& args_;
  std::optional<Failure> failure_;
};

}  // namespace clickstream::cli
