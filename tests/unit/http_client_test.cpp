#include "http/client.h"

#include <chrono>
#include <future>

#include "http/server.h"
#include "http_raw.h"
#include "support/catch.h"

using namespace clickstream;
using namespace clickstream::http;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// Listens on a port of its own and answers every connection with the same bytes, or never.
class Fake {
 public:
  explicit Fake(std::string answer) : answer_(std::move(answer)), fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(listen(fd_, 8) == 0);
    REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::async(std::launch::async, [this] { serve(); });
  }
  ~Fake() {
    shutdown(fd_, SHUT_RDWR);
    thread_.wait();
    close(fd_);
  }
  Fake(const Fake&) = delete;
  Fake& operator=(const Fake&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/stats.json"; }

 private:
  void serve() const {
    for (int client = 0; (client = accept(fd_, nullptr, nullptr)) >= 0;) {
      std::array<char, 4096> request{};
      recv(client, request.data(), request.size(), 0);
      if (answer_.empty()) {
        recv(client, request.data(), request.size(), 0);  // silent until the client gives up
      } else {
        send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      }
      close(client);
    }
  }

  std::string answer_;
  int fd_;
  int port_ = 0;
  std::future<void> thread_;
};

Failure error_of(const std::string& url, Duration timeout = seconds{5}) {
  const auto answer = get(url, timeout);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message.find('\n') == std::string::npos);
  return answer.error();
}

}  // namespace

TEST_CASE("the body of an answer, compressed or not") {
  const std::string large(100'000, 'x');
  const auto server = Server::start("127.0.0.1", 0,
                                    {{"/large",
                                      [&large] {
                                        return Response{200, "text/plain", large};
                                      }},
                                     {"/empty", [] {
                                        return Response{200, "text/plain", ""};
                                      }}});
  REQUIRE(server);
  const std::string base = "http://127.0.0.1:" + std::to_string((*server)->port());
  CHECK(get(base + "/large", seconds{5}).value_or("failed") == large);
  CHECK(get(base + "/empty", seconds{5}).value_or("failed") == "");
  CHECK(error_of(base + "/none").message == base + "/none: answered with status 404, not 200");
  CHECK(error_of(base + "/none").code == Exit::failed);
}

TEST_CASE("a port where nobody listens") {
  std::string url;
  {
    const Fake gone{""};
    url = gone.url();
  }
  const Failure failure = error_of(url);
  CHECK(failure.code == Exit::failed);
  CHECK(failure.message == url +
                               ": could not connect; is `clickstream consume` running there, with this --metrics-port "
                               "and --listen?");
}

TEST_CASE("a server that never answers meets the deadline") {
  const Fake silent{""};
  const auto begin = std::chrono::steady_clock::now();
  CHECK(error_of(silent.url(), milliseconds{300}).message == silent.url() + ": no complete answer within 300 ms");
  CHECK(std::chrono::steady_clock::now() - begin < seconds{3});
  CHECK(error_of(silent.url(), Duration{0}).message == silent.url() + ": no complete answer within 1 ms");
}

TEST_CASE("a redirect is not followed") {
  const Fake elsewhere{"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"};
  CHECK(error_of(elsewhere.url()).message ==
        elsewhere.url() + ": answered with status 302; redirects are not followed");
}

TEST_CASE("an answer that is cut short, none, or no HTTP") {
  const Fake short_body{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"};
  error_of(short_body.url());
  const Fake no_http{"220 mail.example ESMTP\r\n"};
  error_of(no_http.url());
}

TEST_CASE("only http and https") {
  for (const char* url : {"", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "http://[::1", "gopher://x"}) {
    CAPTURE(url);
    CHECK(error_of(url).code == Exit::usage);
  }
}

TEST_CASE("a name that does not exist") {
  const Failure failure = error_of("http://no-such-host.invalid/stats.json");
  CHECK(failure.code == Exit::failed);
  CHECK(failure.message.find("no-such-host.invalid") != std::string::npos);
}
