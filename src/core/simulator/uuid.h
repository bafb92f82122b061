// 128 random bits as a UUID of version 4.
#pragma once

#include <array>

#include "core/simulator/random.h"

namespace clickstream {

using Uuid = std::array<char, 36>;

Uuid uuid_of(RandomBlock bits);

}  // namespace clickstream
