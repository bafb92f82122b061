// HTTP requests to one server, over a connection that is kept and made anew when it is gone.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "clickstream/expected.h"
#include "clickstream/stop.h"

namespace clickstream::sinks {

struct HttpOptions {
  std::string base;      ///< https://host:9200
  std::string name;      ///< host:9200, for messages
  std::string user;      ///< empty: of ~/.netrc, if there
  std::string password;  ///< empty: of ~/.netrc, if there
  std::string api_key;   ///< empty: none; else it is used, and user and password are not
  std::string ca_file;   ///< whose certificates are trusted; empty: those that the system trusts
};

struct HttpRequest {
  const char* method = "GET";
  std::string path{};       ///< with its query, from '/' on
  std::string_view body{};  ///< JSON
  bool lines = false;       ///< the body is one JSON object a line
};

struct HttpAnswer {
  long status = 0;
  std::string type;  ///< the content type
  std::string body;
};

/// There was no answer, or not a whole one.
struct HttpError {
  bool timed_out = false;
  std::string message;  ///< one line, with the server's name; no secrets
};

/// One thread at a time.
class HttpSession {
 public:
  explicit HttpSession(const HttpOptions& options);
  ~HttpSession();
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  /// Any status is an answer; redirects are not followed. Comes back within `timeout`, and soon after `given_up` says so.
  Expected<HttpAnswer, HttpError> send(const HttpRequest& request, std::chrono::milliseconds timeout,
                                       const Stopping& given_up);

 private:
  struct Handles;
  std::unique_ptr<Handles> handles_;
  std::string base_;
  std::string name_;
};

}  // namespace clickstream::sinks
