#include "kafka/ranges.h"

#include <fmt/format.h>

#include <algorithm>

#include "kafka/offsets.h"

namespace clickstream::kafka {
namespace {

constexpr std::int64_t kLooksLikeATime = 946'684'800;  // 2000-01-01 in epoch seconds

// One end of a span in every partition.
class End {
 public:
  End(Client& client, const std::string& topic, const std::vector<Range>& held, const char* option)
      : client_(client), topic_(topic), held_(held), option_(option) {}

  Result<std::optional<std::vector<std::int64_t>>> resolve(const Bound& bound, const Stopping& stopping) const {
    if (const auto* edge = std::get_if<Edge>(&bound)) {
      return each([&](std::size_t i) { return *edge == Edge::begin ? held_[i].begin : held_[i].end; });
    }
    if (const auto* offset = std::get_if<std::int64_t>(&bound)) {
      const std::string hint = *offset >= kLooksLikeATime ? fmt::format("; a time is written @{}", *offset) : "";
      return cut(each([&](std::size_t) { return *offset; }), hint);
    }
    if (const auto* offsets = std::get_if<Offsets>(&bound)) {
      if (auto named = check_names(*offsets); !named) return unexpected(named.error());
      return cut(each([&](std::size_t i) { return offsets->at(static_cast<std::int32_t>(i)); }), "");
    }
    auto found = query_offsets_at(client_, topic_, held_.size(), std::get<Timestamp>(bound), kStartDeadline, stopping);
    if (!found || !found->has_value()) return found;
    return each([&](std::size_t i) {
      const std::int64_t offset = (**found)[i];
      return offset < 0 ? held_[i].end : std::clamp(offset, held_[i].begin, held_[i].end);
    });
  }

 private:
  template <class F>
  std::vector<std::int64_t> each(F f) const {
    std::vector<std::int64_t> offsets;
    for (std::size_t i = 0; i < held_.size(); ++i) offsets.push_back(f(i));
    return offsets;
  }

  // Nobody should have to guess what becomes of a partition that is not named.
  Result<void> check_names(const Offsets& offsets) const {
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(held_.size()); ++i) {
      if (offsets.count(i) != 0) continue;
      return fail(Exit::usage, fmt::format("{} names no offset of partition {}; {} has the partitions 0 to {}", option_,
                                           i, topic_, held_.size() - 1));
    }
    if (offsets.size() == held_.size()) return {};
    return fail(Exit::usage, fmt::format("{} names partition {}; {} has the partitions 0 to {}", option_,
                                         offsets.rbegin()->first, topic_, held_.size() - 1));
  }

  std::vector<std::int64_t> cut(std::vector<std::int64_t> offsets, const std::string& hint) const {
    std::string which;
    int count = 0;
    bool beyond = false;
    for (std::size_t i = 0; i < held_.size(); ++i) {
      const std::int64_t wanted = offsets[i];
      offsets[i] = std::clamp(wanted, held_[i].begin, held_[i].end);
      if (offsets[i] == wanted) continue;
      beyond = beyond || wanted > held_[i].end;
      if (++count == 1) {
        which = fmt::format("offset {} of partition {} lies outside of what {} holds, {} to {}; cut to {}", wanted, i,
                            topic_, held_[i].begin, held_[i].end, offsets[i]);
      }
    }
    if (count > 1) which += fmt::format(", and likewise in {} more partitions", count - 1);
    if (count > 0) client_.settings().log(LogLevel::warn, fmt::format("{}: {}{}", option_, which, beyond ? hint : ""));
    return offsets;
  }

  Client& client_;
  const std::string& topic_;
  const std::vector<Range>& held_;
  const char* option_;
};

}  // namespace

Result<std::optional<std::vector<Range>>> resolve(Client& client, const std::string& topic, const Span& span,
                                                  const Stopping& stopping) {
  const auto held = query_ranges(client, topic, kStartDeadline, stopping);
  if (!held) return unexpected(held.error());
  if (!held->has_value()) {
    if (stopping()) return std::nullopt;
    return fail(Exit::failed, fmt::format("topic {} does not exist, or its existence is kept from us", topic));
  }
  std::vector<Range> ranges(**held);
  for (const Edge edge : {Edge::begin, Edge::end}) {
    const bool first = edge == Edge::begin;
    const auto offsets = End(client, topic, **held, first ? "--from" : "--to")
                             .resolve(first ? span.from : span.to.value_or(Edge::end), stopping);
    if (!offsets) return unexpected(offsets.error());
    if (!offsets->has_value()) return std::nullopt;
    for (std::size_t i = 0; i < ranges.size(); ++i) (first ? ranges[i].begin : ranges[i].end) = (**offsets)[i];
  }
  for (Range& range : ranges) range.end = std::max(range.begin, range.end);
  return ranges;
}

}  // namespace clickstream::kafka
