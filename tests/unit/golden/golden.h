// Golden files: whole texts, kept beside this file, that a rendering must equal byte for byte.
#pragma once

#include <string>

namespace clickstream::test {

/// The text of golden/`name`. With CLICKSTREAM_APPROVE=1 in the environment the file is first rewritten with `actual`:
/// look at the difference before committing it.
std::string golden(const std::string& name, const std::string& actual);

}  // namespace clickstream::test
