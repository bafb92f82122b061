// The live page: the files that a browser loads, built into the program.
#pragma once

#include <array>
#include <string_view>

namespace clickstream::render {

/// Valid as long as the program runs.
struct PageFile {
  std::string_view path;  ///< "/" is the page itself
  std::string_view content_type;
  std::string_view body;
};

/// The page needs nothing but these and /live.json.
const std::array<PageFile, 5>& page_files();

}  // namespace clickstream::render
