// Which requests of a log are page views of a person. Pure.
#pragma once

#include <string_view>

namespace clickstream::formats {

/// Whether the path's extension is that of a file that belongs to a page, or is loaded down from one.
bool is_static_file(std::string_view path);

/// Whether the user agent names itself a robot, or is a program's and no browser's. None at all ("-") does not count.
bool is_bot(std::string_view user_agent);

}  // namespace clickstream::formats
