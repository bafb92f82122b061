// A hint to the processor: what is there will be read.
#pragma once

namespace clickstream {

/// GCC takes a function that does nothing but this for one without effect, and leaves its calls out; hence the empty
/// statement that it may not leave out.
inline void prefetch(const void* address) {
  __builtin_prefetch(address);
  asm volatile("");
}

}  // namespace clickstream
