#include "cli/replay/account.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "render/number.h"

namespace clickstream::cli {
namespace {

using render::grouped;
using Reasons = std::vector<std::pair<std::string_view, std::uint64_t>>;

// "(1,500 static_file, 500 bot)", the most frequent first.
std::string by_reason(Reasons reasons) {
  std::stable_sort(reasons.begin(), reasons.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [reason, count] : reasons) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(count), reason);
  }
  return "(" + text + ")";
}

std::string counted(std::uint64_t count, std::string_view plural) {
  if (count == 1) plural.remove_suffix(1);
  return fmt::format("{} {}", grouped(count), plural);
}

}  // namespace

std::string account_text(const Account& account) {
  const formats::Tally& tally = account.tally;
  std::string text =
      fmt::format("read {}: {} sent", counted(tally.lines, account.unit), counted(account.sent, "events"));
  const auto add = [&](std::uint64_t count, const std::string& words) {
    if (count > 0) text += fmt::format(", {} {}", grouped(count), words);
  };
  add(account.sent_before, "sent before");
  add(tally.events - account.sent - account.sent_before, "not sent");
  Reasons passed_over;
  std::uint64_t passed_over_all = 0;
  for (std::size_t i = 0; i < tally.passed_over.size(); ++i) {
    passed_over.emplace_back(formats::kPassedOverNames[i], tally.passed_over[i]);
    passed_over_all += tally.passed_over[i];
  }
  add(passed_over_all, "passed over " + by_reason(std::move(passed_over)));
  add(tally.rejected, "rejected " + by_reason({account.rejected.begin(), account.rejected.end()}));
  add(tally.empty, "empty");
  return text;
}

}  // namespace clickstream::cli
