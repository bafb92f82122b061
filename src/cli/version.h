// Versions of the program and of the libraries it runs with.
#pragma once

#include <string>

namespace clickstream::cli {

std::string version();

/// Several lines, for --version.
std::string version_text();

}  // namespace clickstream::cli
