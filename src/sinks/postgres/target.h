// Where to connect to, and how. Private to the PostgreSQL store.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "clickstream/failure.h"

namespace clickstream::sinks::postgres {

struct Target {
  std::string url;
  std::string name;  ///< "db.example.com:5432", for messages; no user, no password
  std::vector<std::pair<std::string, std::string>> options;  ///< of libpq's, which go before those of the URL
};

/// Of a postgresql:// URL together with libpq's environment (PGHOST, PGSERVICE, …). Connects to nothing.
///
/// Where sslmode is not said (or only prefer is, by the environment) and the server is not on this machine it is
/// verify-full. Certificates are held against sslrootcert, else ~/.postgresql/root.crt, else the system's authorities.
Result<Target> target_of(const std::string& url);

}  // namespace clickstream::sinks::postgres
