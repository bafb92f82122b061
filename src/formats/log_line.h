// A line of a web server's access log, as Apache and nginx write it:
//
//   host ident user [10/Oct/2000:13:55:36 -0700] "GET /path?x HTTP/1.1" 200 2326                            common
//   … the same …                                                   "https://referrer/" "user agent" …       combined
//
// Pure.
#pragma once

#include <optional>
#include <string_view>

#include "clickstream/types.h"

namespace clickstream::formats {

/// The texts are views of the line, in the escapes of the server.
struct LogLine {
  std::string_view host;     ///< address or name; of a line that begins with the virtual host, what follows that
  std::string_view time;     ///< what stands between the brackets
  std::string_view request;  ///< what stands between the quotes
  int status = 0;
  std::optional<std::string_view> user_agent;  ///< absent: the line ends after the bytes, or goes on in another way
};

/// Absent: it is no such line. Neither time nor request is judged. What follows the user agent is ignored.
std::optional<LogLine> parse_log_line(std::string_view line);

/// 10/Oct/2000:13:55:36 -0700. Absent: there is no such moment.
std::optional<Timestamp> parse_log_time(std::string_view time);

struct Request {
  std::string_view method;
  /// Without scheme, host, query string and fragment; "/" where nothing is left. Empty: no page was asked for
  /// (OPTIONS *, CONNECT host:443).
  std::string_view path;
};

/// GET /path HTTP/1.1. Absent: it is none (a handshake of TLS, what attackers try).
std::optional<Request> parse_request(std::string_view request);

}  // namespace clickstream::formats
