// Where a search engine is: elasticsearch+https://[user[:password]@]host[:9200][/prefix]. Pure.
#pragma once

#include <string>
#include <string_view>

#include "clickstream/failure.h"

namespace clickstream::sinks {

struct SearchAddress {
  std::string base;                    ///< https://host:9200, without user and password
  std::string name;                    ///< host:9200, for messages
  std::string user;                    ///< empty: none
  std::string password;                ///< empty: none
  std::string prefix = "clickstream";  ///< of the names of the indices
  bool local = false;                  ///< on this machine

  bool encrypted() const { return base.starts_with("https:"); }
  std::string sessions() const { return prefix + "-sessions"; }  ///< the name of an index, or of an alias of one
  std::string windows() const { return prefix + "-windows"; }
};

/// What is wrong is wrong usage; the message does not hold the URL, which may have a password.
Result<SearchAddress> parse_search_url(std::string_view url);

}  // namespace clickstream::sinks
