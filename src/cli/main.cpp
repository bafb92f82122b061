// clickstream: finds the subcommand, runs it, turns its result into an exit status.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "cli/values.h"
#include "cli/version.h"

namespace {

using namespace clickstream;

struct Entry {
  cli::Command (*describe)();
  Result<int> (*run)(const cli::Args&);
};
constexpr std::array<Entry, 4> kEntries = {{{cli::produce_command, cli::produce},
                                            {cli::consume_command, cli::consume},
                                            {cli::replay_command, cli::replay},
                                            {cli::stats_command, cli::stats}}};

std::string overview() {
  std::string out =
      "clickstream: simulate, ingest and measure website events over Apache Kafka in real time\n\n"
      "Usage: clickstream COMMAND [options]\n\nCommands:\n";
  for (const Entry& entry : kEntries) {
    const cli::Command command = entry.describe();
    out += fmt::format("  {:<10}{}\n", command.name, command.summary);
  }
  out +=
      "\n`clickstream COMMAND --help` shows a command's options and examples; --version the libraries' versions.\n\n"
      "A first look, without a broker: clickstream consume --input simulator\n";
  return out;
}

// A standard descriptor that the caller has closed would be the next file's or socket's, and mix what is meant for
// both. So it is held; to read or write it is an error, as if it were closed.
void hold_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) == -1) open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

int report(const Failure& failure, const std::string& who) {
  if (!failure.message.empty()) {
    const std::string line = fmt::format("{}: {}\n", who, failure.message);
    std::fwrite(line.data(), 1, line.size(), stderr);
  }
  return static_cast<int>(failure.code);
}

int print(const std::string& text) {
  const auto written = cli::write_out(text);
  return written ? 0 : report(written.error(), "clickstream");
}

int run(const Entry& entry, const cli::Command& command, const std::vector<std::string>& arguments) {
  const std::string who = "clickstream " + command.name;
  const auto args = cli::Args::parse(command, arguments, environ);
  if (!args) return report(args.error(), who);
  if (args->help()) return print(command.help());
  const auto status = entry.run(*args);
  return status ? *status : report(status.error(), who);
}

int unknown_command(const std::string& word) {
  std::vector<std::string> names;
  for (const Entry& entry : kEntries) names.push_back(entry.describe().name);
  const auto guess = cli::nearest(word, names);
  return report({Exit::usage, guess ? fmt::format("unknown command '{}'; did you mean {}?", word, *guess)
                                    : fmt::format("unknown command '{}'; `clickstream --help` lists them", word)},
                "clickstream");
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_descriptors();
  cli::install_signal_handlers();
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) {
    const std::string text = overview();
    std::fwrite(text.data(), 1, text.size(), stderr);
    return static_cast<int>(Exit::usage);
  }
  const std::string& word = words.front();
  if (word == "--help" || word == "-h" || word == "help") return print(overview());
  if (word == "--version" || word == "version") return print(cli::version_text());
  for (const Entry& entry : kEntries) {
    const cli::Command command = entry.describe();
    if (command.name == word) return run(entry, command, {words.begin() + 1, words.end()});
  }
  return unknown_command(word);
}
