#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "cli/write_all.h"
#include "render/progress.h"

namespace clickstream::cli {
namespace {

constexpr int kDefaultColumns = 80;

long long now_millis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kDefaultColumns;
}

}  // namespace

Result<void> write_out(std::string_view text) {
  const Written written = write_all(STDOUT_FILENO, text);
  if (written.error != 0) return unexpected(write_failure(written.error, "standard output"));
  return {};
}

bool stdout_is_terminal() { return isatty(STDOUT_FILENO) == 1; }

ProgressBar::ProgressBar() : terminal_(isatty(STDERR_FILENO) == 1) {}
ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::show(double share, std::string_view text) {
  if (!terminal_) return;
  const auto now = now_millis();
  if (now < next_millis_) return;
  next_millis_ = now + 100;
  // One column less than there are: a full line makes some terminals wrap.
  const std::string line = "\r\x1b[K" + render::progress_bar(share, text, columns() - 1);
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
  shown_ = true;
}

void ProgressBar::clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace clickstream::cli
