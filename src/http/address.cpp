#include "http/address.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace clickstream::http {
namespace {

/// Owns a file descriptor, or -1.
class Socket {
 public:
  Socket(const Address& address, int flags) : fd_(socket(address.socket_address.ss_family, SOCK_STREAM | flags, 0)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

const sockaddr* generic(const Address& address) { return reinterpret_cast<const sockaddr*>(&address.socket_address); }

}  // namespace

std::string Address::text() const {
  return is_ipv6() ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Expected<Address, std::string> resolve(const std::string& host, int port) {
  if (host.empty()) return unexpected(std::string{"no address is given"});
  if (port < 0 || port > 65'535) return unexpected(std::string{"a port is a number from 0 to 65535"});
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  const std::string service = fmt::format("{}", port);
  // RFC 6761, section 6.3: it is the loopback address, even on a machine without a hosts file.
  const std::string name = host == "localhost" ? "127.0.0.1" : host;
  addrinfo* found = nullptr;
  int error = getaddrinfo(name.c_str(), service.c_str(), &hints, &found);
  if (error != 0) {
    hints.ai_family = AF_INET6;
    error = getaddrinfo(name.c_str(), service.c_str(), &hints, &found);
  }
  if (error != 0) return unexpected(std::string{gai_strerror(error)});
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned{found, &freeaddrinfo};

  Address address;
  std::memcpy(&address.socket_address, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  address.port = port;
  std::array<char, NI_MAXHOST> numeric{};
  error = getnameinfo(found->ai_addr, found->ai_addrlen, numeric.data(), numeric.size(), nullptr, 0, NI_NUMERICHOST);
  if (error != 0) return unexpected(std::string{gai_strerror(error)});
  address.host = numeric.data();
  return address;
}

std::string why_not_listen(const Address& address) {
  const Socket probe{address, SOCK_CLOEXEC};
  const int on = 1;
  setsockopt(probe.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.is_ipv6()) setsockopt(probe.fd(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  const bool listens =
      probe.fd() >= 0 && bind(probe.fd(), generic(address), address.size) == 0 && ::listen(probe.fd(), 1) == 0;
  return listens ? std::string{} : std::generic_category().message(errno);
}

void knock(const Address& address) {
  const Socket socket{address, SOCK_CLOEXEC | SOCK_NONBLOCK};
  if (socket.fd() >= 0) static_cast<void>(connect(socket.fd(), generic(address), address.size));
}

}  // namespace clickstream::http
