#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "clickstream/decimal.h"
#include "formats/recording.h"

namespace clickstream::formats {
namespace {

using rapidjson::SizeType;

// Looks for the outermost object's timestamp, and stops the parser there.
class Finder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Finder> {
 public:
  explicit Finder(const rapidjson::MemoryStream& stream) : stream_(stream) {}

  /// Where the number begins, and its size; 0 where there is none.
  std::size_t begin() const { return begin_; }
  std::size_t size() const { return size_; }

  bool RawNumber(const char*, SizeType length, bool) {
    if (depth_ != 1 || !is_timestamp_) return true;
    begin_ = stream_.Tell() - length;
    size_ = length;
    return false;
  }
  bool Key(const char* text, SizeType length, bool) {
    is_timestamp_ = std::string_view(text, length) == "timestamp";
    return true;
  }
  bool StartObject() { return open(); }
  bool EndObject(SizeType) { return close(); }
  bool StartArray() { return open(); }
  bool EndArray(SizeType) { return close(); }

 private:
  bool open() {
    ++depth_;
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }

  const rapidjson::MemoryStream& stream_;
  std::size_t depth_ = 0;
  bool is_timestamp_ = false;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace

std::string with_timestamp(std::string_view json, Timestamp timestamp) {
  rapidjson::MemoryStream stream(json.data(), json.size());
  Finder finder(stream);
  rapidjson::Reader reader;
  reader.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag>(stream, finder);
  std::string result;
  result.reserve(json.size() + 8);
  result.append(json, 0, finder.begin());
  if (finder.size() > 0) append_seconds(timestamp.time_since_epoch().count(), result);
  result.append(json, finder.begin() + finder.size());
  return result;
}

}  // namespace clickstream::formats
