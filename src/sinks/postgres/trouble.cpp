#include "sinks/postgres/trouble.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace clickstream::sinks::postgres {
namespace {

struct Advice {
  std::string_view sign;  // a SQLSTATE, the beginning of one, or a part of libpq's text
  std::string_view text;
};

constexpr std::string_view kCredentials =
    "check the user in the URL and the password (PGPASSWORD, PGPASSFILE or ~/.pgpass), and what the server's "
    "pg_hba.conf "
    "lets in";
constexpr std::string_view kInit = "start once with --sink-init, which creates what is missing";
constexpr std::string_view kCertificates =
    "give the file of the authority that signed the server's certificate: sslrootcert=FILE in the URL";

constexpr Advice kByState[] = {
    {"28", kCredentials},
    {"3D000", "create it (createdb), or name another one in the URL"},
    {"3F000", kInit},
    {"42P01", kInit},
    {"42703", kInit},
    {"42P10", kInit},
    {"42501", "let its owner grant what docs/sinks.md lists"},
    {"25006", "it has to be the primary: name that in the URL, or all of them with target_session_attrs=read-write"},
    {"53100", "make room on its disk"},
    {"53300", "end other connections, or raise max_connections or the role's limit"},
    {"57014", "raise the role's statement_timeout, or see what holds a lock"},
    {"55P03", "see what holds a lock"},
};

constexpr Advice kByText[] = {
    {"no partition of relation", "create the missing piece of the table, or a default one"},
    {"could not translate host name", "check the host in the URL"},
    {"Connection refused", "is the server running there?"},
    {"No such file or directory", "is the server running there?"},
    {"no password supplied", kCredentials},
    {"server does not support SSL",
     "turn on TLS in the server, or, in a network that can be trusted, add sslmode=disable to the URL"},
    {"certificate verify failed", kCertificates},
    {"root certificate file", kCertificates},
    {"does not match host name", "name the host in the URL as the server's certificate does"},
};

std::string_view advice(const Trouble& trouble) {
  for (const Advice& known : kByState)
    if (trouble.state.starts_with(known.sign)) return known.text;
  for (const Advice& known : kByText)
    if (trouble.text.find(known.sign) != std::string::npos) return known.text;
  return {};
}

/// Where ":  28P01: " is in a line, if it is.
std::optional<std::size_t> state_position(std::string_view line) {
  constexpr std::string_view kBefore = ":  ";
  const std::size_t colon = line.find(kBefore);
  if (colon == std::string_view::npos) return std::nullopt;
  const std::size_t begin = colon + kBefore.size();
  const std::string_view state = line.substr(begin, 5);
  const bool is_one =
      line.substr(begin + state.size()).starts_with(": ") && state.size() == 5 &&
      std::all_of(state.begin(), state.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
  return is_one ? std::optional(begin) : std::nullopt;
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

Trouble trouble_in(std::string_view message) {
  Trouble trouble;
  for (std::size_t begin = 0; begin < message.size();) {
    const std::size_t end = std::min(message.find('\n', begin), message.size());
    const std::string_view line = message.substr(begin, end - begin);
    begin = end + 1;
    // What the server itself says counts more than what happened at another address before.
    if (const auto position = state_position(line)) {
      trouble.state = line.substr(*position, 5);
      trouble.text = one_line(line.substr(*position + 7));
      break;
    }
    if (!trouble.text.empty()) continue;
    constexpr std::string_view kFailed = " failed: ";
    const std::size_t failed = line.find(kFailed);
    const bool says_where = line.starts_with("connection to server ") && failed != std::string_view::npos;
    trouble.text = one_line(says_where ? line.substr(failed + kFailed.size()) : line);
  }
  return trouble;
}

std::string message(const Trouble& trouble, const std::string& server) {
  const std::string_view what_to_do = advice(trouble);
  return fmt::format("PostgreSQL at {}: {}{}{}", server, trouble.text, what_to_do.empty() ? "" : "; ", what_to_do);
}

Exit exit_code(const Trouble& trouble) {
  if (trouble.state == "3D000") return Exit::failed;
  const bool refused = trouble.state == "42501";
  return trouble.connecting || refused ? Exit::unreachable : Exit::failed;
}

bool is_about_rows(const Trouble& trouble) {
  // A table in pieces that has none for the row's time violates no constraint that has a name.
  if (trouble.state == "23514" && trouble.constraint.empty()) return false;
  for (const std::string_view kind : {"22", "23", "54", "P0"})
    if (trouble.state.starts_with(kind)) return true;
  return false;
}

bool is_time_out(const Trouble& trouble) { return trouble.state == "57014"; }

}  // namespace clickstream::sinks::postgres
