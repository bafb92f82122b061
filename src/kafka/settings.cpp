#include "kafka/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "kafka/handles.h"

namespace clickstream::kafka {
namespace {

struct Advice {
  std::string_view name;
  std::string_view text;
};

// Properties whose change would make figures wrong or lose events.
constexpr std::array<Advice, 10> kRefused = {{
    {"enable.auto.commit", "offsets are committed together with the state they belong to, never by a timer"},
    {"enable.auto.offset.store", "offsets are committed together with the state they belong to"},
    {"auto.offset.reset", "a new group starts at the earliest offset, so that no event is missed"},
    {"group.protocol", "the figures rely on the classic protocol's cooperative rebalancing"},
    {"partition.assignment.strategy", "the figures rely on cooperative-sticky assignment"},
    {"partitioner",
     "events are partitioned as Java clients do (murmur2_random), so that a user stays in one partition"},
    {"acks", "an event counts as delivered when all in-sync replicas have it"},
    {"request.required.acks", "an event counts as delivered when all in-sync replicas have it"},
    {"enable.idempotence", "without it a retry may double or reorder events"},
    {"enable.partition.eof", "the end of a partition is how `--until-end` and `stats` know when to stop"},
}};

// Names that a Java client knows and librdkafka does not.
constexpr std::array<Advice, 10> kJava = {{
    {"sasl.jaas.config", "use sasl.username and sasl.password"},
    {"ssl.truststore.location", "use ssl.ca.location (a PEM file)"},
    {"ssl.truststore.password", "use ssl.ca.location (a PEM file needs no password)"},
    {"ssl.truststore.type", "use ssl.ca.location (a PEM file)"},
    {"ssl.keystore.type",
     "use ssl.keystore.location (PKCS#12), or ssl.certificate.location and ssl.key.location (PEM)"},
    {"sasl.login.callback.handler.class", "use sasl.oauthbearer.method=oidc or enable.sasl.oauthbearer.unsecure.jwt"},
    {"sasl.client.callback.handler.class", "use sasl.oauthbearer.method=oidc"},
    {"buffer.memory", "use queue.buffering.max.kbytes"},
    {"max.block.ms", "use message.timeout.ms"},
    {"key.serializer", "leave it out: there are no serializers here"},
}};

template <std::size_t N>
const Advice* find(const std::array<Advice, N>& list, std::string_view name) {
  const auto* found = std::find_if(list.begin(), list.end(), [&](const Advice& a) { return a.name == name; });
  return found == list.end() ? nullptr : found;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Result<Property> checked(std::string_view name, std::string_view value) {
  if (const Advice* advice = find(kRefused, name)) {
    return fail(Exit::usage, fmt::format("the property {} cannot be set: {}", name, advice->text));
  }
  if (const Advice* advice = find(kJava, name)) {
    return fail(Exit::usage, fmt::format("{} is a property of the Java client; {}", name, advice->text));
  }
  const ConfHandle conf(rd_kafka_conf_new());
  std::array<char, 512> error{};
  const auto result =
      rd_kafka_conf_set(conf.get(), std::string(name).c_str(), std::string(value).c_str(), error.data(), error.size());
  if (result != RD_KAFKA_CONF_OK) return fail(Exit::usage, fmt::format("librdkafka refuses it: {}", error.data()));
  return Property{name, value};
}

}  // namespace

std::string Settings::brokers() const {
  for (auto p = properties.rbegin(); p != properties.rend(); ++p) {
    if (p->first == "bootstrap.servers" || p->first == "metadata.broker.list") return p->second;
  }
  return {};
}

std::string Settings::security_protocol() const {
  const auto last = std::find_if(properties.rbegin(), properties.rend(),
                                 [](const Property& property) { return property.first == "security.protocol"; });
  return last == properties.rend() ? "plaintext" : last->second;
}

Result<Property> parse_property(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return fail(Exit::usage, fmt::format("'{}' is no property=value", text));
  }
  return checked(trim(text.substr(0, equals)), trim(text.substr(equals + 1)));
}

Result<std::vector<Property>> read_properties(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(Exit::failed, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  std::vector<Property> properties;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string_view text = trim(line);
    if (text.empty() || text.front() == '#') continue;
    auto property = parse_property(text);
    if (!property) {
      return fail(property.error().code, fmt::format("{}:{}: {}", path, number, property.error().message));
    }
    properties.push_back(std::move(*property));
  }
  if (file.bad()) return fail(Exit::failed, fmt::format("cannot read {}: {}", path, std::strerror(errno)));  // a folder
  return properties;
}

Result<std::vector<Property>> properties_of_environment(const char* const* environment) {
  constexpr std::string_view kPrefix = "CLICKSTREAM_KAFKA_";
  std::vector<Property> properties;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos || entry.substr(0, kPrefix.size()) != kPrefix) continue;
    const std::string_view variable = entry.substr(0, equals);
    if (variable == "CLICKSTREAM_KAFKA_CONFIG") continue;  // the option --kafka-config
    std::string name(variable.substr(kPrefix.size()));
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
      return c == '_' ? '.' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    auto property = checked(name, entry.substr(equals + 1));
    if (!property) {
      return fail(property.error().code,
                  fmt::format("environment variable {}: {}", variable, property.error().message));
    }
    properties.push_back(std::move(*property));
  }
  return properties;
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
