#include "sinks/search/http_session.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace clickstream::sinks {
namespace {

constexpr std::size_t kLargestAnswer = std::size_t{64} << 20;
constexpr int kLook = 100;              // milliseconds between two looks at whether to give up
constexpr long kConnectTimeout = 9000;  // milliseconds

/// libcurl's write callback: no exception may leave it.
std::size_t append(char* data, std::size_t size, std::size_t count, void* body) noexcept {
  auto& text = *static_cast<std::string*>(body);
  const std::size_t bytes = size * count;
  if (text.size() + bytes > kLargestAnswer) return 0;
  try {
    text.append(data, bytes);
  } catch (...) {
    return 0;
  }
  return bytes;
}

/// The same words each time: no durations, no counts of bytes.
std::string explain(CURL* curl, CURLcode code, const char* detail) {
  const std::string_view said = *detail != '\0' ? detail : curl_easy_strerror(code);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "no such host";
    case CURLE_COULDNT_CONNECT: {
      long error = 0;
      curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
      return fmt::format("could not connect: {}", std::strerror(static_cast<int>(error)));
    }
    case CURLE_OPERATION_TIMEDOUT: {
      double begun = 0;
      curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME, &begun);
      return begun > 0 ? "no complete answer in time" : "could not connect: no answer";
    }
    case CURLE_PEER_FAILED_VERIFICATION:
      return fmt::format("its certificate is not trusted ({}); CLICKSTREAM_SINK_CA names the file of the CA", said);
    case CURLE_SSL_CACERT_BADFILE:
      return fmt::format("the trusted certificates cannot be read ({}); check CLICKSTREAM_SINK_CA", said);
    case CURLE_SSL_CONNECT_ERROR:
      return fmt::format("no TLS connection ({}); without TLS it would be elasticsearch+http://", said);
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return fmt::format("the connection broke before the answer was complete ({})", curl_easy_strerror(code));
    case CURLE_WRITE_ERROR:
      return "the answer is too large";
    case CURLE_UNSUPPORTED_PROTOCOL:
      return fmt::format("no HTTP ({}); with TLS it would be elasticsearch+https://", said);
    default:
      return std::string(said);
  }
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, FreeList>;

Headers headers(const char* type, const std::string& api_key) {
  Headers list{curl_slist_append(nullptr, type)};
  if (!api_key.empty()) curl_slist_append(list.get(), ("Authorization: ApiKey " + api_key).c_str());
  return list;
}

}  // namespace

struct HttpSession::Handles {
  explicit Handles(const std::string& api_key)
      : json(headers("Content-Type: application/json", api_key)),
        lines(headers("Content-Type: application/x-ndjson", api_key)) {}

  const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  Headers json;
  Headers lines;
  std::array<char, CURL_ERROR_SIZE> detail{};
  // The multi handle keeps the connection; it goes last.
  std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi{curl_multi_init(), &curl_multi_cleanup};
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy{curl_easy_init(), &curl_easy_cleanup};
};

HttpSession::HttpSession(const HttpOptions& options)
    : handles_(std::make_unique<Handles>(options.api_key)), base_(options.base), name_(options.name) {
  CURL* curl = handles_->easy.get();
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeout);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);  // nobody waits for the resolver's thread
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "clickstream");
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handles_->detail.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &append);
  if (!options.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.api_key.empty()) return;
  curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
  if (!options.password.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, options.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, options.password.c_str());
  } else if (!options.user.empty()) {
    // Only of a user in the URL does libcurl look up the password in ~/.netrc.
    const std::unique_ptr<char, decltype(&curl_free)> user{curl_easy_escape(curl, options.user.c_str(), 0), &curl_free};
    if (user != nullptr) base_.insert(base_.find("://") + 3, std::string(user.get()) + "@");
  }
}

HttpSession::~HttpSession() = default;

Expected<HttpAnswer, HttpError> HttpSession::send(const HttpRequest& request, std::chrono::milliseconds timeout,
                                                  const Stopping& given_up) {
  const auto failed = [this](bool timed_out, std::string_view why) {
    return unexpected(HttpError{timed_out, fmt::format("search engine {}: {}", name_, why)});
  };
  CURL* curl = handles_->easy.get();
  CURLM* multi = handles_->multi.get();
  if (handles_->ready != CURLE_OK || curl == nullptr || multi == nullptr) {
    return failed(false, "the HTTP client does not start");
  }
  HttpAnswer answer;
  // 0 would mean: for ever.
  timeout = std::max(timeout, std::chrono::milliseconds{1});
  handles_->detail.front() = '\0';
  curl_easy_setopt(curl, CURLOPT_URL, (base_ + request.path).c_str());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, (request.lines ? handles_->lines : handles_->json).get());
  if (std::string_view(request.method) == "GET") {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, nullptr);
  } else {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data() == nullptr ? "" : request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method);
  }

  // Not curl_easy_perform: it looks up from its waiting only once a second.
  if (curl_multi_add_handle(multi, curl) != CURLM_OK) return failed(false, "the HTTP client does not start");
  CURLMcode state = CURLM_OK;
  int running = 1;
  bool left = false;
  while (state == CURLM_OK) {
    state = curl_multi_perform(multi, &running);
    if (running == 0 || state != CURLM_OK) break;
    left = given_up && given_up();
    if (left) break;
    state = curl_multi_poll(multi, nullptr, 0, kLook, nullptr);
  }
  CURLcode code = CURLE_FAILED_INIT;
  int messages = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &messages)) {
    if (message->msg == CURLMSG_DONE) code = message->data.result;
  }
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  const char* type = nullptr;
  curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
  if (type != nullptr) answer.type = type;
  curl_multi_remove_handle(multi, curl);

  if (left) return failed(false, "given up while waiting for it");
  if (state != CURLM_OK) return failed(false, curl_multi_strerror(state));
  if (code != CURLE_OK) {
    return failed(code == CURLE_OPERATION_TIMEDOUT, explain(curl, code, handles_->detail.data()));
  }
  return answer;
}

}  // namespace clickstream::sinks
