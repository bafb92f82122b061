#include "golden/golden.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string_view>

namespace clickstream::test {

std::string golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string{GOLDEN_DIR} + "/" + name;
  const char* approve = std::getenv("CLICKSTREAM_APPROVE");
  if (approve != nullptr && std::string_view{approve} == "1") std::ofstream{path, std::ios::binary} << actual;
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace clickstream::test
