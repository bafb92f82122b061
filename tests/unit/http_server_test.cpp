#include "http/server.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "http/client.h"
#include "http_raw.h"
#include "support/catch.h"

using namespace clickstream;
using namespace clickstream::http;
using namespace clickstream::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const std::string kLarge(5'000'000, 'L');

std::unique_ptr<Server> start(std::map<std::string, Handler> routes = {}) {
  routes.emplace("/small", [] { return Response{200, "text/plain", "small\n"}; });
  routes.emplace("/large", [] { return Response{200, "text/plain; version=0.0.4", kLarge}; });
  routes.emplace("/unready", [] { return Response{503, "text/plain", "recovering\n"}; });
  routes.emplace("/throws", []() -> Response { throw std::runtime_error("no luck"); });
  routes.emplace("/throws-int", []() -> Response { throw 7; });
  auto server = Server::start("127.0.0.1", 0, std::move(routes));
  REQUIRE(server);
  REQUIRE((*server)->port() > 0);
  return std::move(*server);
}

std::string request(const std::string& method, const std::string& path, const std::string& headers = "") {
  return method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}

std::string url(const Server& server, const std::string& path) {
  return "http://127.0.0.1:" + std::to_string(server.port()) + path;
}

/// How long the destructor takes.
milliseconds time_to_stop(std::unique_ptr<Server> server) {
  const auto begin = std::chrono::steady_clock::now();
  server.reset();
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
}

/// What a process-wide file descriptor gets while `act` runs.
std::string captured(int fd, const std::function<void()>& act) {
  std::array<char, 32> name{"/tmp/clickstream-test-XXXXXX"};
  const int file = mkstemp(name.data());
  REQUIRE(file >= 0);
  unlink(name.data());
  const int kept = dup(fd);
  dup2(file, fd);
  act();
  dup2(kept, fd);
  close(kept);
  std::string text(static_cast<std::size_t>(lseek(file, 0, SEEK_END)), '\0');
  REQUIRE(pread(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  close(file);
  return text;
}

}  // namespace

TEST_CASE("a path is answered, with headers that keep a browser on its guard") {
  const auto server = start();
  const std::string answer = exchange(server->port(), request("GET", "/small"));
  CHECK(status_line_of(answer) == "HTTP/1.1 200 OK");
  CHECK(header_of(answer, "Content-Type") == "text/plain");
  CHECK(header_of(answer, "Content-Length") == "6");
  CHECK(header_of(answer, "X-Content-Type-Options") == "nosniff");
  CHECK(header_of(answer, "Cache-Control") == "no-store");
  CHECK(header_of(answer, "Content-Security-Policy").rfind("default-src 'none'; ", 0) == 0);
  CHECK(header_of(answer, "Connection") == "close");
  CHECK(header_of(answer, "Date").size() == std::string{"Mon, 23 Nov 2026 22:15:07 GMT"}.size());
  CHECK(header_of(answer, "Content-Encoding") == "");
  CHECK(body_of(answer) == "small\n");
}

TEST_CASE("a query is not part of the path, but a prefix is no path") {
  const auto server = start();
  CHECK(body_of(exchange(server->port(), request("GET", "/small?x=1"))) == "small\n");
  CHECK(status_line_of(exchange(server->port(), request("GET", "/small/er"))) == "HTTP/1.1 404 Not Found");
  CHECK(status_line_of(exchange(server->port(), request("GET", "/smal"))) == "HTTP/1.1 404 Not Found");
}

TEST_CASE("404 lists the paths; no file is ever served") {
  const auto server = start();
  const std::string answer = exchange(server->port(), request("GET", "/etc/passwd"));
  CHECK(status_line_of(answer) == "HTTP/1.1 404 Not Found");
  CHECK(body_of(answer) == "not found; there are:\n  /large\n  /small\n  /throws\n  /throws-int\n  /unready\n");
  for (const char* path : {"/", "/.", "//etc/passwd", "/../../etc/passwd", "/%2e%2e/etc/passwd", "/CMakeLists.txt"}) {
    CAPTURE(path);
    CHECK(status_line_of(exchange(server->port(), request("GET", path))) == "HTTP/1.1 404 Not Found");
  }
}

TEST_CASE("HEAD is GET without the body") {
  const auto server = start();
  const std::string answer = exchange(server->port(), request("HEAD", "/large"));
  CHECK(status_line_of(answer) == "HTTP/1.1 200 OK");
  CHECK(header_of(answer, "Content-Length") == std::to_string(kLarge.size()));
  CHECK(body_of(answer).empty());
  const std::string missing = exchange(server->port(), request("HEAD", "/none"));
  CHECK(status_line_of(missing) == "HTTP/1.1 404 Not Found");
  CHECK(body_of(missing) == "");
}

TEST_CASE("other methods are refused") {
  const auto server = start();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    CAPTURE(method);
    const std::string answer =
        exchange(server->port(), request(method, "/small", "Content-Length: 3\r\nOrigin: x\r\n") + "abc");
    CHECK(status_line_of(answer) == "HTTP/1.1 405 Method Not Allowed");
    CHECK(header_of(answer, "Allow") == "GET, HEAD");
  }
}

TEST_CASE("a large body is compressed where the client asks") {
  const auto server = start();
  const std::string plain = exchange(server->port(), request("GET", "/large"));
  CHECK(header_of(plain, "Content-Encoding") == "");
  CHECK(header_of(plain, "Vary") == "Accept-Encoding");
  CHECK(header_of(plain, "Content-Length") == std::to_string(kLarge.size()));
  CHECK((body_of(plain) == kLarge));  // as one: five megabytes are no message

  const std::string zipped = exchange(server->port(), request("GET", "/large", "Accept-Encoding: br, gzip\r\n"));
  CHECK(header_of(zipped, "Content-Encoding") == "gzip");
  CHECK(header_of(zipped, "Vary") == "Accept-Encoding");
  CHECK(header_of(zipped, "Content-Type") == "text/plain; version=0.0.4");
  CHECK(header_of(zipped, "Content-Length") == std::to_string(body_of(zipped).size()));
  CHECK(body_of(zipped).size() < kLarge.size() / 100);

  const std::string head = exchange(server->port(), request("HEAD", "/large", "Accept-Encoding: gzip\r\n"));
  CHECK(header_of(head, "Content-Length") == header_of(zipped, "Content-Length"));
  CHECK(body_of(head).empty());

  const std::string small = exchange(server->port(), request("GET", "/small", "Accept-Encoding: gzip\r\n"));
  CHECK(header_of(small, "Content-Encoding") == "");
  CHECK(header_of(small, "Vary") == "");
  CHECK(body_of(small) == "small\n");
}

TEST_CASE("a handler's status is kept, its exception is a 500") {
  const auto server = start();
  const std::string unready = exchange(server->port(), request("GET", "/unready"));
  CHECK(status_line_of(unready) == "HTTP/1.1 503 Service Unavailable");
  CHECK(body_of(unready) == "recovering\n");
  const std::string thrown = exchange(server->port(), request("GET", "/throws"));
  CHECK(status_line_of(thrown) == "HTTP/1.1 500 Internal Server Error");
  CHECK(body_of(thrown) == "internal error: no luck\n");
  CHECK(body_of(exchange(server->port(), request("GET", "/throws-int"))) == "internal error\n");
  CHECK(body_of(exchange(server->port(), request("GET", "/small"))) == "small\n");
}

TEST_CASE("odd requests do no harm") {
  const auto server = start();
  CHECK(body_of(exchange(server->port(), "GET /small HTTP/1.0\r\n\r\n")) == "small\n");
  CHECK(body_of(exchange(server->port(), request("GET", "/small", "Connection: Upgrade\r\nUpgrade: websocket\r\n"))) ==
        "small\n");
  CHECK(body_of(exchange(server->port(), request("GET", "/small", "Connection: keep-alive\r\n"))) == "small\n");
  for (const std::string& odd :
       {std::string{"\r\n\r\n"}, std::string{"nonsense\r\n\r\n"}, std::string{"GET\r\n\r\n"},
        std::string{"GET /small HTTP/9.9\r\n\r\n"}, std::string(40'000, 'x'), std::string{"\0\1\2\3\r\n\r\n", 8},
        request("BREW", "/small"), request("GET", "/small", "X: " + std::string(100'000, 'y') + "\r\n")}) {
    CHECK(exchange(server->port(), odd).find("small\n") == std::string::npos);
  }
  CHECK(body_of(exchange(server->port(), request("GET", "/small"))) == "small\n");
}

TEST_CASE("many clients at a time, each gets its own answer") {
  std::atomic<int> calls{0};
  const auto server = start({{"/count", [&calls] { return Response{200, "text/plain", std::to_string(++calls)}; }}});
  std::vector<std::future<Result<std::string>>> answers;
  for (int i = 0; i < 40; ++i) {
    answers.push_back(std::async(std::launch::async, [&] { return get(url(*server, "/count"), seconds{10}); }));
  }
  int sum = 0;
  for (auto& answer : answers) {
    const auto body = answer.get();
    REQUIRE(body);
    sum += std::stoi(*body);
  }
  CHECK(sum == 40 * 41 / 2);
}

TEST_CASE("silent clients hold up neither the others nor the end") {
  auto server = start();
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 6; ++i) silent.push_back(std::make_unique<RawClient>(server->port()));
  silent[0]->send("GET /small HT");
  CHECK(get(url(*server, "/small"), seconds{10}).value_or("failed") == "small\n");
  for (int i = 0; i < 6; ++i) silent.push_back(std::make_unique<RawClient>(server->port()));
  CHECK(time_to_stop(std::move(server)) < milliseconds{1900});
}

TEST_CASE("a client that wants the connection kept does not hold up the end") {
  auto server = start();
  RawClient client{server->port()};
  client.send(request("GET", "/small", "Connection: keep-alive\r\n"));
  CHECK(body_of(client.read_all()) == "small\n");
  CHECK(time_to_stop(std::move(server)) < milliseconds{1000});
}

TEST_CASE("an idle server stops at once") { CHECK(time_to_stop(start()) < milliseconds{1000}); }

TEST_CASE("a request that is being answered is waited for") {
  std::promise<void> entered;
  std::promise<void> leave;
  auto server = start({{"/slow", [&] {
                          entered.set_value();
                          leave.get_future().wait();
                          return Response{200, "text/plain", "slow\n"};
                        }}});
  RawClient client{server->port()};
  client.send(request("GET", "/slow"));
  entered.get_future().wait();
  auto stopped = std::async(std::launch::async, [&] { time_to_stop(std::move(server)); });
  CHECK(stopped.wait_for(milliseconds{100}) == std::future_status::timeout);
  leave.set_value();
  stopped.get();
}

TEST_CASE("the port is free again after the end") {
  auto server = start();
  const int port = server->port();
  CHECK(get(url(*server, "/small"), seconds{5}));
  server.reset();
  const auto again = Server::start("127.0.0.1", port, {});
  REQUIRE(again);
  CHECK((*again)->port() == port);
}

TEST_CASE("a port in use is one clear line, and nothing else is printed") {
  const auto server = start();
  const std::string port = std::to_string(server->port());
  std::string message;
  const std::string printed = captured(STDERR_FILENO, [&] {
    const auto second = Server::start("127.0.0.1", server->port(), {});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Exit::failed);
    message = second.error().message;
  });
  CHECK(printed == "");
  CHECK(message == "cannot listen on 127.0.0.1:" + port + ": Address already in use" +
                       " (--listen and --metrics-port choose another; port 0 is any free one)");
  CHECK(captured(STDOUT_FILENO, [&] { CHECK_FALSE(Server::start("127.0.0.1", server->port(), {})); }) == "");
}

TEST_CASE("an address that is none, or not this machine's, is a clear error") {
  const auto error = [](const std::string& listen, int port) {
    const auto server = Server::start(listen, port, {});
    REQUIRE_FALSE(server);
    CHECK(server.error().code == Exit::failed);
    CHECK(server.error().message.find('\n') == std::string::npos);
    return server.error().message;
  };
  CHECK(error("", 8000) == "cannot listen on  port 8000: no address is given");
  CHECK(error("192.0.2.1", 8000).rfind("cannot listen on 192.0.2.1:8000: Cannot assign requested address", 0) == 0);
  CHECK(error("256.1.1.1", 8000).rfind("cannot listen on 256.1.1.1 port 8000: ", 0) == 0);
  CHECK(error("127.0.0.1,0.0.0.0", 8000).rfind("cannot listen on 127.0.0.1,0.0.0.0 port 8000: ", 0) == 0);
  CHECK(error("127.0.0.1", 65'536).rfind("cannot listen on 127.0.0.1 port 65536: ", 0) == 0);
  CHECK(error("127.0.0.1", -1).rfind("cannot listen on 127.0.0.1 port -1: ", 0) == 0);
}

TEST_CASE("IPv6, where the machine and the library have it") {
  const auto server = Server::start("::1", 0, {{"/six", [] { return Response{200, "text/plain", "6"}; }}});
  if (!server) {
    WARN("SKIPPED: " << server.error().message);
    CHECK(server.error().message.rfind("cannot listen on [::1]:0: ", 0) == 0);
    return;
  }
  const std::string port = std::to_string((*server)->port());
  CHECK(get("http://[::1]:" + port + "/six", seconds{5}).value_or("failed") == "6");
  const auto second = Server::start("::1", (*server)->port(), {});
  REQUIRE_FALSE(second);
  CHECK(second.error().message.rfind("cannot listen on [::1]:" + port + ": Address already in use", 0) == 0);
}

TEST_CASE("a name stands for its IPv4 address") {
  const auto named = Server::start("localhost", 0, {{"/", [] { return Response{200, "text/plain", "name"}; }}});
  REQUIRE(named);
  CHECK(get(url(**named, "/"), seconds{5}).value_or("failed") == "name");
}

TEST_CASE("every address of the machine") {
  auto any = Server::start("0.0.0.0", 0, {{"/", [] { return Response{200, "text/plain", "any"}; }}});
  REQUIRE(any);
  CHECK(get(url(**any, "/"), seconds{5}).value_or("failed") == "any");
  CHECK(time_to_stop(std::move(*any)) < milliseconds{1000});
}
