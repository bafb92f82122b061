// What librdkafka's words about a connection that failed mean, and what to do about it. Private to src/kafka.
//
// The words differ between its versions: what is not recognised is passed on as it is, with general advice.
#pragma once

#include <librdkafka/rdkafka.h>

#include <optional>
#include <string>
#include <string_view>

#include "kafka/certificate.h"
#include "kafka/settings.h"

namespace clickstream::kafka {

/// What is known of the latest TLS handshake with a broker.
struct Handshake {
  bool reached_certificate = false;    ///< it speaks TLS
  std::optional<Complaint> complaint;  ///< of its certificate
};

struct Refusal {
  std::string broker;  ///< HOST:PORT; empty where it is nobody in particular
  std::string cause;
  std::string advice;  ///< may be empty
  bool final = false;  ///< trying again is of no use: neither time nor another broker will change the answer

  /// Who and why, in one line without the advice.
  std::string text() const;
};

Refusal explain(rd_kafka_resp_err_t code, std::string_view reason, const Settings& settings,
                const Handshake& handshake);

/// What to add to librdkafka's complaint about settings: begins with "; ", or is empty.
std::string_view advice_on_settings(std::string_view complaint);

/// Whether a name and a password are shown by SCRAM.
bool is_scram(const Settings& settings);

/// What this librdkafka cannot do of what is asked for; nothing where all is well.
std::optional<std::string> scram_flaw(const Settings& settings);

constexpr std::string_view kNoOidc = "; Debian 13 and the container image have a librdkafka with OIDC";

}  // namespace clickstream::kafka
