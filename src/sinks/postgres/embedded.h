// The text of deploy/postgres/schema.sql. Its definition is generated at build time (cmake/Embed.cmake).
#pragma once

#include <string_view>

namespace clickstream::sinks::postgres {

std::string_view schema_sql();

}  // namespace clickstream::sinks::postgres
