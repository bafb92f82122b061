// What PostgreSQL, or the way to it, has against us, and what a person can do about it. Private to the PostgreSQL store.
#pragma once

#include <string>
#include <string_view>

#include "clickstream/failure.h"

namespace clickstream::sinks::postgres {

struct Trouble {
  std::string state;        ///< SQLSTATE, five characters; empty where the server said nothing
  std::string text;         ///< one line, without secrets
  std::string constraint;   ///< the name of the one that was violated, if any
  bool connecting = false;  ///< before there was a connection
};

/// In what libpq has to say of a connection, with PQERRORS_VERBOSE. Pure.
Trouble trouble_in(std::string_view message);

/// The line for a person; `server` is its name. Pure.
std::string message(const Trouble& trouble, const std::string& server);

/// How `consume` ends when it begins with this.
Exit exit_code(const Trouble& trouble);

/// A row cannot be taken as it is: not the server's trouble.
bool is_about_rows(const Trouble& trouble);

/// The server ended the statement because it took too long.
bool is_time_out(const Trouble& trouble);

/// Text as one line: a space for each control character.
std::string one_line(std::string_view text);

}  // namespace clickstream::sinks::postgres
