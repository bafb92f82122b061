// A file that is there whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "clickstream/failure.h"

namespace clickstream::cli {

/// Finds out at the start whether the file can be written, so that hours of work are not in vain.
Result<void> check_writable(const std::string& path);

/// Writes a temporary file beside it, then renames.
Result<void> write_whole(const std::string& path, std::string_view text);

Result<std::string> read_whole(const std::string& path);

}  // namespace clickstream::cli
