#include "render/number.h"

#include <fmt/format.h>

#include <algorithm>

namespace clickstream::render {

std::string shortest(double number) {
  std::string text = fmt::format("{}", number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string exact_seconds(Duration duration) {
  constexpr std::int64_t second = 1'000'000;
  std::string text = fmt::format("{}.{:06}", duration.count() / second, duration.count() % second);
  const std::size_t point = text.size() - 7;
  text.resize(std::max(text.find_last_not_of('0'), point + 1) + 1);
  return text;
}

std::string grouped(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string fixed(std::optional<double> number, const char* unit) {
  return number ? fmt::format("{:.2f}{}", *number, unit) : "-";
}

}  // namespace clickstream::render
