// The HTTP server of a running consumer: a fixed set of paths, answered with GET and HEAD.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "clickstream/failure.h"

namespace clickstream::http {

struct Response {
  int status = 200;
  std::string content_type;
  std::string body;
};

/// Called on one of the server's threads, several at a time: what it reads must be safe to share. An exception becomes
/// a status 500.
using Handler = std::function<Response()>;

/// Owns its threads, a handful, and the port, from start() to the destructor; each request has a connection of its
/// own. What the handlers refer to must outlive it. From the first start on, the process ignores SIGPIPE.
class Server {
 public:
  /// `listen`: an IPv4 address, an IPv6 one where civetweb is built with it (Debian's is not), or a name of this
  /// machine; `port` 0: any free one. `routes`: by exact path.
  static Result<std::unique_ptr<Server>> start(const std::string& listen, int port,
                                               std::map<std::string, Handler> routes);

  /// Waits for requests that are being answered; an idle client does not hold it up for more than about a second.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The one that is bound.
  int port() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace clickstream::http
