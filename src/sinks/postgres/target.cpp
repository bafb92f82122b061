#include "sinks/postgres/target.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string_view>

#include "sinks/postgres/trouble.h"

namespace clickstream::sinks::postgres {
namespace {

using Options = std::map<std::string, std::string, std::less<>>;

struct Free {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

Options set_ones(const PQconninfoOption* option) {
  Options set;
  for (; option->keyword != nullptr; ++option)
    if (option->val != nullptr && *option->val != '\0') set.emplace(option->keyword, option->val);
  return set;
}

std::string get(const Options& options, std::string_view name) {
  const auto found = options.find(name);
  return found == options.end() ? std::string() : found->second;
}

auto no_url(std::string_view why) {
  return fail(Exit::usage,
              fmt::format("--sink postgresql://…: {}; it is postgresql://[user@]host[:port]/database[?option=value&…], "
                          "special characters as %XX",
                          why));
}

/// What the URL itself says.
Result<Options> options_of_url(const std::string& url) {
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://")) return no_url("no such URL");
  char* error = nullptr;
  const std::unique_ptr<PQconninfoOption, Free> parsed(PQconninfoParse(url.c_str(), &error));
  const std::string said = error != nullptr ? one_line(error) : "out of memory";
  PQfreemem(error);
  if (parsed) return set_ones(parsed.get());
  // libpq quotes what it does not like, and that may be a part of the password: an option's name alone is safe to show.
  if (said.starts_with("invalid URI query parameter: ")) return no_url(said);
  return no_url(said.substr(0, said.find(": \"")));
}

/// What libpq makes of the URL together with its environment and service file.
Result<Options> effective_options(const std::string& url) {
  // A value that libpq refuses, once it has put all together and before it connects.
  constexpr const char* kNever = "never";
  const char* const names[] = {"dbname", "channel_binding", nullptr};
  const char* const values[] = {url.c_str(), kNever, nullptr};
  const std::unique_ptr<PGconn, Free> connection(PQconnectStartParams(names, values, 1));
  if (!connection) return fail(Exit::failed, "out of memory");
  const std::string said = one_line(PQerrorMessage(connection.get()));
  if (said.find(kNever) == std::string::npos) return no_url(said);
  const std::unique_ptr<PQconninfoOption, Free> all(PQconninfo(connection.get()));
  if (!all) return fail(Exit::failed, "out of memory");
  return set_ones(all.get());
}

bool is_here(std::string_view host) {
  return host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost" ||
         host.starts_with("127.") || host == "::1";
}

/// Of a list with commas: whether all are on this machine.
bool are_here(std::string_view hosts) {
  while (true) {
    const std::size_t comma = hosts.find(',');
    if (!is_here(hosts.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    hosts.remove_prefix(comma + 1);
  }
}

std::string name_of(const Options& options) {
  std::string host = get(options, "host");
  if (host.empty()) host = get(options, "hostaddr");
  if (host.empty()) host = "the local socket";
  if (host.find(':') != std::string::npos && host.find(',') == std::string::npos) host = '[' + host + ']';
  const std::string port = get(options, "port");
  return one_line(host + ':' + (port.empty() ? "5432" : port));
}

bool has_own_authorities() {
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') {
    const passwd* entry = getpwuid(getuid());
    home = entry != nullptr ? entry->pw_dir : "";
  }
  std::error_code error;
  return std::filesystem::exists(std::filesystem::path(home) / ".postgresql/root.crt", error);
}

std::string system_authorities(const std::string& sslmode) {
  constexpr int kKnowsSystem = 160000;
  const bool system = PQlibVersion() >= kKnowsSystem && sslmode == "verify-full";
  return system ? "system" : "/etc/ssl/certs/ca-certificates.crt";
}

}  // namespace

Result<Target> target_of(const std::string& url) {
  const auto own = options_of_url(url);
  if (!own) return unexpected(own.error());
  const auto all = effective_options(url);
  if (!all) return unexpected(all.error());

  Target target;
  target.url = url;
  target.name = name_of(*all);
  target.options = {
      {"fallback_application_name", "clickstream"},
      // A server that has gone without a word is noticed in half a minute.
      {"keepalives_idle", "10"},
      {"keepalives_interval", "5"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", "5000"},
  };
  std::string sslmode = get(*all, "sslmode");
  const std::string address = get(*all, "hostaddr");
  const bool here = are_here(address.empty() ? get(*all, "host") : address);
  const bool is_default = sslmode.empty() || sslmode == "prefer";
  if (is_default && !own->contains("sslmode") && !here) {
    sslmode = "verify-full";
    target.options.emplace_back("sslmode", sslmode);
  }
  if (sslmode.starts_with("verify-") && get(*all, "sslrootcert").empty() && !has_own_authorities())
    target.options.emplace_back("sslrootcert", system_authorities(sslmode));
  return target;
}

}  // namespace clickstream::sinks::postgres
