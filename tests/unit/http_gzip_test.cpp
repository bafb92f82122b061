#include "http/gzip.h"

#include <zlib.h>

#include "support/catch.h"

using namespace clickstream::http;

namespace {

std::string gunzip(const std::string& data, std::size_t size) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, MAX_WBITS + 16) == Z_OK);
  std::string in = data;
  std::string out(size + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("what is compressed comes back") {
  std::string noise;
  for (unsigned i = 0, x = 1; i < 100'000; ++i, x = x * 1'664'525 + 1'013'904'223) noise += static_cast<char>(x >> 24U);
  for (const std::string& text : {std::string{}, std::string{"x"}, std::string(100'000, 'y'), noise}) {
    CHECK(gunzip(gzip(text), text.size()) == text);
  }
  CHECK(gzip(std::string(100'000, 'y')).size() < 1000);
}

TEST_CASE("gzip only where it is asked for") {
  for (const char* yes : {"gzip", "GZip", "deflate, gzip;q=1.0, *;q=0.5", "gzip;q=0.001", "br,gzip", " gzip ; q=0.5"}) {
    CAPTURE(yes);
    CHECK(accepts_gzip(yes));
  }
  for (const char* no : {"", "identity", "gzip;q=0", "gzip; Q=0.000", "br, deflate", "xgzip", ",;,", "gzipped"}) {
    CAPTURE(no);
    CHECK_FALSE(accepts_gzip(no));
  }
}
