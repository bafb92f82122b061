// One librdkafka client: its configuration, its callbacks, its first connection. Private to src/kafka.
//
// Lives on the heap, for its callbacks point to it. Everything but log lines arrives on the thread that polls.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/stop.h"
#include "kafka/handles.h"
#include "kafka/refusal.h"
#include "kafka/settings.h"

namespace clickstream::kafka {

/// What a client's owner wants to hear; set before the client is made. Must not throw.
struct Callbacks {
  std::function<void(const rd_kafka_message_t&)> delivery;
  std::function<void(rd_kafka_resp_err_t, const rd_kafka_topic_partition_list_t*)> rebalance;
};

class Client {
 public:
  /// `properties` are the program's own; the user's come after them and win.
  static Result<std::unique_ptr<Client>> create(rd_kafka_type_t type, const Settings& settings,
                                                const std::vector<Property>& properties, Callbacks callbacks = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  rd_kafka_t* get() const { return client_; }
  const Settings& settings() const { return settings_; }

  /// Waits for a broker's answer: until the connect timeout, a refusal, or `stopping`.
  Result<void> connect(const Stopping& stopping);

  /// How many partitions the topic has; nothing where it does not exist, or when `stopping` meanwhile.
  Result<std::optional<int>> partition_count(const std::string& topic, Duration timeout, const Stopping& stopping);

  /// Whether we may not know whether the topic exists. Of a consumer: a producer's question could create it.
  bool is_hidden(const std::string& topic);

  /// The failure of a question that a connected cluster has not answered in time.
  Failure no_answer(const std::string& what) const;

  /// Of a member of a group: whether it is joining anew, from the request on that says so until it knows its share.
  /// Brokers answer a connection's requests in order, so that a commit after the request would be made for a
  /// generation of the group that is over by then. Any thread.
  bool joining() const { return joining_; }

  /// When a broker was last found to be out of reach.
  std::chrono::steady_clock::time_point last_trouble() const { return last_trouble_; }

  /// Why this client can never work again; absent while it can.
  const std::optional<Failure>& fatal() const { return fatal_; }

  /// Calls rd_kafka_destroy_flags at destruction, for a consumer that has not closed in time.
  void give_up_closing() { destroy_flags_ = RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE; }

 private:
  Client(const Settings& settings, Callbacks callbacks) : settings_(settings), callbacks_(std::move(callbacks)) {}

  void watch_joining(rd_kafka_conf_t* conf);
  void on_error(rd_kafka_resp_err_t code, const char* reason);
  MetadataHandle metadata(bool all_topics, Duration& patience);
  Failure unreachable() const;
  std::string last_words() const;
  // Any thread: librdkafka asks while it connects.
  bool verified(int error, std::string_view address, std::string_view der);
  Handshake handshake_of(std::string_view reason);

  Settings settings_;
  Callbacks callbacks_;
  rd_kafka_t* client_ = nullptr;
  int destroy_flags_ = 0;
  bool connected_ = false;
  std::atomic<bool> joining_ = false;
  std::optional<Failure> refused_;  // by the first connection
  std::optional<Failure> fatal_;
  std::optional<Refusal> last_error_;
  std::chrono::steady_clock::time_point last_error_logged_{};
  std::chrono::steady_clock::time_point last_trouble_{};
  std::mutex handshakes_mutex_;
  std::map<std::string, Handshake> handshakes_;  // by broker
};

/// Whether the broker refuses us: who we are, or what we ask for.
bool is_refusal(rd_kafka_resp_err_t code);

/// What the lack of the right to read as a group is called.
constexpr const char* kNoMember = "cannot be a member of the group";

/// The failure for an error that a broker answers with: authorisation, or anything else.
Failure broker_failure(rd_kafka_resp_err_t code, const std::string& what);

/// Milliseconds for librdkafka, rounded up.
int to_millis(Duration timeout);

}  // namespace clickstream::kafka
