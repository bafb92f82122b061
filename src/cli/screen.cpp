#include "cli/screen.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "cli/live_area.h"
#include "cli/terminal.h"

namespace clickstream::cli {
namespace {

bool no_color() {
  const char* const value = std::getenv("NO_COLOR");
  return value != nullptr && *value != '\0';
}

}  // namespace

Screen::Screen(bool wanted, render::Overlong overlong)
    : in_place_(wanted && live::drawable(STDOUT_FILENO) && !no_color()), overlong_(overlong) {}

Screen::~Screen() {
  if (in_place_) live::end_block();
}

std::size_t Screen::columns() const { return live::size(STDOUT_FILENO).columns - 1; }

Result<void> Screen::draw(std::string block) {
  return in_place_ ? result_of(live::draw_block(std::move(block), overlong_)) : write_out(block);
}

Result<void> Screen::refresh() { return in_place_ ? result_of(live::refresh_block()) : Result<void>(); }

Result<void> Screen::finish() { return in_place_ ? result_of(live::end_block()) : Result<void>(); }

}  // namespace clickstream::cli
