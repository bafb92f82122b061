// The index templates of deploy/search, and whether what a server has fits them. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "clickstream/expected.h"
#include "sinks/search/address.h"

namespace clickstream::sinks {

struct IndexTemplate {
  std::string index;  ///< the index's name, and the template's
  std::string body;   ///< for PUT /_index_template/INDEX
};

/// Of sessions and windows.
std::array<IndexTemplate, 2> index_templates(const SearchAddress& address);

/// Of the answer with status 200 to GET /INDEX: fails with what does not fit.
Expected<void, std::string> check_index(std::string_view answer, const IndexTemplate& wanted);

/// Of the answer with status 200 to GET /_index_template/INDEX.
Expected<int, std::string> template_version(std::string_view answer);

int schema_version(const IndexTemplate& wanted);

}  // namespace clickstream::sinks
