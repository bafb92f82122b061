#include "input/line_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace clickstream::input {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;

struct GzClose {
  void operator()(gzFile file) const { gzclose(file); }
};
using GzHandle = std::unique_ptr<gzFile_s, GzClose>;

}  // namespace

struct LineReader::Impl {
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (descriptor > STDIN_FILENO) close(descriptor);
  }

  std::string name;
  int descriptor = -1;  // of a live input; a file's belongs to `file`
  GzHandle file;        // absent for a live input
  std::uint64_t size = 0;
  bool ended = false;
  bool skipping = false;  // the rest of a line that was cut
  std::vector<char> buffer;
  std::size_t begin = 0;     // of what has not been handed out
  std::size_t searched = 0;  // up to here there is no line end
  std::size_t end = 0;

  Result<Next> fill(Duration timeout);
  Result<std::size_t> read_some(char* to, std::size_t room);
  bool take_line(std::string_view& line);
};

LineReader::LineReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;

Result<LineReader> LineReader::open(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->name = path == "-" ? "standard input" : path;
  // Not blocking: next() waits for the writer of a named pipe, which a signal can end.
  const int descriptor = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info {};
  if (descriptor < 0 || fstat(descriptor, &info) != 0) {
    return fail(Exit::failed, fmt::format("cannot read {}: {}", impl->name, std::strerror(errno)));
  }
  if (S_ISDIR(info.st_mode)) return fail(Exit::failed, fmt::format("cannot read {}: it is a directory", impl->name));
  impl->buffer.resize(2 * kChunk);
  if (S_ISREG(info.st_mode)) {
    impl->size = static_cast<std::uint64_t>(info.st_size);
    impl->file.reset(gzdopen(path == "-" ? dup(descriptor) : descriptor, "rb"));
    gzbuffer(impl->file.get(), kChunk);
  } else {
    impl->descriptor = descriptor;
  }
  return LineReader(std::move(impl));
}

bool LineReader::live() const { return !impl_->file; }
std::uint64_t LineReader::size() const { return impl_->size; }

std::uint64_t LineReader::position() const {
  return impl_->file ? static_cast<std::uint64_t>(std::max<z_off_t>(gzoffset(impl_->file.get()), 0)) : 0;
}

Result<std::size_t> LineReader::Impl::read_some(char* to, std::size_t room) {
  if (file) {
    const int got = gzread(file.get(), to, static_cast<unsigned>(std::min(room, kChunk)));
    int error = Z_OK;
    std::string_view text = gzerror(file.get(), &error);
    if (const auto name_end = text.find(">: "); name_end != text.npos) text.remove_prefix(name_end + 3);  // <fd:3>:
    // A truncated file gives what there is before it says so.
    if (got < 0 || (got == 0 && error != Z_OK)) {
      return fail(Exit::failed,
                  fmt::format("cannot read {}: {}", name, error == Z_ERRNO ? std::strerror(errno) : text));
    }
    return static_cast<std::size_t>(got);
  }
  const ssize_t got = read(descriptor, to, std::min(room, kChunk));
  if (got < 0) return fail(Exit::failed, fmt::format("cannot read {}: {}", name, std::strerror(errno)));
  return static_cast<std::size_t>(got);
}

Result<LineReader::Next> LineReader::Impl::fill(Duration timeout) {
  if (!file) {
    pollfd wait{descriptor, POLLIN, 0};
    const auto millis = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
    const int ready = ::poll(&wait, 1, static_cast<int>(millis));
    if (ready == 0 || (ready < 0 && errno == EINTR)) return Next::nothing_yet;
  }
  if (begin > 0) {
    std::memmove(buffer.data(), buffer.data() + begin, end - begin);
    searched -= begin;
    end -= begin;
    begin = 0;
  }
  if (buffer.size() - end < kChunk) buffer.resize(buffer.size() * 2);
  const auto got = read_some(buffer.data() + end, buffer.size() - end);
  if (!got) return unexpected(got.error());
  if (*got == 0) ended = true;
  end += *got;
  return Next::line;
}

// Takes the next whole line out of the buffer; at the end of the input also one that has no line end.
bool LineReader::Impl::take_line(std::string_view& line) {
  const char* found = static_cast<const char*>(std::memchr(buffer.data() + searched, '\n', end - searched));
  std::size_t stop = found ? static_cast<std::size_t>(found - buffer.data()) : end;
  const bool whole = found != nullptr || (ended && end > begin);
  const bool too_long = !whole && end - begin >= kMaxLine;
  if (!whole && !too_long) {
    searched = end;
    return false;
  }
  const std::size_t next = found ? stop + 1 : stop;
  if (stop > begin && buffer[stop - 1] == '\r') --stop;
  line = {buffer.data() + begin, stop - begin};
  begin = searched = next;
  return !std::exchange(skipping, too_long);
}

Result<LineReader::Next> LineReader::next(std::string_view& line, Duration timeout) {
  for (;;) {
    if (impl_->take_line(line)) return Next::line;
    if (impl_->begin < impl_->end && impl_->searched == impl_->begin) continue;  // behind a line that was cut
    if (impl_->ended) return Next::end;
    auto filled = impl_->fill(timeout);
    if (!filled || *filled == Next::nothing_yet) return filled;
  }
}

}  // namespace clickstream::input
