#include "kafka/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace clickstream::kafka {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

// What every client of ours is set to; a later property of the same name wins.
const std::vector<Property>& common_properties() {
  static const std::vector<Property> properties = {
      {"client.id", "clickstream"},
      {"socket.keepalive.enable", "true"},
      {"reconnect.backoff.max.ms", "1000"},
      {"topic.metadata.refresh.interval.ms", "5000"},
  };
  return properties;
}

// How long to wait for one answer at first, and at most: near brokers are refused or found at once, and still distant
// ones may take their time.
constexpr Duration kPatience = 200ms;
constexpr Duration kMostPatience = 2s;

// Of the Kafka protocol.
constexpr std::int16_t kJoinGroup = 11;
constexpr std::int16_t kSyncGroup = 14;

constexpr const char* kAskForRights = "; ask for the rights (docs/operations.md lists them)";

}  // namespace

bool is_refusal(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      return true;
    default:
      return false;
  }
}

int to_millis(Duration timeout) {
  return static_cast<int>(std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(timeout).count()));
}

Failure broker_failure(rd_kafka_resp_err_t code, const std::string& what) {
  if (is_refusal(code)) {
    return {Exit::unreachable, fmt::format("{}: {}{}", what, rd_kafka_err2str(code), kAskForRights)};
  }
  return {Exit::failed, fmt::format("{}: {}", what, rd_kafka_err2str(code))};
}

Result<std::unique_ptr<Client>> Client::create(rd_kafka_type_t type, const Settings& settings,
                                               const std::vector<Property>& properties, Callbacks callbacks) {
  std::unique_ptr<Client> client(new Client(settings, std::move(callbacks)));
  ConfHandle conf(rd_kafka_conf_new());
  std::array<char, 512> error{};
  for (const auto* list : {&common_properties(), &properties, &settings.properties}) {
    for (const auto& [name, value] : *list) {
      if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), error.data(), error.size()) != RD_KAFKA_CONF_OK) {
        return fail(Exit::usage, fmt::format("librdkafka refuses {}: {}", name, error.data()));
      }
    }
  }
  rd_kafka_conf_set_opaque(conf.get(), client.get());
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int code, const char* reason, void* self) {
    static_cast<Client*>(self)->on_error(static_cast<rd_kafka_resp_err_t>(code), reason);
  });
  rd_kafka_conf_set_ssl_cert_verify_cb(
      conf.get(), [](rd_kafka_t*, const char* name, std::int32_t, int* verdict, int, const char* der, std::size_t size,
                     char*, std::size_t, void* self) {
        return static_cast<Client*>(self)->verified(*verdict, name, {der, size}) ? 1 : 0;
      });
  // librdkafka's own lines repeat, in its own words, what the error callback says.
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t* rk, int, const char* facility, const char* text) {
    const auto* self = static_cast<const Client*>(rd_kafka_opaque(rk));
    self->settings_.log(LogLevel::debug, fmt::format("librdkafka: {}: {}", facility, text));
  });
  if (client->callbacks_.delivery) {
    rd_kafka_conf_set_dr_msg_cb(conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
      static_cast<Client*>(self)->callbacks_.delivery(*message);
    });
  }
  if (client->callbacks_.rebalance) {
    rd_kafka_conf_set_rebalance_cb(
        conf.get(), [](rd_kafka_t*, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions, void* self) {
          static_cast<Client*>(self)->callbacks_.rebalance(what, partitions);
        });
    client->watch_joining(conf.get());
  }
  client->client_ = rd_kafka_new(type, conf.get(), error.data(), error.size());
  if (client->client_ == nullptr) {
    // It has freed the interceptors already, and would do so again: what is left of the configuration has to stay.
    [[maybe_unused]] static const rd_kafka_conf_t* volatile remains = nullptr;  // or the store is optimised away
    if (client->callbacks_.rebalance) remains = conf.release();
    return fail(Exit::usage,
                fmt::format("librdkafka refuses the settings: {}{}", error.data(), advice_on_settings(error.data())));
  }
  (void)conf.release();
  return client;
}

// librdkafka does not tell its state in the group, but what it sends and receives.
void Client::watch_joining(rd_kafka_conf_t* conf) {
  rd_kafka_conf_interceptor_add_on_new(
      conf, "joining",
      [](rd_kafka_t* rk, const rd_kafka_conf_t*, void* self, char*, std::size_t) {
        rd_kafka_interceptor_add_on_request_sent(
            rk, "joining",
            [](rd_kafka_t*, int, const char*, std::int32_t, std::int16_t api, std::int16_t, std::int32_t, std::size_t,
               void* opaque) {
              if (api == kJoinGroup) static_cast<Client*>(opaque)->joining_ = true;
              return RD_KAFKA_RESP_ERR_NO_ERROR;
            },
            self);
        rd_kafka_interceptor_add_on_response_received(
            rk, "joining",
            [](rd_kafka_t*, int, const char*, std::int32_t, std::int16_t api, std::int16_t, std::int32_t, std::size_t,
               std::int64_t, rd_kafka_resp_err_t, void* opaque) {
              if (api == kSyncGroup) static_cast<Client*>(opaque)->joining_ = false;
              return RD_KAFKA_RESP_ERR_NO_ERROR;
            },
            self);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
      },
      this);
}

Client::~Client() {
  if (client_ != nullptr) rd_kafka_destroy_flags(client_, destroy_flags_);
}

void Client::on_error(rd_kafka_resp_err_t code, const char* reason) {
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    std::array<char, 512> text{};
    const bool refused = is_refusal(rd_kafka_fatal_error(client_, text.data(), text.size()));
    fatal_ = {refused ? Exit::unreachable : Exit::failed,
              fmt::format("cannot go on: {}{}", text.data(), refused ? kAskForRights : "")};
    return;
  }
  // It is said once, to whoever polls first; what waits for the group would wait for ever.
  if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
    fatal_ = broker_failure(code, kNoMember);
    return;
  }
  const Refusal refusal = explain(code, reason, settings_, handshake_of(reason));
  if (!connected_ && refusal.final) {
    const std::string who = refusal.broker.empty() ? settings_.brokers() : refusal.broker;
    refused_ = {Exit::unreachable, fmt::format("refused by {}: {}; {}", who, refusal.cause, refusal.advice)};
  }
  // "All brokers down" says less than the error before it.
  if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !last_error_) last_error_ = refusal;
  const auto now = steady_clock::now();
  last_trouble_ = now;
  if (connected_ && now - last_error_logged_ > 10s) {
    last_error_logged_ = now;
    settings_.log(LogLevel::warn, fmt::format("{}{}; trying again", last_error_->text(),
                                              last_error_->final ? "; " + last_error_->advice : ""));
  }
}

// Never accepts what OpenSSL does not.
bool Client::verified(int error, std::string_view address, std::string_view der) {
  const std::lock_guard lock(handshakes_mutex_);
  Handshake& handshake = handshakes_[std::string(address)];
  handshake.reached_certificate = true;
  handshake.complaint = error == 0 ? std::nullopt : std::optional(complain(error, address, der));
  return error == 0;
}

// With the broker that `reason` names.
Handshake Client::handshake_of(std::string_view reason) {
  const std::lock_guard lock(handshakes_mutex_);
  const auto found = std::find_if(handshakes_.begin(), handshakes_.end(), [&](const auto& entry) {
    return reason.find(entry.first) != std::string_view::npos;
  });
  return found == handshakes_.end() ? Handshake{} : found->second;
}

std::string Client::last_words() const { return last_error_ ? ": " + last_error_->text() : ""; }

Failure Client::unreachable() const {
  const auto seconds = std::chrono::duration<double>(settings_.connect_timeout).count();
  const std::string advice =
      last_error_ && !last_error_->advice.empty()
          ? last_error_->advice
          : "is it running, and is this its address? -b HOST:PORT names another, scripts/kafka start gives a local one";
  return {Exit::unreachable, fmt::format("no broker at {} answered within {} s{}; {}", settings_.brokers(), seconds,
                                         last_words(), advice)};
}

Failure Client::no_answer(const std::string& what) const {
  const std::string advice = last_error_ && last_error_->final
                                 ? last_error_->advice
                                 : "are the addresses that its brokers advertise (advertised.listeners) within reach?";
  return {Exit::unreachable, fmt::format("{}: no answer in time from the cluster at {}{}; {}", what,
                                         settings_.brokers(), last_words(), advice)};
}

MetadataHandle Client::metadata(bool all_topics, Duration& patience) {
  const rd_kafka_metadata_t* answer = nullptr;
  const auto error = rd_kafka_metadata(client_, all_topics ? 1 : 0, nullptr, &answer, to_millis(patience));
  rd_kafka_poll(client_, 0);  // serves the error callback
  // There is a broker, but it is slow, or far away.
  if (error == RD_KAFKA_RESP_ERR__TIMED_OUT) patience = std::min(2 * patience, kMostPatience);
  return MetadataHandle(answer);
}

Result<void> Client::connect(const Stopping& stopping) {
  // The time-out is for the whole of it, with what it takes to start and to end.
  const auto deadline = steady_clock::now() + settings_.connect_timeout - 500ms;
  auto next_line = steady_clock::now() + 2s;
  Duration patience = kPatience;
  while (!stopping()) {
    if (metadata(false, patience)) {
      connected_ = true;
      return {};
    }
    if (refused_) return unexpected(*refused_);
    const auto now = steady_clock::now();
    if (settings_.connect_timeout > 0s) {
      if (now >= deadline) return unexpected(unreachable());
      patience = std::min(patience, std::chrono::ceil<Duration>(deadline - now));
    }
    if (now >= next_line) {
      next_line = now + 10s;
      settings_.log(LogLevel::info, fmt::format("waiting for a broker at {}{}", settings_.brokers(), last_words()));
    }
  }
  return {};
}

Result<std::optional<int>> Client::partition_count(const std::string& topic, Duration timeout,
                                                   const Stopping& stopping) {
  const auto deadline = steady_clock::now() + timeout;
  Duration patience = kPatience;
  while (!stopping()) {
    // The list of all topics: asking for one by name could create it.
    if (const auto all = metadata(true, patience)) {
      for (int i = 0; i < all->topic_cnt; ++i) {
        if (all->topics[i].topic == topic) return all->topics[i].partition_cnt;
      }
      return std::nullopt;
    }
    if (steady_clock::now() >= deadline) return unexpected(no_answer("cannot list the topics"));
  }
  return std::nullopt;
}

bool Client::is_hidden(const std::string& topic) {
  const TopicHandle handle(rd_kafka_topic_new(client_, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* answer = nullptr;
  rd_kafka_metadata(client_, 0, handle.get(), &answer, to_millis(kMostPatience));
  const MetadataHandle owner(answer);
  return answer != nullptr && answer->topic_cnt == 1 &&
         answer->topics[0].err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

}  // namespace clickstream::kafka
