// The figures as CSV: `stats -o csv`. Pure.
#pragma once

#include <string>

#include "clickstream/snapshot.h"

namespace clickstream::render {

/// `metric,label,value`, then a line a figure, named as in JSON; an absent figure has an empty value. Quoted as
/// RFC 4180 says; lines end with LF.
std::string stats_csv(const Snapshot& snapshot);

}  // namespace clickstream::render
