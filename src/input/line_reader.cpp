#include "input/line_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "input/raw_input.h"
#include "input/unpacker.h"

namespace clickstream::input {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;

}  // namespace

struct LineReader::Impl {
  explicit Impl(RawInput input) : raw(std::move(input)) {}

  RawInput raw;
  Packing packing = Packing::unknown;
  std::unique_ptr<Unpacker> unpacker;
  std::vector<char> packed_buffer;  // of what was read to recognise it, too
  std::string_view packed;          // what is left in it
  bool raw_ended = false;
  bool ended = false;
  bool skipping = false;  // the rest of a line that was cut
  // In turn, so that the lines in the others stay valid; the first one is in use.
  std::array<std::vector<char>, 1 + kKept> buffers;
  std::size_t begin = 0;     // of what has not been handed out
  std::size_t searched = 0;  // up to here there is no line end
  std::size_t end = 0;
  // The last bytes that came into the buffer, and from where to where they stand in the input.
  std::size_t filled = 0;
  std::uint64_t filled_from = 0;
  std::uint64_t filled_to = 0;

  Result<Next> fill(Duration timeout);
  void turn();
  Result<std::optional<std::size_t>> read_some(char* to, std::size_t room, Duration timeout);
  Result<bool> read_packed(Duration timeout);
  bool take_line(std::string_view& line);
};

LineReader::LineReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;

Result<LineReader> LineReader::open(const std::string& path) {
  auto raw = RawInput::open(path);
  if (!raw) return unexpected(raw.error());
  return LineReader(std::make_unique<Impl>(std::move(*raw)));
}

bool LineReader::live() const { return impl_->raw.live(); }
std::uint64_t LineReader::size() const { return impl_->raw.size(); }

// Of the bytes that came last, what has been handed out: a small file is in the buffer at once.
std::uint64_t LineReader::position() const {
  const std::uint64_t span = impl_->filled_to - impl_->filled_from;
  const std::size_t left = std::min(impl_->end - impl_->begin, impl_->filled);
  return left == 0 ? impl_->filled_to : impl_->filled_to - span * left / impl_->filled;
}

// Appends to `packed`, as far as there is room; false where nothing comes in time.
Result<bool> LineReader::Impl::read_packed(Duration timeout) {
  packed_buffer.resize(kChunk);
  const std::size_t kept = packed.size();
  if (kept > 0) std::memmove(packed_buffer.data(), packed.data(), kept);
  const auto got = raw.read(packed_buffer.data() + kept, packed_buffer.size() - kept, timeout);
  if (!got) return unexpected(got.error());
  packed = {packed_buffer.data(), kept + got->value_or(0)};
  raw_ended = *got == 0U;
  return got->has_value();
}

// Plain bytes, 0 at the end; absent where none come in time.
Result<std::optional<std::size_t>> LineReader::Impl::read_some(char* to, std::size_t room, Duration timeout) {
  while (packing == Packing::unknown) {
    const auto got = read_packed(timeout);
    if (!got) return unexpected(got.error());
    if (!*got) return std::nullopt;
    packing = raw_ended ? Packing::plain : packing_of(packed);
    if (packing == Packing::gzip) unpacker = make_gunzip();
    if (packing == Packing::zstd) unpacker = make_unzstd();
  }
  if (!unpacker) {
    if (packed.empty()) return raw.read(to, room, timeout);
    const std::size_t got = packed.copy(to, room);
    packed.remove_prefix(got);
    return got;
  }
  for (;;) {
    const auto made = unpacker->unpack(packed, to, room);
    if (!made) return unexpected(raw.failure(made.error()));
    if (*made > 0) return *made;
    // A truncated input gives what there is before it says so.
    if (raw_ended && !unpacker->whole()) return unexpected(raw.failure("unexpected end of file"));
    if (raw_ended) return std::size_t{0};
    const auto got = read_packed(timeout);
    if (!got) return unexpected(got.error());
    if (!*got) return std::nullopt;
  }
}

// Goes on in the next buffer, with what has not been handed out.
void LineReader::Impl::turn() {
  std::rotate(buffers.begin(), buffers.end() - 1, buffers.end());
  const std::vector<char>& before = buffers[1];
  std::vector<char>& next = buffers[0];
  next.resize(std::max(next.size(), end - begin));
  std::copy_n(before.begin() + static_cast<std::ptrdiff_t>(begin), end - begin, next.begin());
  searched -= begin;
  end -= begin;
  begin = 0;
}

Result<LineReader::Next> LineReader::Impl::fill(Duration timeout) {
  std::vector<char>& buffer = buffers[0];
  if (begin > 0) {  // the rest of a line that was cut
    std::memmove(buffer.data(), buffer.data() + begin, end - begin);
    searched -= begin;
    end -= begin;
    begin = 0;
  }
  if (buffer.size() - end < kChunk) buffer.resize(std::max(buffer.size(), kChunk) * 2);
  const auto got = read_some(buffer.data() + end, kChunk, timeout);
  if (!got) return unexpected(got.error());
  if (!*got) return Next::nothing_yet;
  ended = **got == 0;
  end += **got;
  filled = **got;
  filled_from = std::exchange(filled_to, raw.live() ? 0 : raw.position() - packed.size());
  return Next::line;
}

// Takes the next whole line out of the buffer; at the end of the input also one that has no line end.
bool LineReader::Impl::take_line(std::string_view& line) {
  const std::vector<char>& buffer = buffers[0];
  const char* found = nullptr;
  if (searched < end) {
    found = static_cast<const char*>(std::memchr(buffer.data() + searched, '\n', end - searched));
  }
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

bool LineReader::next_at_hand(std::string_view& line) {
  while (!impl_->take_line(line)) {
    const bool behind_cut_line = impl_->begin < impl_->end && impl_->searched == impl_->begin;
    if (!behind_cut_line) return false;
  }
  return true;
}

void LineReader::forget() {
  impl_->packed_buffer = std::vector<char>();  // not {}, which keeps the memory
  impl_->unpacker.reset();
  impl_->buffers = {};
  impl_->begin = impl_->searched = impl_->end = 0;
}

Result<LineReader::Next> LineReader::next(std::string_view& line, Duration timeout) {
  if (next_at_hand(line)) return Next::line;
  // Once a call: the lines of the calls before stay where they are.
  if (impl_->begin > 0) impl_->turn();
  for (;;) {
    if (next_at_hand(line)) return Next::line;
    if (impl_->ended) return Next::end;
    auto filled = impl_->fill(timeout);
    if (!filled || *filled == Next::nothing_yet) return filled;
  }
}

}  // namespace clickstream::input
