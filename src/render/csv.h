// The figures as CSV: `stats -o csv`. Pure.
#pragma once

#include <string>

#include "clickstream/snapshot.h"

namespace clickstream::render {

/// `metric,label,value`, then a line a figure, named as in JSON; an absent figure has an empty value. A window's are
/// named window_page_views and so on, with a label such as "1m 2024-11-11T00:11:00Z", its start; its pages are left
/// out. Quoted as RFC 4180 says; lines end with LF.
std::string stats_csv(const Snapshot& snapshot);

}  // namespace clickstream::render
