#include "kafka/refusal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace clickstream::kafka {
namespace {

constexpr std::string_view kSecret =
    "check sasl.username and sasl.password (-F FILE, or CLICKSTREAM_KAFKA_SASL_USERNAME and "
    "CLICKSTREAM_KAFKA_SASL_PASSWORD)";
constexpr int kFixedScram = 0x020601ff;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Takes "sasl_ssl://HOST:PORT/bootstrap: " and the like off the front of `reason`: "HOST:PORT".
std::string take_broker(std::string_view& reason) {
  constexpr std::string_view kCoordinator = "GroupCoordinator: ";
  if (reason.substr(0, kCoordinator.size()) == kCoordinator) reason.remove_prefix(kCoordinator.size());
  const auto end = reason.find(": ");
  std::string_view name = reason.substr(0, end);
  if (end == std::string_view::npos || !contains(name, ":") || contains(name, " ")) return {};
  reason.remove_prefix(end + 2);
  if (const auto scheme = name.find("://"); scheme != std::string_view::npos) name.remove_prefix(scheme + 3);
  return std::string(name.substr(0, name.find('/')));
}

// Who speaks TLS or SASL to a port that does not, or the other way round, is hung up on without a word.
bool is_hang_up(std::string_view reason) {
  constexpr std::array<std::string_view, 5> kSigns = {"isconnected", "Broken pipe", "reset by peer", "unexpected eof",
                                                      "wrong version number"};
  return std::any_of(kSigns.begin(), kSigns.end(), [&](std::string_view sign) { return contains(reason, sign); });
}

std::string advice_on_hang_up(const Settings& settings, bool speaks_tls) {
  const std::string protocol = settings.security_protocol();
  const auto doubt = [&](std::string_view guess) {
    return fmt::format("is security.protocol={} right? This port may {}", protocol, guess);
  };
  if (protocol == "plaintext") {
    return doubt(
        "speak TLS (ssl, or sasl_ssl with a name and a password), or ask for a name and a password "
        "(sasl_plaintext)");
  }
  if (protocol == "sasl_plaintext") return doubt("speak TLS (sasl_ssl)");
  if (!speaks_tls) return doubt(fmt::format("not speak TLS ({})", protocol == "ssl" ? "plaintext" : "sasl_plaintext"));
  if (protocol == "ssl") return doubt("ask for a name and a password (sasl_ssl), or for a certificate");
  return doubt("not ask for a name and a password (ssl)");
}

// The broker's word, by TLS, on why it ends the connection: a number of RFC 8446, section 6.2.
std::optional<int> alert_of(std::string_view reason) {
  constexpr std::string_view kSign = "alert number ";
  const auto begin = reason.find(kSign);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view digits = reason.substr(begin + kSign.size());
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} ? std::optional(number) : std::nullopt;
}

// bad_certificate … unknown_ca, and certificate_required: a broker says so of its client's certificate.
bool is_about_our_certificate(int alert) { return (alert >= 42 && alert <= 46) || alert == 48 || alert == 116; }

std::pair<std::string, std::string> on_our_certificate(int alert, const Settings& settings) {
  const bool has_one = settings.get("ssl.certificate.location") || settings.get("ssl.certificate.pem") ||
                       settings.get("ssl.keystore.location");
  if (has_one) {
    return {fmt::format("it does not accept our certificate (TLS alert {})", alert),
            "has an authority signed it that the broker trusts, and is it still valid?"};
  }
  return {fmt::format("it asks for a client certificate (TLS alert {})", alert),
          "set ssl.certificate.location and ssl.key.location (PEM), or ssl.keystore.location (PKCS#12)"};
}

std::string advice_on_authentication(std::string_view reason, const Settings& settings) {
  // "…: broker's supported mechanisms: " and their names.
  constexpr std::string_view kMechanisms = "supported mechanisms: ";
  if (const auto begin = reason.find(kMechanisms); begin != std::string_view::npos) {
    const std::string_view names = reason.substr(begin + kMechanisms.size());
    if (names.find_first_not_of(' ') != std::string_view::npos)
      return fmt::format("set sasl.mechanism to one of: {}", names);
    return fmt::format("does this port ask for a name and a password at all (security.protocol={} does without)?",
                       settings.security_protocol() == "sasl_ssl" ? "ssl" : "plaintext");
  }
  if (settings.mechanism() == "OAUTHBEARER") {
    return "check sasl.oauthbearer.token.endpoint.url, .client.id, .client.secret, .scope and .extensions";
  }
  if (const auto flaw = scram_flaw(settings)) return fmt::format("{}; with an older broker {}", *flaw, kSecret);
  return std::string(kSecret);
}

}  // namespace

std::string Refusal::text() const { return broker.empty() ? cause : fmt::format("{}: {}", broker, cause); }

Refusal explain(rd_kafka_resp_err_t code, std::string_view reason, const Settings& settings,
                const Handshake& handshake) {
  Refusal refusal;
  refusal.broker = take_broker(reason);
  reason = reason.substr(0, reason.find(" (after "));  // how long after what helps nobody
  refusal.cause = reason;
  const auto alert = alert_of(reason);
  // librdkafka's text of a handshake that fails cannot tell one reason from another. Where the broker's answer is there
  // already when the handshake begins, the code is _TRANSPORT.
  const bool is_handshake = code == RD_KAFKA_RESP_ERR__SSL || contains(reason, "certificate verify failed");
  if (is_handshake && handshake.complaint) {
    refusal.cause = handshake.complaint->cause;
    refusal.advice = handshake.complaint->advice;
    refusal.final = true;
  } else if (alert && is_about_our_certificate(*alert)) {
    std::tie(refusal.cause, refusal.advice) = on_our_certificate(*alert, settings);
    refusal.final = true;
  } else if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION) {
    refusal.advice = advice_on_authentication(reason, settings);
    refusal.final = true;
  } else if (is_hang_up(reason)) {  // also what a broker does that is about to end
    refusal.cause = "it hangs up";
    refusal.advice = advice_on_hang_up(settings, handshake.reached_certificate);
  } else if (is_handshake) {
    refusal.advice = "check ssl.ca.location, and whether this port speaks TLS";
    refusal.final = true;
  }
  return refusal;
}

std::string_view advice_on_settings(std::string_view complaint) {
  if (contains(complaint, "ssl.keystore.location")) {
    return "; is it a PKCS#12 file, and is ssl.keystore.password its password?";
  }
  if (contains(complaint, "ssl.key.location")) {
    return "; is it a PEM file, and is ssl.key.password its password (CLICKSTREAM_KAFKA_SSL_KEY_PASSWORD)?";
  }
  if (contains(complaint, ".location")) return "; is it a PEM file?";
  return "";
}

bool is_scram(const Settings& settings) { return settings.mechanism().substr(0, 6) == "SCRAM-"; }

std::optional<std::string> scram_flaw(const Settings& settings) {
  if (!is_scram(settings) || rd_kafka_version() >= kFixedScram) return std::nullopt;
  return fmt::format(
      "librdkafka {} cannot log in to brokers of Kafka 4 with SCRAM, even with the right password: use 2.6.1 "
      "or newer (Debian 13, the container image), or PLAIN or OAUTHBEARER",
      rd_kafka_version_str());
}

}  // namespace clickstream::kafka
