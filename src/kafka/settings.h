// How to reach a cluster: brokers and librdkafka properties, with their precedence and what is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clickstream/failure.h"
#include "clickstream/log.h"
#include "clickstream/types.h"

namespace clickstream::kafka {

using Property = std::pair<std::string, std::string>;

struct Settings {
  std::vector<Property> properties;                     ///< in the order in which they are set: later ones win
  Duration connect_timeout = std::chrono::seconds{10};  ///< for the first connection; 0: wait for ever
  Log log;

  // For messages.
  std::string brokers() const;
  std::string security_protocol() const;
};

/// "name=value". Refuses what would void the program's promises, and hints at the librdkafka property where a Java
/// client's was given.
Result<Property> parse_property(std::string_view text);

/// A file of such lines, with # comments and blank lines.
Result<std::vector<Property>> read_properties(const std::string& path);

/// sasl.password from CLICKSTREAM_KAFKA_SASL_PASSWORD and so on; `environment` as environ(7) has it.
Result<std::vector<Property>> properties_of_environment(const char* const* environment);

/// librdkafka's version and its features, for --version.
std::string library_version();
std::string library_features();

}  // namespace clickstream::kafka
