// `stats --expect`: do these figures equal the expected ones? Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "clickstream/expected.h"

namespace clickstream::render {

/// One figure that differs; the values are JSON, or "absent". A window that only one side has is one difference, and so
/// is a whole kind of windows that is missing: the values then say how many there are.
struct Difference {
  std::string path;  ///< as in sessions.total, pages["/home"].page_views, windows["1m" 60].pages["/cart"].page_views
  std::string expected;
  std::string actual;

  bool operator==(const Difference&) const = default;
};

/// Compares every figure that the expected document holds, but `as_of`. Integers are compared exactly, other numbers
/// to 1e-9 of their size. Pages, those of windows too, are matched by name and windows by (window, start); one that only
/// one of the two lists has is a difference, but for windows of a kind that the expected document holds none of. The
/// error says which of the documents can't be compared, and why.
Expected<std::vector<Difference>, std::string> compare(std::string_view expected_json, std::string_view actual_json);

/// The first 50 differences side by side, for a person; a line each, and how many more there are.
std::string differences_table(const std::vector<Difference>& differences);

}  // namespace clickstream::render
