// Where the server listens. Private to src/http.
#pragma once

#include <sys/socket.h>

#include <string>

#include "clickstream/failure.h"

namespace clickstream::http {

/// A resolved TCP address. A value.
struct Address {
  sockaddr_storage socket_address{};
  socklen_t size = 0;
  std::string host;  ///< numeric
  int port = 0;

  bool is_ipv6() const { return socket_address.ss_family == AF_INET6; }
  /// 127.0.0.1:8000, [::1]:8000
  std::string text() const;
};

/// An IP address, or the first one of a name, IPv4 before IPv6; `port` 0 … 65535. The error is its reason alone.
Expected<Address, std::string> resolve(const std::string& host, int port);

/// Why a server can't listen there; empty if it can.
std::string why_not_listen(const Address& address);

/// Makes a connection and drops it at once, without waiting: wakes whoever waits for one.
void knock(const Address& address);

}  // namespace clickstream::http
