#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/simulator/site_model.h"
#include "core/simulator/stay.h"

namespace clickstream {
namespace {

using Json = rapidjson::Value;

constexpr std::size_t kMaxPages = 10'000;
constexpr std::size_t kMaxPageBytes = 2'048;

std::string_view text(const Json& string) { return {string.GetString(), string.GetStringLength()}; }

bool is_number(const Json& json, double least, double most) {
  return json.IsNumber() && json.GetDouble() >= least && json.GetDouble() <= most;
}

std::string in_quotes(std::string_view name) { return '"' + std::string(name) + '"'; }

// Reads a site model. Each step is false where it failed; the first failure stays in `error`.
class Parser {
 public:
  bool read(const Json& root);

  Site::Model model;
  std::string error;

 private:
  bool fail(const std::string& where, std::string_view what) {
    error = where + ": " + std::string(what);
    return false;
  }

  // An object whose names differ; with `allowed`, they are these and none is missing.
  bool is_object(const Json& json, const std::string& where, const std::set<std::string_view>& allowed = {});
  bool read_chance(const Json& json, const std::string& where, Chance& chance);
  bool read_names(const Json& pages);
  bool read_page(const Json& json, const std::string& where, Site::Model::Page& page);
  bool read_choices(const Json& json, const std::string& where, std::vector<Choice>& choices);
  bool every_page_is_reached();
  bool every_page_can_be_left();

  std::map<std::string, PageIndex, std::less<>> index_;
};

bool Parser::read(const Json& root) {
  if (!is_object(root, "the site", {"leave_at_once", "landing", "pages"})) return false;
  if (!read_chance(root["leave_at_once"], "leave_at_once", model.leave_at_once)) return false;
  const Json& pages = root["pages"];
  if (!read_names(pages)) return false;
  if (!read_choices(root["landing"], "landing", model.landing)) return false;
  if (model.landing.empty() || model.landing.back().up_to != kAlways) {
    return fail("landing", "the probabilities must add up to 1");
  }
  auto page = model.pages.begin();
  for (const auto& member : pages.GetObject()) {
    if (!read_page(member.value, "page " + in_quotes(page->name), *page)) return false;
    ++page;
  }
  if (!every_page_is_reached() || !every_page_can_be_left()) return false;
  if (!mean_visit(model)) return fail("pages", "visits hardly ever end; let more visitors leave");
  return true;
}

bool Parser::is_object(const Json& json, const std::string& where, const std::set<std::string_view>& allowed) {
  if (!json.IsObject()) return fail(where, "must be an object");
  std::set<std::string_view> names;
  for (const auto& member : json.GetObject()) {
    const std::string_view name = text(member.name);
    if (!allowed.empty() && !allowed.contains(name)) return fail(where, "has no field " + in_quotes(name));
    if (!names.insert(name).second) return fail(where, in_quotes(name) + " is given twice");
  }
  for (const std::string_view name : allowed) {
    if (!names.contains(name)) return fail(where, in_quotes(name) + " is missing");
  }
  return true;
}

bool Parser::read_chance(const Json& json, const std::string& where, Chance& chance) {
  if (!is_number(json, 0, 1)) return fail(where, "must be a probability, 0 to 1");
  // Exact but for the last rounding: the factor is a power of 2.
  chance = static_cast<Chance>(json.GetDouble() * static_cast<double>(kAlways) + 0.5);
  return true;
}

bool Parser::read_names(const Json& pages) {
  if (!is_object(pages, "pages")) return false;
  if (pages.MemberCount() == 0) return fail("pages", "must name at least one page");
  if (pages.MemberCount() > kMaxPages) return fail("pages", "must be at most " + std::to_string(kMaxPages));
  for (const auto& member : pages.GetObject()) {
    const std::string_view name = text(member.name);
    if (name.empty() || name.size() > kMaxPageBytes) {
      return fail("pages", "a page's name must have 1 to " + std::to_string(kMaxPageBytes) + " bytes");
    }
    index_.emplace(name, static_cast<PageIndex>(model.pages.size()));
    model.pages.push_back({std::string(name), 0, 0, {}});
  }
  return true;
}

bool Parser::read_page(const Json& json, const std::string& where, Site::Model::Page& page) {
  if (!is_object(json, where, {"stay", "click", "next"})) return false;
  const Json& stay = json["stay"];
  if (!is_number(stay, 0.001, kMaxMedianStay / 1000.0)) return fail(where + ", stay", "must be 0.001 to 600 seconds");
  page.median_stay = static_cast<std::uint32_t>(stay.GetDouble() * 1000 + 0.5);
  return read_chance(json["click"], where + ", click", page.click) &&
         read_choices(json["next"], where + ", next", page.next);
}

bool Parser::read_choices(const Json& json, const std::string& where, std::vector<Choice>& choices) {
  if (!is_object(json, where)) return false;
  Chance sum = 0;
  for (const auto& member : json.GetObject()) {
    const auto page = index_.find(text(member.name));
    if (page == index_.end()) return fail(where, "there is no page " + in_quotes(text(member.name)));
    Chance chance = 0;
    if (!read_chance(member.value, where + ", " + in_quotes(text(member.name)), chance)) return false;
    sum += chance;
    if (chance > 0) choices.push_back({sum, page->second});
  }
  // Each was rounded: what differs from 1 by no more than that is 1.
  const Chance rounding = choices.size();
  if (sum > kAlways + rounding) return fail(where, "the probabilities add up to more than 1");
  if (sum + rounding >= kAlways) {
    for (Choice& choice : choices) choice.up_to = std::min(choice.up_to, kAlways);
    choices.back().up_to = kAlways;
  }
  return true;
}

// Marks `page` and, over and over, every page that `neighbours` gives.
template <class Neighbours>
void mark(std::vector<bool>& marked, PageIndex page, const Neighbours& neighbours) {
  std::vector<PageIndex> to_do{page};
  while (!to_do.empty()) {
    page = to_do.back();
    to_do.pop_back();
    if (marked[page]) continue;
    marked[page] = true;
    for (const PageIndex neighbour : neighbours[page]) to_do.push_back(neighbour);
  }
}

bool Parser::every_page_is_reached() {
  std::vector<std::vector<PageIndex>> next(model.pages.size());
  for (std::size_t i = 0; i < next.size(); ++i) {
    for (const Choice& choice : model.pages[i].next) next[i].push_back(choice.page);
  }
  std::vector<bool> reached(next.size());
  for (const Choice& choice : model.landing) mark(reached, choice.page, next);
  const auto missed = std::find(reached.begin(), reached.end(), false);
  if (missed == reached.end()) return true;
  const std::string& name = model.pages[static_cast<std::size_t>(missed - reached.begin())].name;
  return fail("page " + in_quotes(name), "no visit ever comes here");
}

bool Parser::every_page_can_be_left() {
  std::vector<std::vector<PageIndex>> previous(model.pages.size());
  std::vector<bool> left(previous.size());
  for (std::size_t i = 0; i < previous.size(); ++i) {
    for (const Choice& choice : model.pages[i].next) previous[choice.page].push_back(static_cast<PageIndex>(i));
  }
  for (std::size_t i = 0; i < previous.size(); ++i) {
    const auto& next = model.pages[i].next;
    if (next.empty() || next.back().up_to < kAlways) mark(left, static_cast<PageIndex>(i), previous);
  }
  const auto missed = std::find(left.begin(), left.end(), false);
  if (missed == left.end()) return true;
  const std::string& name = model.pages[static_cast<std::size_t>(missed - left.begin())].name;
  return fail("page " + in_quotes(name), "a visit that comes here never ends");
}

}  // namespace

Expected<Site, std::string> Site::parse(std::string_view json) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseFullPrecisionFlag | rapidjson::kParseValidateEncodingFlag |
                 rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError()) {
    return unexpected("not JSON at byte " + std::to_string(document.GetErrorOffset()) + ": " +
                      rapidjson::GetParseError_En(document.GetParseError()));
  }
  Parser parser;
  if (!parser.read(document)) return unexpected(parser.error);
  return Site(std::make_shared<const Model>(std::move(parser.model)));
}

}  // namespace clickstream
