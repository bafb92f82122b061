#include "cli/routes.h"

#include <fmt/format.h>

#include "cli/version.h"
#include "http/process.h"
#include "kafka/settings.h"
#include "render/json.h"
#include "render/live.h"
#include "render/page/page.h"
#include "render/prometheus.h"

namespace clickstream::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kStalled = 10s;
constexpr const char* kText = "text/plain; charset=utf-8";

}  // namespace

std::map<std::string, http::Handler> consumer_routes(const Published& published) {
  std::map<std::string, http::Handler> routes;
  for (const render::PageFile& file : render::page_files()) {
    routes[std::string(file.path)] = [file] {
      return http::Response{200, std::string(file.content_type), std::string(file.body)};
    };
  }
  routes["/live.json"] = [&published] {
    return http::Response{200, "application/json",
                          render::live_json(*published.snapshot(), published.history(), published.waiting_for())};
  };
  routes["/metrics"] = [&published] {
    const render::InstanceFigures instance{version(), kafka::library_version(), http::read_process_figures()};
    return http::Response{200, "text/plain; version=0.0.4; charset=utf-8",
                          render::prometheus_text(*published.snapshot(), instance)};
  };
  routes["/stats.json"] = [&published] {
    return http::Response{200, "application/json", render::stats_json(*published.snapshot())};
  };
  routes["/healthz"] = [&published] {
    const auto silence = published.silence();
    if (silence < kStalled) return http::Response{200, kText, "ok\n"};
    return http::Response{
        503, kText,
        fmt::format("the main loop has stalled for {:.0f} s\n", std::chrono::duration<double>(silence).count())};
  };
  routes["/readyz"] = [&published] {
    const std::string reason = published.waiting_for();
    return reason.empty() ? http::Response{200, kText, "ready\n"} : http::Response{503, kText, reason + "\n"};
  };
  return routes;
}

}  // namespace clickstream::cli
