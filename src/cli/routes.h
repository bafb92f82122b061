// What a running consumer answers over HTTP.
#pragma once

#include <map>
#include <string>

#include "cli/published.h"
#include "http/server.h"

namespace clickstream::cli {

/// / (and the files of the page) /live.json /metrics /stats.json /healthz /readyz, of what is published at the time of the request; `published` must outlive
/// the server.
std::map<std::string, http::Handler> consumer_routes(const Published& published);

}  // namespace clickstream::cli
