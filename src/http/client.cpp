#include "http/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

namespace clickstream::http {
namespace {

constexpr std::size_t kLargestBody = 64U << 20U;

/// libcurl's write callback: no exception may leave it.
std::size_t append(char* data, std::size_t size, std::size_t count, void* body) noexcept {
  auto& text = *static_cast<std::string*>(body);
  const std::size_t bytes = size * count;
  if (text.size() + bytes > kLargestBody) return 0;
  try {
    text.append(data, bytes);
  } catch (...) {
    return 0;
  }
  return bytes;
}

Failure failure(const std::string& url, CURLcode code, std::chrono::milliseconds timeout, const char* detail) {
  const auto failed = [&url](Exit exit, std::string_view reason) {
    return Failure{exit, fmt::format("{}: {}", url, reason)};
  };
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return failed(Exit::usage, "not an http or https URL, such as http://127.0.0.1:8000/stats.json");
    case CURLE_COULDNT_CONNECT:
      return failed(
          Exit::failed,
          "could not connect; is `clickstream consume` running there, with this --metrics-port and --listen?");
    case CURLE_OPERATION_TIMEDOUT:
      return failed(Exit::failed, fmt::format("no complete answer within {} ms", timeout.count()));
    case CURLE_WRITE_ERROR:
      return failed(Exit::failed, "the answer is too large to be that of a consumer");
    default:
      return failed(Exit::failed, *detail != '\0' ? detail : curl_easy_strerror(code));
  }
}

}  // namespace

Result<std::string> get(const std::string& url, Duration timeout) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle{curl_easy_init(), &curl_easy_cleanup};
  if (ready != CURLE_OK || handle == nullptr) return fail(Exit::failed, "the HTTP client does not start");

  // 0 would mean: for ever.
  const auto deadline = std::max(std::chrono::ceil<std::chrono::milliseconds>(timeout), std::chrono::milliseconds{1});
  std::string body;
  std::array<char, CURL_ERROR_SIZE> detail{};
  CURL* curl = handle.get();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(deadline.count()));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "clickstream");
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) return unexpected(failure(url, code, deadline, detail.data()));

  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 300 && status < 400) {
    return fail(Exit::failed, fmt::format("{}: answered with status {}; redirects are not followed", url, status));
  }
  if (status != 200) return fail(Exit::failed, fmt::format("{}: answered with status {}, not 200", url, status));
  return body;
}

}  // namespace clickstream::http
