#include "cli/signals.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>

namespace clickstream::cli {
namespace {

std::atomic<int> received{0};
std::atomic<const char*> farewell{nullptr};
std::atomic<bool> was_stopped{false};
std::atomic<bool> goes_on{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<const char*>::is_always_lock_free &&
                  std::atomic<bool>::is_always_lock_free,
              "used in a signal handler");

constexpr std::array<int, 3> kAbrupt = {SIGQUIT, SIGABRT, SIGTSTP};
constexpr int kOnce = static_cast<int>(SA_RESETHAND | SA_RESTART);

// Not to a terminal that takes nothing (Ctrl-S): that would block for ever.
void leave_terminal() {
  const char* const text = farewell.load();
  pollfd wait{STDOUT_FILENO, POLLOUT, 0};
  if (text == nullptr || poll(&wait, 1, 0) <= 0) return;
  if (write(STDOUT_FILENO, text, std::strlen(text)) < 0) return;
}

void on_signal(int signal) {
  int none = 0;
  if (received.compare_exchange_strong(none, signal)) return;
  leave_terminal();
  _exit(128 + signal);
}

void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

// Runs once: the signal comes again when it returns, and does what it always does.
void on_abrupt(int signal) {
  const int error = errno;
  leave_terminal();
  was_stopped.store(signal == SIGTSTP);
  raise(signal);
  errno = error;
}

void on_continue(int /*signal*/) {
  if (was_stopped.exchange(false)) handle(SIGTSTP, on_abrupt, kOnce);
  goes_on.store(true);
}

}  // namespace

void install_signal_handlers() {
  handle(SIGINT, on_signal, 0);
  handle(SIGTERM, on_signal, 0);
  handle(SIGPIPE, SIG_IGN, 0);
}

void leave_terminal_with(const char* text) {
  static std::once_flag installed;
  std::call_once(installed, [] {
    for (const int signal : kAbrupt) {
      struct sigaction before {};
      if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
      handle(signal, on_abrupt, kOnce);
    }
    handle(SIGCONT, on_continue, SA_RESTART);
  });
  farewell.store(text);
}

bool continued() { return goes_on.exchange(false); }

int stop_signal() { return received.load(); }
bool stop_requested() { return stop_signal() != 0; }

}  // namespace clickstream::cli
