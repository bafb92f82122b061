// Errors are values: a function that can fail returns Expected<T, E>.
// std::expected is C++23; until then its well-kept twin, with the same interface.
#pragma once

#include <tl/expected.hpp>

namespace clickstream {

template <class T, class E>
using Expected = tl::expected<T, E>;

using tl::unexpected;

}  // namespace clickstream
