#include "http/server.h"

#include <civetweb.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <ctime>
#include <exception>
#include <string_view>
#include <thread>

#include "http/address.h"
#include "http/gzip.h"

namespace clickstream::http {
namespace {

constexpr std::size_t kWorthCompressing = 1024;
constexpr auto kKnockInterval = std::chrono::milliseconds{20};

/// What the live page needs, and nothing else: files and data of this server, and pictures in the page itself.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

Response plain(int status, std::string text) { return {status, "text/plain; charset=utf-8", std::move(text)}; }

std::string_view header(const mg_connection* connection, const char* name) {
  const char* value = mg_get_header(connection, name);
  return value != nullptr ? value : "";
}

}  // namespace

struct Server::Impl {
  std::map<std::string, Handler> routes;
  Address address;
  mg_context* context = nullptr;

  Response answer(std::string_view method, const std::string& path) const {
    if (method != "GET" && method != "HEAD") return plain(405, "only GET and HEAD are answered here\n");
    const auto route = routes.find(path);
    if (route != routes.end()) return route->second();
    std::string text = "not found; there are:\n";
    for (const auto& [known, handler] : routes) text += fmt::format("  {}\n", known);
    return plain(404, std::move(text));
  }

  /// Header and body in one piece, so that they travel together.
  static std::string message(mg_connection* connection, std::string_view method, Response response) {
    std::string extra;
    if (response.status == 405) extra += "Allow: GET, HEAD\r\n";
    if (response.body.size() > kWorthCompressing) {
      extra += "Vary: Accept-Encoding\r\n";
      if (accepts_gzip(header(connection, "Accept-Encoding"))) {
        extra += "Content-Encoding: gzip\r\n";
        response.body = gzip(response.body);
      }
    }
    std::string text = fmt::format(
        "HTTP/1.1 {} {}\r\n"
        "Date: {:%a, %d %b %Y %H:%M:%S GMT}\r\n"
        "Content-Type: {}\r\n"
        "Content-Length: {}\r\n"
        "{}"
        "Cache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: {}\r\n"
        "Connection: close\r\n"
        "\r\n",
        response.status, mg_get_response_code_text(connection, response.status), fmt::gmtime(std::time(nullptr)),
        response.content_type, response.body.size(), extra, kContentSecurityPolicy);
    if (method != "HEAD") text += response.body;
    return text;
  }

  int respond(mg_connection* connection, const mg_request_info& request) const {
    const std::string_view method = request.request_method;
    Response response;
    try {
      response = answer(method, request.local_uri);
    } catch (const std::exception& error) {
      response = plain(500, fmt::format("internal error: {}\n", error.what()));
    } catch (...) {
      response = plain(500, "internal error\n");
    }
    const int status = response.status;
    const std::string text = message(connection, method, std::move(response));
    mg_write(connection, text.data(), text.size());
    return status;
  }

  /// civetweb's callback: no exception may leave it.
  static int on_request(mg_connection* connection) noexcept {
    const mg_request_info* request = mg_get_request_info(connection);
    try {
      return static_cast<const Impl*>(request->user_data)->respond(connection, *request);
    } catch (...) {
      return 500;  // out of memory: the connection closes without an answer
    }
  }
};

Result<std::unique_ptr<Server>> Server::start(const std::string& listen, int port,
                                              std::map<std::string, Handler> routes) {
  auto address = resolve(listen, port);
  if (!address) {
    return fail(Exit::failed, fmt::format("cannot listen on {} port {}: {}", listen, port, address.error()));
  }
  if (address->is_ipv6() && mg_check_feature(MG_FEATURES_IPV6) == 0) {
    return fail(
        Exit::failed,
        fmt::format("cannot listen on {}: the civetweb library of this system is built without IPv6", address->text()));
  }

  static const unsigned ready = mg_init_library(MG_FEATURES_DEFAULT);
  static_cast<void>(ready);
  auto impl = std::make_unique<Impl>();
  impl->routes = std::move(routes);
  impl->address = *address;
  mg_callbacks callbacks{};
  callbacks.begin_request = &Impl::on_request;
  // A client has a second to send its request: it occupies a thread. Without keep-alive none waits for the next one.
  const std::string where = address->text();
  const std::array<const char*, 9> options = {
      "listening_ports",   where.c_str(), "num_threads", "4", "request_timeout_ms", "1000",
      "enable_keep_alive", "no",          nullptr};
  impl->context = mg_start(&callbacks, impl.get(), const_cast<const char**>(options.data()));
  if (impl->context == nullptr) {
    std::string reason = why_not_listen(*address);
    if (reason.empty()) reason = "the HTTP server does not start";
    return fail(
        Exit::failed,
        fmt::format("cannot listen on {}: {} (--listen and --metrics-port choose another; port 0 is any free one)",
                    where, reason));
  }
  mg_server_port bound{};
  mg_get_server_ports(impl->context, 1, &bound);
  if (auto exact = resolve(impl->address.host, bound.port)) impl->address = *exact;
  return std::unique_ptr<Server>{new Server{std::move(impl)}};
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  // The accepting thread looks only every two seconds whether it shall stop, or when somebody knocks.
  std::jthread knocker{[this](const std::stop_token& stopped) {
    while (!stopped.stop_requested()) {
      knock(impl_->address);
      std::this_thread::sleep_for(kKnockInterval);
    }
  }};
  mg_stop(impl_->context);
}

int Server::port() const { return impl_->address.port; }

}  // namespace clickstream::http
