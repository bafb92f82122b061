#include "sinks/search/answer.h"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace clickstream::sinks {
namespace {

using rapidjson::Document;
using rapidjson::Value;

constexpr std::size_t kLongestReason = 1000;

/// Null where the text is no JSON.
Document parse(std::string_view text) {
  Document document;
  document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  if (document.HasParseError()) document.SetNull();
  return document;
}

/// What is at the end of the path of names; null: nothing.
const Value* find(const Value& value, std::initializer_list<const char*> path) {
  const Value* at = &value;
  for (const char* name : path) {
    if (!at->IsObject()) return nullptr;
    const auto member = at->FindMember(name);
    if (member == at->MemberEnd()) return nullptr;
    at = &member->value;
  }
  return at;
}

std::string one_line(std::string_view text) {
  const bool longer = text.size() > kLongestReason;
  std::size_t end = std::min(text.size(), kLongestReason);
  // Not in the middle of a character.
  while (longer && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  std::string line(text.substr(0, end));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  if (longer) line += "...";
  return line;
}

std::string text_at(const Value& value, std::initializer_list<const char*> path) {
  const Value* found = find(value, path);
  if (found == nullptr || !found->IsString()) return {};
  return one_line({found->GetString(), found->GetStringLength()});
}

/// `value` is what "error" holds.
ServerError server_error(const Value& value) {
  if (value.IsString()) return {"", one_line({value.GetString(), value.GetStringLength()})};
  ServerError error{text_at(value, {"type"}), text_at(value, {"reason"})};
  const std::string cause = text_at(value, {"caused_by", "reason"});
  if (!cause.empty() && error.reason.find(cause) == std::string::npos) error.reason += ": " + cause;
  return error;
}

/// Of `_delete_by_query`, whose answer has no "error".
const Value* first_failure(const Value& answer) {
  const Value* failures = find(answer, {"failures"});
  if (failures == nullptr || !failures->IsArray() || failures->Empty()) return nullptr;
  const Value& first = *failures->Begin();
  const Value* cause = find(first, {"cause"});  // of a document
  return cause != nullptr ? cause : find(first, {"reason"});
}

/// The setting behind a block, by the number that the server says it with.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kBlocks{{
    {"/5/", "index.blocks.read_only"},
    {"/6/", "cluster.blocks.read_only"},
    {"/8/", "index.blocks.write"},
    {"/12/", "index.blocks.read_only_allow_delete"},
    {"/13/", "cluster.blocks.read_only_allow_delete"},
}};

std::string advice(long status, const ServerError& error) {
  if (error.type == "cluster_block_exception") {
    for (const auto& [number, setting] : kBlocks) {
      if (error.reason.find(number) != std::string::npos) {
        return fmt::format("; to mend it, {}set {} to null", number == "/12/" ? "free disk space and " : "", setting);
      }
    }
    return {};
  }
  if (error.type == "index_not_found_exception") return "; --sink-init creates it";
  if (error.type == "index_closed_exception") return "; open the index: POST /INDEX/_open";
  if (status == 401) {
    return "; check the user in the URL and CLICKSTREAM_SINK_PASSWORD (or ~/.netrc), or CLICKSTREAM_SINK_API_KEY";
  }
  if (status == 403) return "; give the user or API key that right";
  return {};
}

/// Whether an item's status 400 is about the index, and not about the document.
bool about_index(const ServerError& error) {
  return error.type == "index_closed_exception" || error.type == "validation_exception" ||
         error.type == "invalid_index_name_exception" ||
         (error.type == "illegal_argument_exception" &&
          (error.reason.starts_with("no write index is defined") || error.reason.starts_with("pipeline with id")));
}

std::string words(const ServerError& error) {
  if (error.type.empty()) return error.reason;
  return error.reason.empty() ? error.type : fmt::format("{}: {}", error.type, error.reason);
}

/// `item` is {"index":{"status":…,"error":…}}. Absent: it is not.
std::optional<ItemOutcome> outcome(const Value& item) {
  using Kind = ItemOutcome::Kind;
  const Value* status = find(item, {"index", "status"});
  if (status == nullptr || !status->IsInt()) return std::nullopt;
  const Value* said = find(item, {"index", "error"});
  const long code = status->GetInt();
  if (said == nullptr) {
    if (code != 200 && code != 201) return std::nullopt;
    return ItemOutcome{Kind::written};
  }
  const ServerError error = server_error(*said);
  if (error.type == "version_conflict_engine_exception") return ItemOutcome{Kind::superseded};
  if (code == 400 && !about_index(error)) return ItemOutcome{Kind::refused, words(error)};
  return ItemOutcome{Kind::again, explain(code, error)};
}

}  // namespace

std::optional<ServerError> read_error(std::string_view body) {
  const Document document = parse(body);
  const Value* error = find(document, {"error"});
  if (error == nullptr) error = first_failure(document);
  if (error == nullptr || (!error->IsString() && !error->IsObject())) return std::nullopt;
  return server_error(*error);
}

std::string explain(long status, const ServerError& error) {
  // What passes by itself has numbers in its reason, others each time.
  if ((status == 429 || status >= 500) && !error.type.empty() && error.type != "cluster_block_exception") {
    return fmt::format("{} for now: {} (status {})", status == 429 ? "too busy" : "not able to", error.type, status);
  }
  std::string text = fmt::format("{} (status {})", words(error), status);
  return text + advice(status, error);
}

std::string explain_foreign(long status, std::string_view type, std::string_view body) {
  if (status == 401 || status == 403) return fmt::format("access refused (status {})", status) + advice(status, {});
  if (status >= 300 && status < 400) return fmt::format("answers with status {}; redirects are not followed", status);
  constexpr std::size_t kShown = 80;
  std::string begin = one_line(body.substr(0, kShown));
  std::erase_if(begin, [](char c) { return static_cast<unsigned char>(c) > '~'; });
  return fmt::format("does not answer as a search engine does: status {}, {}, \"{}\"", status,
                     type.empty() ? "no content type" : one_line(type), begin);
}

Expected<std::vector<ItemOutcome>, std::string> read_bulk_answer(std::string_view body, std::size_t count) {
  const Document document = parse(body);
  const Value* items = find(document, {"items"});
  if (items == nullptr || !items->IsArray())
    return unexpected<std::string>("answers something else to _bulk than its items");
  if (items->Size() != count) {
    return unexpected<std::string>("answers to another number of items than it was sent");
  }
  std::vector<ItemOutcome> outcomes;
  outcomes.reserve(count);
  for (const Value& item : items->GetArray()) {
    auto one = outcome(item);
    if (!one) return unexpected<std::string>("answers to _bulk with an item that does not say what became of it");
    outcomes.push_back(std::move(*one));
  }
  return outcomes;
}

Expected<std::uint64_t, std::string> read_deleted(std::string_view body) {
  const Document document = parse(body);
  const Value* total = find(document, {"total"});
  const Value* timed_out = find(document, {"timed_out"});
  const Value* conflicts = find(document, {"version_conflicts"});
  const Value* failures = find(document, {"failures"});
  if (total == nullptr || !total->IsUint64() || timed_out == nullptr || !timed_out->IsBool() || conflicts == nullptr ||
      !conflicts->IsUint64() || failures == nullptr || !failures->IsArray()) {
    return unexpected<std::string>("answers something else to _delete_by_query than what it deleted");
  }
  if (!failures->Empty()) {
    const auto error = read_error(body);
    return unexpected(error ? words(*error) : "could not delete all older rows");
  }
  if (timed_out->GetBool()) return unexpected<std::string>("did not delete all older rows in time");
  if (conflicts->GetUint64() != 0) return unexpected<std::string>("older rows were written while they were deleted");
  return total->GetUint64();
}

Expected<void, std::string> read_refreshed(std::string_view body) {
  const Document document = parse(body);
  const Value* failed = find(document, {"_shards", "failed"});
  if (failed == nullptr || !failed->IsInt()) return unexpected<std::string>("answers something else to _refresh");
  if (failed->GetInt() != 0) return unexpected<std::string>("could not refresh all shards");
  return {};
}

}  // namespace clickstream::sinks
