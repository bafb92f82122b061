#include "sinks/append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace clickstream::sinks {
namespace {

auto failed(int error) { return unexpected(std::string(std::strerror(error))); }

/// A new file is on disk only once its folder is.
bool sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool synced = fsync(descriptor) == 0;
  close(descriptor);
  return synced;
}

}  // namespace

Expected<AppendFile, std::string> AppendFile::open(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return unexpected(error.message());
  const bool is_new = !std::filesystem::exists(path, error);
  // Not blocking: a pipe is refused, not waited for.
  const int descriptor = ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
  if (descriptor < 0) return failed(errno);
  AppendFile file(descriptor);
  struct stat info {};
  if (fstat(descriptor, &info) != 0) return failed(errno);
  if (!S_ISREG(info.st_mode)) return unexpected(std::string("it is no ordinary file"));
  if (is_new && !sync_folder(folder)) return failed(errno);
  if (auto completed = file.complete_last_line(); !completed) return unexpected(completed.error());
  return file;
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), unsynced_(other.unsynced_) {}

Expected<void, std::string> AppendFile::complete_last_line() {
  const off_t size = lseek(descriptor_, 0, SEEK_END);
  if (size == 0) return {};
  char last = '\n';
  if (size < 0 || pread(descriptor_, &last, 1, size - 1) < 0) return failed(errno);
  if (last == '\n') return {};
  return write("\n");
}

Expected<void, std::string> AppendFile::write(std::string_view lines) {
  std::string_view rest = lines;
  while (!rest.empty()) {
    unsynced_ = true;
    const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
    if (count >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    const int error = errno;
    // The beginning of a line would be read as one.
    const auto begun = static_cast<off_t>(lines.size() - rest.size());
    const off_t here = lseek(descriptor_, 0, SEEK_CUR);
    if (begun > 0 && here == lseek(descriptor_, 0, SEEK_END)) (void)!ftruncate(descriptor_, here - begun);
    return failed(error);
  }
  return {};
}

Expected<void, std::string> AppendFile::sync() {
  if (unsynced_ && fdatasync(descriptor_) != 0) return failed(errno);
  unsynced_ = false;
  return {};
}

}  // namespace clickstream::sinks
