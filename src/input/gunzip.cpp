#include <zlib.h>

#include <algorithm>
#include <climits>
#include <new>
#include <optional>

#include "input/unpacker.h"

namespace clickstream::input {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, and gzip's header

class Gunzip : public Unpacker {
 public:
  Gunzip() {
    if (inflateInit2(&stream_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~Gunzip() override { inflateEnd(&stream_); }

  Expected<std::size_t, std::string> unpack(std::string_view& packed, char* to, std::size_t room) override {
    std::size_t made = 0;
    while (!broken_ && made < room && (!packed.empty() || more_)) {
      if (between_ && !begin_member(packed)) break;
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
      stream_.avail_in = static_cast<uInt>(std::min<std::size_t>(packed.size(), UINT_MAX));
      stream_.next_out = reinterpret_cast<Bytef*>(to + made);
      stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(room - made, UINT_MAX));
      const int status = inflate(&stream_, Z_NO_FLUSH);
      packed.remove_prefix(static_cast<std::size_t>(reinterpret_cast<const char*>(stream_.next_in) - packed.data()));
      made = static_cast<std::size_t>(reinterpret_cast<char*>(stream_.next_out) - to);
      between_ = status == Z_STREAM_END;
      more_ = !between_ && stream_.avail_out == 0;
      if (!between_ && status != Z_OK && status != Z_BUF_ERROR) broken_ = stream_.msg ? stream_.msg : "no gzip data";
    }
    if (broken_ && made == 0) return unexpected(*broken_);
    return made;
  }

  bool whole() const override { return between_; }

 private:
  // Zeros may fill up the last block of a tape, as for gzip itself.
  bool begin_member(std::string_view& packed) {
    packed.remove_prefix(std::min(packed.find_first_not_of('\0'), packed.size()));
    if (packed.empty()) return false;
    between_ = false;
    inflateReset(&stream_);
    return true;
  }

  z_stream stream_{};
  bool between_ = true;  // two members, or before the first
  bool more_ = false;    // in the stream, for which there was no room
  std::optional<std::string> broken_;
};

}  // namespace

std::unique_ptr<Unpacker> make_gunzip() { return std::make_unique<Gunzip>(); }

}  // namespace clickstream::input
