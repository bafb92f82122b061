// What a search engine answers: to `_bulk`, and when something is wrong. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clickstream/expected.h"

namespace clickstream::sinks {

/// {"error":{"type":…,"reason":…},"status":…}, or the first of the "failures" of `_delete_by_query`.
struct ServerError {
  std::string type;    ///< as index_not_found_exception; empty where the server says none
  std::string reason;  ///< in its words, one line

  bool operator==(const ServerError&) const = default;
};

/// Absent: the body is something else, as a proxy's page.
std::optional<ServerError> read_error(std::string_view body);

/// One line for a person: what is wrong, and what to do.
std::string explain(long status, const ServerError& error);

/// The same of an answer that has no error in it, as far as can be told.
std::string explain_foreign(long status, std::string_view type, std::string_view body);

/// What became of one row.
struct ItemOutcome {
  enum class Kind : std::uint8_t {
    written,
    superseded,  ///< there is a newer version
    refused,     ///< the document will never be taken
    again,       ///< it may be taken later
  };
  Kind kind = Kind::written;
  std::string message{};  ///< of refused: the server's words; of again: see explain()
};

/// Of the answer with status 200 to a request of `count` items, in their order. Fails with what is wrong where the answer
/// is not whole, or something else.
Expected<std::vector<ItemOutcome>, std::string> read_bulk_answer(std::string_view body, std::size_t count);

/// Of the answer with status 200 to `_delete_by_query`: how many were found. Fails with what is wrong.
Expected<std::uint64_t, std::string> read_deleted(std::string_view body);

/// Of the answer with status 200 to `_refresh`: fails with what is wrong.
Expected<void, std::string> read_refreshed(std::string_view body);

}  // namespace clickstream::sinks
