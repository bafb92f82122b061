#include "clickstream/checkpoint.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "core/bytes.h"

namespace clickstream {
namespace {

constexpr std::string_view kName = "clickstream/";
constexpr std::string_view kPointerVersion = "1";
constexpr std::string_view kChunkMagic = "clkstate";
constexpr std::uint8_t kChunkVersion = 1;
constexpr std::size_t kChunkHeaderBytes = kChunkMagic.size() + 1 + 8 + 4 + 4 + 4;

constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> kUnits = {
    {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}, {"ms", 1'000}, {"us", 1}}};

std::string duration_text(Duration duration) {
  const std::int64_t micros = duration.count();
  if (micros == 0) return "0s";
  const auto* const unit =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& one) { return micros % one.second == 0; });
  return std::to_string(micros / unit->second) + std::string(unit->first);
}

std::string pages_text(std::optional<std::size_t> max_pages) { return max_pages ? std::to_string(*max_pages) : "none"; }

std::string_view name(Partitioning partitioning) { return partitioning == Partitioning::keyed ? "keyed" : "unkeyed"; }

template <class Number>
std::string hex(Number number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(2 * sizeof number, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, number >>= 4) *digit = kDigits[number & 0xf];
  return text;
}

// Reads the words of a pointer one after the other. It may be lenient about how a value is written: what is read is
// written again and compared in the end.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  bool next_is(std::string_view word) const { return rest_.starts_with(word); }
  bool failed() const { return failed_; }

  std::string_view word() {
    const std::string_view taken = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(std::min(taken.size() + 1, rest_.size()));
    return taken;
  }

  std::string_view value(std::string_view key) {
    std::string_view taken = word();
    if (!taken.starts_with(key) || taken.size() == key.size() || taken[key.size()] != '=') {
      failed_ = true;
      return {};
    }
    return taken.substr(key.size() + 1);
  }

  template <class Number>
  Number number(std::string_view key, int base = 10) {
    return parse<Number>(value(key), base);
  }

  Duration duration(std::string_view key) {
    const std::string_view text = value(key);
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto count = parse<std::int64_t>(text.substr(0, digits), 10);
    for (const auto& [unit, micros] : kUnits) {
      if (text.substr(digits) != unit || count > std::numeric_limits<std::int64_t>::max() / micros) continue;
      return Duration{count * micros};
    }
    failed_ = true;
    return {};
  }

 private:
  template <class Number>
  Number parse(std::string_view text, int base) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error != std::errc{} || end != text.data() + text.size()) failed_ = true;
    return number;
  }

  std::string_view rest_;
  bool failed_ = false;
};

StateRules read_rules(Words& words) {
  StateRules rules;
  rules.gap = words.duration("gap");
  rules.lateness = words.duration("lateness");
  rules.idle_timeout = words.duration("idle-timeout");
  rules.max_ahead = words.duration("max-ahead");
  if (words.next_is("max-pages=none")) {
    words.word();
  } else {
    rules.max_pages = words.number<std::size_t>("max-pages");
  }
  rules.max_ids = words.number<std::size_t>("max-ids");
  rules.partitioning = words.value("partitioning") == "keyed" ? Partitioning::keyed : Partitioning::unkeyed;
  return rules;
}

std::optional<CheckpointPlace> read_place(Words& words) {
  if (words.next_is("checkpoint=none")) {
    words.word();
    return std::nullopt;
  }
  CheckpointPlace place;
  place.number = words.number<std::uint32_t>("checkpoint");
  place.assignment = words.number<std::uint64_t>("assignment", 16);
  place.first_offset = words.number<std::int64_t>("first");
  place.last_offset = words.number<std::int64_t>("last");
  place.chunks = words.number<std::uint32_t>("chunks");
  place.crc = words.number<std::uint32_t>("crc", 16);
  return place;
}

std::optional<IdleAdvance> read_idle(Words& words) {
  if (words.next_is("idle=none")) {
    words.word();
    return std::nullopt;
  }
  IdleAdvance idle;
  idle.offset = words.number<std::int64_t>("idle");
  idle.watermark = timestamp_from_micros(words.number<std::int64_t>("idle-watermark"));
  return idle;
}

bool in_range(const Pointer& pointer) {
  if (pointer.offset < 0) return false;
  if (pointer.idle && pointer.idle->offset < pointer.offset) return false;
  if (!pointer.checkpoint) return true;
  const CheckpointPlace& place = *pointer.checkpoint;
  return place.first_offset >= 0 && place.last_offset >= place.first_offset && place.chunks > 0 &&
         place.last_offset - place.first_offset >= place.chunks - 1;
}

}  // namespace

std::string differences(const StateRules& was, const StateRules& is) {
  std::string text;
  const auto compare = [&text](std::string_view what, std::string_view before, std::string_view now) {
    if (before == now) return;
    if (!text.empty()) text += ", ";
    text.append(what).append(" was ").append(before).append(" and is ").append(now);
  };
  compare("--gap", duration_text(was.gap), duration_text(is.gap));
  compare("--lateness", duration_text(was.lateness), duration_text(is.lateness));
  compare("--idle-timeout", duration_text(was.idle_timeout), duration_text(is.idle_timeout));
  compare("--max-ahead", duration_text(was.max_ahead), duration_text(is.max_ahead));
  compare("--max-pages", pages_text(was.max_pages), pages_text(is.max_pages));
  compare("the deduplication cap", std::to_string(was.max_ids), std::to_string(is.max_ids));
  compare("--partitioning", name(was.partitioning), name(is.partitioning));
  return text;
}

std::string to_text(const Pointer& pointer) {
  std::string text = std::string(kName).append(kPointerVersion);
  const auto put = [&text](std::string_view key, std::string_view value) {
    text.append(" ").append(key).append("=").append(value);
  };
  const StateRules& rules = pointer.rules;
  put("gap", duration_text(rules.gap));
  put("lateness", duration_text(rules.lateness));
  put("idle-timeout", duration_text(rules.idle_timeout));
  put("max-ahead", duration_text(rules.max_ahead));
  put("max-pages", pages_text(rules.max_pages));
  put("max-ids", std::to_string(rules.max_ids));
  put("partitioning", name(rules.partitioning));
  put("epoch", std::to_string(pointer.epoch));
  put("offset", std::to_string(pointer.offset));
  if (const auto& place = pointer.checkpoint) {
    put("checkpoint", std::to_string(place->number));
    put("assignment", hex(place->assignment));
    put("first", std::to_string(place->first_offset));
    put("last", std::to_string(place->last_offset));
    put("chunks", std::to_string(place->chunks));
    put("crc", hex(place->crc));
  } else {
    put("checkpoint", "none");
  }
  if (pointer.idle) {
    put("idle", std::to_string(pointer.idle->offset));
    put("idle-watermark", std::to_string(pointer.idle->watermark.time_since_epoch().count()));
  } else {
    put("idle", "none");
  }
  put("check", hex(crc32c(text)));
  return text;
}

Expected<Pointer, PointerError> parse_pointer(std::string_view text) {
  if (!text.starts_with(kName)) return unexpected(PointerError::none_of_ours);
  Words words(text.substr(kName.size()));
  const std::string_view version = words.word();
  if (version != kPointerVersion) {
    const bool is_number = !version.empty() && version.find_first_not_of("0123456789") == std::string_view::npos;
    return unexpected(is_number ? PointerError::unknown_version : PointerError::corrupt);
  }
  Pointer pointer;
  pointer.rules = read_rules(words);
  pointer.epoch = words.number<std::uint32_t>("epoch");
  pointer.offset = words.number<std::int64_t>("offset");
  pointer.checkpoint = read_place(words);
  pointer.idle = read_idle(words);
  words.value("check");
  if (words.failed() || !in_range(pointer) || to_text(pointer) != text) return unexpected(PointerError::corrupt);
  return pointer;
}

std::string make_chunk(const ChunkHeader& header, std::string_view part) {
  std::string record;
  record.reserve(kChunkHeaderBytes + 4 + part.size());
  record.append(kChunkMagic);
  put_fixed(record, kChunkVersion);
  put_fixed(record, header.assignment);
  put_fixed(record, header.epoch);
  put_fixed(record, header.number);
  put_fixed(record, header.index);
  put_fixed(record, crc32c(part, crc32c(record)));
  record.append(part);
  return record;
}

Expected<Chunk, ChunkError> parse_chunk(std::string_view record) {
  if (!record.starts_with(kChunkMagic)) return unexpected(ChunkError::not_ours);
  ByteReader reader(record.substr(kChunkMagic.size()));
  const auto version = reader.fixed<std::uint8_t>();
  if (reader.failed()) return unexpected(ChunkError::corrupt);
  if (version != kChunkVersion) return unexpected(ChunkError::unknown_version);
  Chunk chunk;
  chunk.header.assignment = reader.fixed<std::uint64_t>();
  chunk.header.epoch = reader.fixed<std::uint32_t>();
  chunk.header.number = reader.fixed<std::uint32_t>();
  chunk.header.index = reader.fixed<std::uint32_t>();
  const auto crc = reader.fixed<std::uint32_t>();
  if (reader.failed()) return unexpected(ChunkError::corrupt);
  chunk.part = reader.bytes(reader.left());
  if (crc32c(chunk.part, crc32c(record.substr(0, kChunkHeaderBytes))) != crc) return unexpected(ChunkError::corrupt);
  return chunk;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
  // The library takes an int for the size, changes nothing, and leaves both inversions to the caller.
  constexpr std::size_t kAtOnce = std::size_t{1} << 30;
  std::uint32_t crc = ~before;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kAtOnce, bytes.size()))) {
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    crc = crc32_iscsi(data, static_cast<int>(std::min(kAtOnce, bytes.size())), crc);
  }
  return ~crc;
}

}  // namespace clickstream
