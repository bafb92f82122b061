// Numbers as text, always with a point, whatever the locale. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "clickstream/types.h"

namespace clickstream::render {

/// The shortest decimal that reads back as the same double, as JSON takes it; a whole number keeps its ".0".
std::string shortest(double number);

/// A duration ≥ 0 in seconds, exact: one to six decimals.
std::string exact_seconds(Duration duration);

/// Thousands apart: 1,234,567.
std::string grouped(std::uint64_t number);

/// Two decimals and the unit, "-" where there is no number.
std::string fixed(std::optional<double> number, const char* unit);

}  // namespace clickstream::render
