// Prints what /metrics would say of the samples, for promtool to judge.
#include <iostream>
#include <string_view>

#include "golden/sample.h"
#include "render/prometheus.h"

int main(int argc, char** argv) {
  const bool empty = argc > 1 && std::string_view{argv[1]} == "empty";
  const clickstream::render::InstanceFigures instance{"0.1.0", "2.0.2", clickstream::ProcessFigures{}};
  std::cout << clickstream::render::prometheus_text(
      empty ? clickstream::test::empty_sample() : clickstream::test::sample(), instance);
}
