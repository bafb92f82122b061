#include <zstd.h>

#include <new>
#include <optional>

#include "input/unpacker.h"

namespace clickstream::input {
namespace {

struct Free {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

class Unzstd : public Unpacker {
 public:
  Unzstd() : stream_(ZSTD_createDStream()) {
    if (!stream_) throw std::bad_alloc();
  }

  Expected<std::size_t, std::string> unpack(std::string_view& packed, char* to, std::size_t room) override {
    ZSTD_outBuffer out{to, room, 0};
    while (!broken_ && out.pos < room && (!packed.empty() || more_)) {
      ZSTD_inBuffer in{packed.data(), packed.size(), 0};
      const std::size_t left = ZSTD_decompressStream(stream_.get(), &out, &in);
      packed.remove_prefix(in.pos);
      whole_ = left == 0;
      more_ = !whole_ && out.pos == room;
      if (ZSTD_isError(left) != 0) broken_ = ZSTD_getErrorName(left);
    }
    if (broken_ && out.pos == 0) return unexpected(*broken_);
    return out.pos;
  }

  bool whole() const override { return whole_; }

 private:
  std::unique_ptr<ZSTD_DStream, Free> stream_;
  bool whole_ = true;
  bool more_ = false;  // in the stream, for which there was no room
  std::optional<std::string> broken_;
};

}  // namespace

std::unique_ptr<Unpacker> make_unzstd() { return std::make_unique<Unzstd>(); }

}  // namespace clickstream::input
