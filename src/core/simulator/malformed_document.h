// Documents that are no event, for each reason that there is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "clickstream/malformed.h"

namespace clickstream {

/// What is wrong with the `turn`-th malformed document, from 0: each reason in its turn.
constexpr Malformed reason_of(std::uint64_t turn) { return static_cast<Malformed>(turn % kMalformedReasons); }

/// Appends the `turn`-th malformed document, made from an event as encode() writes it. It is not empty and has no line
/// end; now and then it is no text either.
void append_malformed(std::uint64_t turn, std::string_view good, std::string& out);

}  // namespace clickstream
