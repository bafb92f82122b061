#include "formats/page_views.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace clickstream::formats {
namespace {

// Lower case, in order. It is what at least two of three log analysers take for no page, and the formats that came after
// their lists: GoAccess (static-file in goaccess.conf), Matomo's import_logs.py (STATIC_EXTENSIONS,
// DOWNLOAD_EXTENSIONS), AWStats (NotPageList). txt is robots.txt and ads.txt, xml the sitemap and feeds.
constexpr std::array<std::string_view, 89> kStaticExtensions = {
    "7z",  "aac",  "apk",  "apng",  "atom", "avi",  "avif", "bin",  "bmp",  "bz2", "class", "css",         "csv",
    "deb", "dmg",  "doc",  "docx",  "eot",  "epub", "exe",  "flac", "flv",  "gif", "gz",    "ico",         "ics",
    "iso", "jar",  "jpeg", "jpg",   "js",   "json", "jxl",  "m4a",  "m4v",  "map", "mid",   "midi",        "mjs",
    "mkv", "mobi", "mov",  "mp3",   "mp4",  "mpeg", "mpg",  "msi",  "odp",  "ods", "odt",   "oga",         "ogg",
    "ogv", "otf",  "pdf",  "png",   "ppt",  "pptx", "ps",   "rar",  "rpm",  "rss", "rtf",   "svg",         "svgz",
    "swf", "tar",  "tbz",  "tgz",   "tif",  "tiff", "ttf",  "txt",  "wasm", "wav", "webm",  "webmanifest", "webp",
    "wma", "wmv",  "woff", "woff2", "xls",  "xlsx", "xml",  "xz",   "z",    "zip", "zst"};

constexpr std::size_t kLongestExtension = 11;

// Lower case, in order. What robots call themselves (bot, crawler, spider; most name a web address, which no browser
// does), the previews of messengers, monitors, and the libraries and tools that programs use. After isbot's patterns, the
// list of crawler-user-agents, and EXCLUDED_USER_AGENTS of Matomo's import_logs.py, cut down to what does not hit a
// browser: not "yahoo", "yandex" or "google" alone, which are also in the names of theirs.
constexpr std::array<std::string_view, 90> kBotMarkers = {"aiohttp",
                                                          "anthropic-ai",
                                                          "apache-httpclient",
                                                          "archive",
                                                          "axios/",
                                                          "bot",
                                                          "censysinspect",
                                                          "chatgpt-user",
                                                          "check_http",
                                                          "checker",
                                                          "claude-user",
                                                          "crawl",
                                                          "curl",
                                                          "cypress/",
                                                          "datadog",
                                                          "expanse,",
                                                          "facebookcatalog",
                                                          "facebookexternalhit",
                                                          "faraday",
                                                          "feed",
                                                          "fetcher",
                                                          "go-http-client",
                                                          "google favicon",
                                                          "google-",
                                                          "googlehc",
                                                          "googleother",
                                                          "guzzlehttp",
                                                          "headless",
                                                          "healthcheck",
                                                          "heritrix",
                                                          "http-client",
                                                          "http://",
                                                          "httpclient",
                                                          "httpie/",
                                                          "https://",
                                                          "httrack",
                                                          "insomnia/",
                                                          "jakarta",
                                                          "java/",
                                                          "kube-probe",
                                                          "l9explore",
                                                          "libcurl",
                                                          "libwww-perl",
                                                          "lighthouse",
                                                          "linkcheck",
                                                          "lwp-",
                                                          "lwp::",
                                                          "masscan",
                                                          "mediapartners-google",
                                                          "meta-external",
                                                          "monitor",
                                                          "netcraft",
                                                          "nikto",
                                                          "nmap",
                                                          "node-fetch",
                                                          "nuclei",
                                                          "nutch",
                                                          "okhttp",
                                                          "pagespeed",
                                                          "parser",
                                                          "perl",
                                                          "perplexity-user",
                                                          "phantomjs",
                                                          "php/",
                                                          "pingdom",
                                                          "playwright",
                                                          "postmanruntime",
                                                          "preview",
                                                          "puppeteer",
                                                          "python",
                                                          "reqwest",
                                                          "ruby",
                                                          "scrape",
                                                          "scrapy",
                                                          "screaming frog",
                                                          "semrush",
                                                          "site24x7",
                                                          "slurp",
                                                          "spider",
                                                          "sqlmap",
                                                          "statuscake",
                                                          "synthetic",
                                                          "undici",
                                                          "uptime",
                                                          "validator",
                                                          "w3c_",
                                                          "wget",
                                                          "whatsapp",
                                                          "zgrab",
                                                          "zmeu"};

constexpr std::string_view kBot = "bot";

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool in_order() {
  for (std::size_t i = 1; i < kStaticExtensions.size(); ++i) {
    if (kStaticExtensions[i - 1] >= kStaticExtensions[i]) return false;
  }
  for (std::size_t i = 1; i < kBotMarkers.size(); ++i) {
    if (kBotMarkers[i - 1] >= kBotMarkers[i]) return false;
  }
  return true;
}
static_assert(in_order());

// The last three characters in 15 bits, letters the same in either case.
constexpr std::uint32_t kKeys = 1U << 15;
constexpr std::uint32_t next_key(std::uint32_t key, char c) {
  return ((key << 5) | (static_cast<unsigned char>(c) & 31U)) % kKeys;
}

// Of each key whether a marker begins with it, so that hardly any place in a user agent is compared with them all.
constexpr std::array<std::uint64_t, kKeys / 64> bits_of_beginnings() {
  std::array<std::uint64_t, kKeys / 64> bits{};
  for (const std::string_view marker : kBotMarkers) {
    const std::uint32_t key = next_key(next_key(next_key(0, marker[0]), marker[1]), marker[2]);
    bits[key / 64] |= std::uint64_t{1} << (key % 64);
  }
  return bits;
}
constexpr std::array<std::uint64_t, kKeys / 64> kBeginnings = bits_of_beginnings();

bool begins_with(std::string_view text, std::string_view lower_case) {
  if (text.size() < lower_case.size()) return false;
  return std::equal(lower_case.begin(), lower_case.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

constexpr bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

// Whether the "bot" there ends a word, or "bots" does, and is not of a Cubot, which is a telephone.
bool is_robot(std::string_view user_agent, std::size_t at) {
  if (at >= 2 && begins_with(user_agent.substr(at - 2), "cu")) return false;
  std::string_view rest = user_agent.substr(at + kBot.size());
  if (!rest.empty() && lower(rest.front()) == 's') rest.remove_prefix(1);
  return rest.empty() || !is_letter(rest.front());
}

}  // namespace

bool is_static_file(std::string_view path) {
  const auto dot = path.find_last_of("./");
  if (dot == std::string_view::npos || path[dot] == '/') return false;
  const std::string_view extension = path.substr(dot + 1);
  if (extension.size() > kLongestExtension) return false;
  std::array<char, kLongestExtension> letters{};
  std::transform(extension.begin(), extension.end(), letters.begin(), lower);
  return std::binary_search(kStaticExtensions.begin(), kStaticExtensions.end(),
                            std::string_view(letters.data(), extension.size()));
}

bool is_bot(std::string_view user_agent) {
  std::uint32_t key = 0;
  for (std::size_t i = 0; i < user_agent.size(); ++i) {
    key = next_key(key, user_agent[i]);
    if (i < 2 || (kBeginnings[key / 64] >> (key % 64) & 1) == 0) continue;
    const std::size_t at = i - 2;
    for (const std::string_view marker : kBotMarkers) {
      if (begins_with(user_agent.substr(at), marker) && (marker != kBot || is_robot(user_agent, at))) return true;
    }
  }
  return false;
}

}  // namespace clickstream::formats
