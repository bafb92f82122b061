#include "http/version.h"

#include <civetweb.h>
#include <curl/curl.h>
#include <fmt/format.h>

namespace clickstream::http {

std::string library_versions() {
  return fmt::format("civetweb {}\nlibcurl {}\n", mg_version(), curl_version_info(CURLVERSION_NOW)->version);
}

}  // namespace clickstream::http
