// Asks a running consumer: `stats --url`.
#pragma once

#include <string>

#include "clickstream/failure.h"
#include "clickstream/types.h"

namespace clickstream::http {

/// The body of an answer 200, http or https; `timeout` bounds the whole exchange. Redirects are not followed. A URL
/// that is none is wrong usage, all else a failure of one line. Any thread.
Result<std::string> get(const std::string& url, Duration timeout);

}  // namespace clickstream::http
