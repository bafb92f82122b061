#include "cli/args.h"

#include <fmt/format.h>

// A value may hold commas: --brokers a:9092,b:9092 is one.
#define CXXOPTS_VECTOR_DELIMITER '\0'
#include <algorithm>
#include <cxxopts.hpp>
#include <sstream>

#include "render/text.h"

namespace clickstream::cli {
namespace {

constexpr std::size_t kHelpColumn = 34;
constexpr std::size_t kHelpWidth = 100;

std::string environment_name(const std::string& option) {
  std::string name = "CLICKSTREAM_" + option;
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

std::optional<std::string> find_variable(const char* const* environment, const std::string& name) {
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (entry.size() > name.size() && entry[name.size()] == '=' && entry.substr(0, name.size()) == name) {
      return std::string(entry.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

std::string option_column(const Option& option) {
  std::string text = option.letter != 0 ? fmt::format("  -{}, --{}", option.letter, option.name)
                                        : fmt::format("      --{}", option.name);
  if (!option.value.empty()) text += " " + option.value;
  return text;
}

// Words of `text` in lines that start at a column.
void append_wrapped(const std::string& text, std::string& out) {
  std::istringstream words(text);
  std::string word;
  std::size_t column = kHelpColumn;
  bool first = true;
  while (words >> word) {
    if (!first && column + 1 + word.size() > kHelpWidth) {
      out += '\n' + std::string(kHelpColumn, ' ');
      column = kHelpColumn;
      first = true;
    }
    if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    first = false;
  }
  out += '\n';
}

// The library splits -rate into -r, -a, -t and -e: which of the arguments was it?
std::string as_typed(const std::string& argument, const std::vector<std::string>& arguments) {
  if (std::find(arguments.begin(), arguments.end(), argument) != arguments.end()) return argument;
  const auto typed = std::find_if(arguments.begin(), arguments.end(), [&](const std::string& candidate) {
    return candidate.size() > 2 && candidate[0] == '-' && candidate[1] != '-' &&
           candidate.find(argument.back()) != std::string::npos;
  });
  return typed == arguments.end() ? argument : *typed;
}

std::string usage_hint(const Command& command) {
  return fmt::format("; `clickstream {} --help` lists the options", command.name);
}

template <class F>
void for_each_option(const Command& command, F f) {
  for (const OptionGroup& group : command.groups) {
    for (const Option& option : group.options) f(option);
  }
}

// The value of a switch; absent if it is none.
std::optional<bool> parse_switch(std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0" || text.empty()) return false;
  return std::nullopt;
}

auto unknown(const Command& command, const std::string& argument) {
  if (argument.size() < 2 || argument.front() != '-') {
    return fail(Exit::usage, fmt::format("unexpected argument '{}'{}", argument, usage_hint(command)));
  }
  std::vector<std::string> names = {"help"};
  for_each_option(command, [&](const Option& option) { names.push_back(option.name); });
  const std::string typed = argument.substr(0, argument.find('='));
  const std::string name = typed.substr(std::min(typed.find_first_not_of('-'), typed.size()));
  const auto guess = nearest(name, names);
  return fail(Exit::usage, guess ? fmt::format("unknown option {}; did you mean --{}?", typed, *guess)
                                 : fmt::format("unknown option {}{}", typed, usage_hint(command)));
}

}  // namespace

std::string Command::help() const {
  std::string out = fmt::format("clickstream {}: {}\n\nUsage: clickstream {} [options]{}{}\n", name, summary, name,
                                arguments.empty() ? "" : " ", arguments);
  if (!details.empty()) out += "\n" + details + "\n";
  for (const OptionGroup& group : groups) {
    out += fmt::format("\n{}:\n", group.title);
    for (const Option& option : group.options) {
      std::string column = option_column(option);
      if (render::width(column) + 2 > kHelpColumn) {
        out += column + "\n" + std::string(kHelpColumn, ' ');
      } else {
        out += render::padded(column, kHelpColumn);
      }
      append_wrapped(option.fallback.empty() ? option.help : fmt::format("{} ({})", option.help, option.fallback), out);
    }
  }
  out += "\nEvery option can also come from the environment: CLICKSTREAM_BROKERS for --brokers and so on.\n";
  return out + "\nExamples:\n" + examples;
}

Result<Args> Args::parse(const Command& command, const std::vector<std::string>& arguments,
                         const char* const* environment) {
  Args args;
  cxxopts::Options options(command.name);
  options.allow_unrecognised_options();
  options.add_options()("h,help", "");
  for_each_option(command, [&](const Option& option) {
    const std::string names = option.letter != 0 ? fmt::format("{},{}", option.letter, option.name) : option.name;
    auto value = cxxopts::value<std::vector<std::string>>();
    options.add_options()(names, "", option.value.empty() ? value->implicit_value("true") : value);
    args.fallback_[option.name] = option.fallback;
  });

  std::vector<const char*> argv = {"clickstream"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  try {
    const auto result = options.parse(static_cast<int>(argv.size()), argv.data());
    args.help_ = result.count("help") > 0;
    for_each_option(command, [&](const Option& option) {
      if (result.count(option.name) == 0) return;
      args.given_[option.name] = result[option.name].as<std::vector<std::string>>();
    });
    args.positional_ = result.unmatched();
  } catch (const std::exception& error) {
    // The library's own words are short and name the option.
    return fail(Exit::usage, fmt::format("{}{}", error.what(), usage_hint(command)));
  }
  // What looks like an option is one, unless it is "-" or stands behind "--".
  const auto separator = std::find(arguments.begin(), arguments.end(), "--");
  for (const std::string& argument : args.positional_) {
    const bool behind = std::find(separator, arguments.end(), argument) != arguments.end();
    const bool is_option = argument.size() > 1 && argument.front() == '-' && !behind;
    if (is_option || command.arguments.empty()) return unknown(command, as_typed(argument, arguments));
  }

  std::optional<Failure> wrong;
  for_each_option(command, [&](const Option& option) {
    std::string origin = "--" + option.name;
    if (!args.given(option.name)) {
      origin = environment_name(option.name);
      const auto value = find_variable(environment, origin);
      if (!value) return;
      origin = "environment variable " + origin;
      args.given_[option.name] = {*value};
    }
    if (!option.value.empty()) return;
    const auto on = parse_switch(args.get(option.name));
    if (!on) {
      wrong = {Exit::usage, fmt::format("{}: '{}' is neither true nor false", origin, args.get(option.name))};
    } else if (!*on) {
      args.given_.erase(option.name);
    }
  });
  if (wrong) return unexpected(*wrong);
  return args;
}

const std::string& Args::get(const std::string& option) const {
  const auto found = given_.find(option);
  return found == given_.end() ? fallback_.at(option) : found->second.back();
}

std::vector<std::string> Args::all(const std::string& option) const {
  const auto found = given_.find(option);
  return found == given_.end() ? std::vector<std::string>{} : found->second;
}

template <class T>
T Values::take(const std::string& option, const Parsed<T>& parsed) {
  if (parsed) return *parsed;
  reject(option, parsed.error());
  return T{};
}

void Values::reject(const std::string& option, const std::string& why) {
  if (!failure_) failure_ = {Exit::usage, fmt::format("--{}: {}", option, why)};
}

Duration Values::duration(const std::string& option) { return take(option, parse_duration(args_.get(option))); }

std::optional<Duration> Values::duration_or(const std::string& option, std::string_view word) {
  if (args_.get(option) == word) return std::nullopt;
  return duration(option);
}

std::int64_t Values::integer(const std::string& option, std::int64_t low, std::int64_t high) {
  return take(option, parse_integer(args_.get(option), low, high));
}

std::int64_t Values::millionths(const std::string& option) { return take(option, parse_millionths(args_.get(option))); }

std::int64_t Values::share(const std::string& option) { return take(option, parse_share(args_.get(option))); }

Timestamp Values::moment(const std::string& option, Timestamp now) {
  return take(option, parse_moment(args_.get(option), now));
}

std::string Values::word(const std::string& option, const std::vector<std::string>& words) {
  const std::string& text = args_.get(option);
  if (std::find(words.begin(), words.end(), text) != words.end()) return text;
  const auto guess = nearest(text, words);
  reject(option, guess ? fmt::format("'{}' is none of {}; did you mean {}?", text, fmt::join(words, ", "), *guess)
                       : fmt::format("'{}' is none of {}", text, fmt::join(words, ", ")));
  return text;
}

}  // namespace clickstream::cli
