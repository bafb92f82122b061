// The page at `/`. Pure.
#pragma once

#include <string>

#include "clickstream/snapshot.h"

namespace clickstream::render {

/// An HTML document that loads itself again every two seconds; needs no script and no other file.
std::string live_page(const Snapshot& snapshot);

}  // namespace clickstream::render
