#include "sinks/search/address.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace clickstream::sinks {
namespace {

constexpr std::string_view kScheme = "elasticsearch+";
constexpr std::size_t kLongestPrefix = 200;  // an index's name has at most 255 bytes

auto unusable(std::string_view why) {
  return fail(
      Exit::usage,
      fmt::format("--sink: {}; a search engine is given as elasticsearch+https://[user@]host:9200[/prefix]", why));
}

std::string part(CURLU* url, CURLUPart which, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool is_prefix(std::string_view text) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= kLongestPrefix && plain(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&plain](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace

Result<SearchAddress> parse_search_url(std::string_view url) {
  if (!url.starts_with(kScheme)) return unusable("not the URL of a search engine");
  url.remove_prefix(kScheme.size());
  if (!url.starts_with("https://") && !url.starts_with("http://")) return unusable("neither https nor http");
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed{curl_url(), &curl_url_cleanup};
  if (parsed == nullptr || curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), 0) != CURLUE_OK) {
    return unusable("not a URL");
  }
  if (!part(parsed.get(), CURLUPART_QUERY, 0).empty() || !part(parsed.get(), CURLUPART_FRAGMENT, 0).empty()) {
    return unusable("nothing may follow the prefix");
  }
  SearchAddress address;
  const std::string host = part(parsed.get(), CURLUPART_HOST, 0);
  const std::string port = part(parsed.get(), CURLUPART_PORT, 0);
  address.name = host + ":" + (port.empty() ? "9200" : port);
  address.base = part(parsed.get(), CURLUPART_SCHEME, 0) + "://" + address.name;
  address.user = part(parsed.get(), CURLUPART_USER, CURLU_URLDECODE);
  address.password = part(parsed.get(), CURLUPART_PASSWORD, CURLU_URLDECODE);
  address.local = host == "localhost" || host == "[::1]" || host.starts_with("127.");
  std::string path = part(parsed.get(), CURLUPART_PATH, 0);
  path.erase(0, 1);
  if (path.ends_with('/')) path.pop_back();
  if (path.empty()) return address;
  if (!is_prefix(path)) {
    return unusable(
        "a prefix of index names has lower-case letters, digits, '.', '_' and '-', and begins with a letter or digit");
  }
  address.prefix = path;
  return address;
}

}  // namespace clickstream::sinks
