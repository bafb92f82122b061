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

  /// The value that wins, by any of librdkafka's names for the property; nothing where it is not set.
  std::optional<std::string> get(std::string_view name) const;

  // For messages.
  std::string brokers() const;
  std::string security_protocol() const;  ///< in small letters
  std::string mechanism() const;          ///< of SASL, in capitals; empty without SASL
};

// What follows adds to settings. It refuses what would void the program's promises, and hints at the librdkafka property
// where a Java client's was given. What says only how things are anyway is passed over, and so is what is of no use
// here (a schema registry), which is logged. No message holds a value that may be a secret.

/// "name=value".
Result<void> add_property(Settings& settings, std::string_view text);

/// A file of such lines, with # comments and blank lines.
Result<void> add_properties_of_file(Settings& settings, const std::string& path);

/// sasl.password from CLICKSTREAM_KAFKA_SASL_PASSWORD and so on; `environment` as environ(7) has it.
Result<void> add_properties_of_environment(Settings& settings, const char* const* environment);

/// Whether the whole can work at all, as far as can be known without a broker. Logs a warning where it may not.
Result<void> check(const Settings& settings);

/// librdkafka's version and its features, for --version.
std::string library_version();
std::string library_features();

}  // namespace clickstream::kafka
