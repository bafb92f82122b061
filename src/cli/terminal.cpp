#include "cli/terminal.h"

#include <unistd.h>

#include <chrono>

#include "cli/live_area.h"
#include "render/progress.h"

namespace clickstream::cli {
namespace {

long long now_millis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Result<void> result_of(const Written& written) {
  if (written.error != 0) return unexpected(write_failure(written.error, "standard output"));
  return {};
}

Result<void> write_out(std::string_view text) { return result_of(write_all(STDOUT_FILENO, text)); }

bool stdout_is_terminal() { return isatty(STDOUT_FILENO) == 1; }

ProgressBar::ProgressBar() : terminal_(live::drawable(STDERR_FILENO)) {}
ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::show(double share, std::string_view text) {
  if (!terminal_) return;
  const auto now = now_millis();
  if (now < next_millis_) return;
  next_millis_ = now + 100;
  // One column less than there are: a full line makes some terminals wrap.
  live::draw_bar(render::progress_bar(share, text, static_cast<int>(live::size(STDERR_FILENO).columns) - 1));
  shown_ = true;
}

void ProgressBar::clear() {
  if (!shown_) return;
  live::draw_bar("");
  shown_ = false;
}

}  // namespace clickstream::cli
