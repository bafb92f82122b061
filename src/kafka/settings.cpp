#include "kafka/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "kafka/handles.h"
#include "kafka/refusal.h"

namespace clickstream::kafka {
namespace {

struct Refused {
  std::string_view name;
  std::string_view value;  // what it is set to anyway
  std::string_view reason;
};

// Properties whose change would make figures wrong or lose events.
constexpr std::array<Refused, 11> kRefused = {{
    {"enable.auto.commit", "false", "offsets are committed together with the state they belong to, never by a timer"},
    {"enable.auto.offset.store", "false", "offsets are committed together with the state they belong to"},
    {"auto.offset.reset", "earliest", "a new group starts at the earliest offset, so that no event is missed"},
    {"group.protocol", "classic", "the figures rely on the classic protocol's cooperative rebalancing"},
    {"partition.assignment.strategy", "cooperative-sticky", "the figures rely on cooperative-sticky assignment"},
    {"partitioner", "murmur2_random",
     "events are partitioned as Java clients do (murmur2_random), so that a user stays in one partition"},
    {"acks", "all", "an event counts as delivered when all in-sync replicas have it"},
    {"acks", "-1", "an event counts as delivered when all in-sync replicas have it"},
    {"request.required.acks", "-1", "an event counts as delivered when all in-sync replicas have it"},
    {"enable.idempotence", "true", "without it a retry may double or reorder events"},
    {"enable.partition.eof", "true", "the end of a partition is how `--until-end` and `stats` know when to stop"},
}};

struct Advice {
  std::string_view name;
  std::string_view text;
};

// Names that a Java client knows and librdkafka does not.
constexpr std::array<Advice, 12> kJava = {{
    {"sasl.jaas.config", "use sasl.username and sasl.password"},
    {"ssl.truststore.location", "use ssl.ca.location (a PEM file), or nothing where the system knows the CA"},
    {"ssl.truststore.password", "use ssl.ca.location (a PEM file needs no password)"},
    {"ssl.truststore.type", "use ssl.ca.location (a PEM file)"},
    {"ssl.truststore.certificates", "use ssl.ca.pem"},
    {"ssl.keystore.type",
     "use ssl.keystore.location (PKCS#12), or ssl.certificate.location and ssl.key.location (PEM)"},
    {"ssl.keystore.certificate.chain", "use ssl.certificate.pem"},
    {"ssl.keystore.key", "use ssl.key.pem"},
    {"sasl.login.callback.handler.class", "use sasl.oauthbearer.method=oidc or enable.sasl.oauthbearer.unsecure.jwt"},
    {"sasl.client.callback.handler.class", "use sasl.oauthbearer.method=oidc"},
    {"buffer.memory", "use queue.buffering.max.kbytes"},
    {"max.block.ms", "use message.timeout.ms"},
}};

// How the names begin of what files for Java clients and of Confluent Cloud hold besides.
constexpr std::array<Advice, 6> kUnused = {{
    {"schema.registry.", "events are JSON, without a schema registry"},
    {"basic.auth.", "it is for a schema registry, and events are JSON without one"},
    {"key.serializer", "there are no serializers here"},
    {"key.deserializer", "there are no serializers here"},
    {"value.serializer", "there are no serializers here"},
    {"value.deserializer", "there are no serializers here"},
}};

// librdkafka's other names, from which to which.
constexpr std::array<Advice, 2> kSameAs = {{
    {"sasl.mechanisms", "sasl.mechanism"},
    {"metadata.broker.list", "bootstrap.servers"},
}};

constexpr std::string_view kIam =
    "AWS_MSK_IAM is a mechanism of the Java client's alone; docs/aws-msk.md says what to use: SCRAM-SHA-512 (with a "
    "secret of AWS Secrets Manager), or a client certificate";

template <std::size_t N>
const Advice* find(const std::array<Advice, N>& list, std::string_view name) {
  const auto* found = std::find_if(list.begin(), list.end(), [&](const Advice& a) { return a.name == name; });
  return found == list.end() ? nullptr : found;
}

std::string_view canonical(std::string_view name) {
  const Advice* same = find(kSameAs, name);
  return same == nullptr ? name : same->text;
}

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return small;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Whether the property says only how things are.
Result<bool> is_so_anyway(std::string_view name, std::string_view value) {
  // What librdkafka does, whether it knows the property (from 2.2 on) or not.
  if (name == "client.dns.lookup" && value == "use_all_dns_ips") return true;
  const Refused* reason = nullptr;
  for (const Refused& refused : kRefused) {
    if (refused.name != name) continue;
    if (refused.value == value) return true;
    reason = &refused;
  }
  if (reason == nullptr) return false;
  return fail(Exit::usage, fmt::format("the property {} cannot be set: {}", name, reason->reason));
}

Result<void> add(Settings& settings, std::string_view where, std::string_view name, std::string_view value) {
  const auto so = is_so_anyway(name, value);
  if (!so) return unexpected(so.error());
  if (*so) return {};
  const auto* unused = std::find_if(kUnused.begin(), kUnused.end(),
                                    [&](const Advice& a) { return name.substr(0, a.name.size()) == a.name; });
  if (unused != kUnused.end()) {
    settings.log(LogLevel::warn, fmt::format("{}{} is not used: {}", where, name, unused->text));
    return {};
  }
  if (const Advice* advice = find(kJava, name)) {
    return fail(Exit::usage, fmt::format("{} is a property of the Java client; {}", name, advice->text));
  }
  if (canonical(name) == "sasl.mechanism" && value == "AWS_MSK_IAM") return fail(Exit::usage, std::string(kIam));
  const ConfHandle conf(rd_kafka_conf_new());
  std::array<char, 512> error{};
  const auto result =
      rd_kafka_conf_set(conf.get(), std::string(name).c_str(), std::string(value).c_str(), error.data(), error.size());
  if (result != RD_KAFKA_CONF_OK) {
    const bool oidc = name.substr(0, 17) == "sasl.oauthbearer.";
    return fail(Exit::usage, fmt::format("librdkafka refuses it: {}{}", error.data(), oidc ? kNoOidc : ""));
  }
  settings.properties.emplace_back(name, value);
  return {};
}

Result<void> add_line(Settings& settings, std::string_view where, std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return fail(Exit::usage, "this is no property=value");
  return add(settings, where, trim(text.substr(0, equals)), trim(text.substr(equals + 1)));
}

Result<void> check_mechanism(const Settings& settings) {
  const std::string mechanism = settings.mechanism();
  if (mechanism.empty()) return {};
  if (!settings.get("sasl.mechanism")) {
    return fail(Exit::usage,
                fmt::format("security.protocol={} needs a sasl.mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, "
                            "OAUTHBEARER or GSSAPI",
                            settings.security_protocol()));
  }
  const bool has_secret =
      !settings.get("sasl.username").value_or("").empty() && !settings.get("sasl.password").value_or("").empty();
  if ((mechanism == "PLAIN" || is_scram(settings)) && !has_secret) {
    return fail(Exit::usage, fmt::format("sasl.mechanism={} needs sasl.username and sasl.password (-F FILE, or "
                                         "CLICKSTREAM_KAFKA_SASL_USERNAME and CLICKSTREAM_KAFKA_SASL_PASSWORD)",
                                         mechanism));
  }
  if (mechanism == "OAUTHBEARER" && in_small_letters(settings.get("sasl.oauthbearer.method").value_or("")) != "oidc" &&
      settings.get("enable.sasl.oauthbearer.unsecure.jwt") != "true") {
    return fail(Exit::usage,
                "sasl.mechanism=OAUTHBEARER has nowhere to get a token from: set sasl.oauthbearer.method=oidc, "
                "sasl.oauthbearer.token.endpoint.url, sasl.oauthbearer.client.id and sasl.oauthbearer.client.secret");
  }
  if (const auto flaw = scram_flaw(settings)) settings.log(LogLevel::warn, *flaw);
  return {};
}

// librdkafka names the property whose file cannot be read, but neither the file nor the reason.
Result<void> check_files(const Settings& settings) {
  if (settings.security_protocol() != "ssl" && settings.security_protocol() != "sasl_ssl") return {};
  for (const char* name : {"ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.keystore.location",
                           "ssl.crl.location"}) {
    const auto path = settings.get(name);
    if (!path || *path == "probe") continue;  // a word of librdkafka's
    if (access(path->c_str(), R_OK) != 0) {
      return fail(Exit::usage, fmt::format("{}: cannot read {}: {}", name, *path, std::strerror(errno)));
    }
  }
  return {};
}

}  // namespace

std::optional<std::string> Settings::get(std::string_view name) const {
  const auto last = std::find_if(properties.rbegin(), properties.rend(),
                                 [&](const Property& property) { return canonical(property.first) == name; });
  return last == properties.rend() ? std::nullopt : std::optional(last->second);
}

std::string Settings::brokers() const { return get("bootstrap.servers").value_or(""); }

std::string Settings::security_protocol() const {
  return in_small_letters(get("security.protocol").value_or("plaintext"));
}

std::string Settings::mechanism() const {
  if (security_protocol().substr(0, 4) != "sasl") return {};
  std::string name = get("sasl.mechanism").value_or("GSSAPI");
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return name;
}

Result<void> add_property(Settings& settings, std::string_view text) { return add_line(settings, "", text); }

Result<void> add_properties_of_file(Settings& settings, const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(Exit::failed, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string_view text = trim(line);
    if (text.empty() || text.front() == '#') continue;
    const std::string where = fmt::format("{}:{}: ", path, number);
    if (auto added = add_line(settings, where, text); !added) {
      return fail(added.error().code, where + added.error().message);
    }
  }
  if (file.bad()) return fail(Exit::failed, fmt::format("cannot read {}: {}", path, std::strerror(errno)));  // a folder
  return {};
}

Result<void> add_properties_of_environment(Settings& settings, const char* const* environment) {
  constexpr std::string_view kPrefix = "CLICKSTREAM_KAFKA_";
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos || entry.substr(0, kPrefix.size()) != kPrefix) continue;
    const std::string_view variable = entry.substr(0, equals);
    if (variable == "CLICKSTREAM_KAFKA_CONFIG") continue;  // the option --kafka-config
    std::string name = in_small_letters(variable.substr(kPrefix.size()));
    std::replace(name.begin(), name.end(), '_', '.');
    const std::string where = fmt::format("environment variable {}: ", variable);
    if (auto added = add(settings, where, name, entry.substr(equals + 1)); !added) {
      return fail(added.error().code, where + added.error().message);
    }
  }
  return {};
}

Result<void> check(const Settings& settings) {
  if (auto checked = check_mechanism(settings); !checked) return checked;
  return check_files(settings);
}

std::string library_version() { return rd_kafka_version_str(); }

std::string library_features() {
  const ConfHandle conf(rd_kafka_conf_new());
  std::array<char, 512> features{};
  std::size_t size = features.size();
  if (rd_kafka_conf_get(conf.get(), "builtin.features", features.data(), &size) != RD_KAFKA_CONF_OK) return {};
  return features.data();
}

}  // namespace clickstream::kafka
