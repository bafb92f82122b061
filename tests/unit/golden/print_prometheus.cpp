// Prints what /metrics would say of the samples, for promtool to judge.
#include <iostream>
#include <string_view>

#include "golden/sample.h"
#include "render/prometheus.h"

int main(int argc, char** argv) {
  const std::string_view sample = argc > 1 ? argv[1] : "full";
  const clickstream::render::InstanceFigures instance{"0.1.0", "2.0.2", clickstream::ProcessFigures{}};
  std::cout << clickstream::render::prometheus_text(
      sample == "empty" ? clickstream::test::empty_sample() : clickstream::test::windows_sample(), instance);
}
