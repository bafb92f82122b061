#include "sinks/search/schema.h"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/pointer.h>

#include <utility>

namespace clickstream::sinks {

namespace embedded {
std::string_view sessions_json();
std::string_view windows_json();
}  // namespace embedded

namespace {

using rapidjson::Document;
using rapidjson::Pointer;
using rapidjson::Value;

// Not by RapidJSON's == and !=, which call each other for ever in C++20.
bool is_text(const Value* value, std::string_view text) {
  return value != nullptr && value->IsString() &&
         std::string_view(value->GetString(), value->GetStringLength()) == text;
}

constexpr const char* kVersion = "/mappings/_meta/clickstream_schema";

/// Null where the text is no JSON.
Document parse(std::string_view text) {
  Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  if (document.HasParseError()) document.SetNull();
  return document;
}

IndexTemplate made(std::string_view shipped, std::string_view shipped_index, std::string index) {
  std::string body(shipped);
  body.replace(body.find(shipped_index), shipped_index.size(), index);
  return {std::move(index), std::move(body)};
}

/// The first field of `wanted` that `there` has not, or has as another type; empty: none.
std::string missing_field(const Value& wanted, const Value* there, const std::string& path) {
  for (const auto& field : wanted.GetObject()) {
    const std::string name = path + field.name.GetString();
    if (there == nullptr || !there->IsObject() || !there->HasMember(field.name)) return name;
    const Value& found = (*there)[field.name];
    if (!is_text(Pointer("/type").Get(found), field.value["type"].GetString())) return name;
    if (const Value* inner = Pointer("/properties").Get(field.value)) {
      std::string missing = missing_field(*inner, Pointer("/properties").Get(found), name + ".");
      if (!missing.empty()) return missing;
    }
  }
  return {};
}

}  // namespace

std::array<IndexTemplate, 2> index_templates(const SearchAddress& address) {
  return {made(embedded::sessions_json(), "clickstream-sessions", address.sessions()),
          made(embedded::windows_json(), "clickstream-windows", address.windows())};
}

int schema_version(const IndexTemplate& wanted) {
  const Document document = parse(wanted.body);
  return Pointer((std::string("/template") + kVersion).c_str()).Get(document)->GetInt();
}

Expected<void, std::string> check_index(std::string_view answer, const IndexTemplate& wanted) {
  const Document answered = parse(answer);
  if (!answered.IsObject() || answered.ObjectEmpty())
    return unexpected<std::string>("the answer is not that of an index");
  if (answered.MemberCount() > 1) return unexpected<std::string>("it stands for several indices");
  const Value& index = answered.MemberBegin()->value;
  const Value* version = Pointer(kVersion).Get(index);
  if (version != nullptr && (!version->IsInt() || version->GetInt() != schema_version(wanted))) {
    return unexpected(fmt::format("its schema has version {}, and not {}",
                                  version->IsInt() ? std::to_string(version->GetInt()) : "?", schema_version(wanted)));
  }
  const Document ours = parse(wanted.body);
  const std::string missing = missing_field(*Pointer("/template/mappings/properties").Get(ours),
                                            Pointer("/mappings/properties").Get(index), "");
  if (!missing.empty()) return unexpected(fmt::format("its mapping has no {} of the right type", missing));
  const Value* durability = Pointer("/settings/index/translog/durability").Get(index);
  if (durability != nullptr && !is_text(durability, "request")) {
    return unexpected<std::string>("a crash would lose rows: set its index.translog.durability to request");
  }
  return {};
}

Expected<int, std::string> template_version(std::string_view answer) {
  const Document answered = parse(answer);
  const Value* found = Pointer("/index_templates/0/index_template").Get(answered);
  if (found == nullptr) return unexpected<std::string>("the answer is not that of a template");
  const Value* version = Pointer((std::string("/template") + kVersion).c_str()).Get(*found);
  return version != nullptr && version->IsInt() ? version->GetInt() : 0;
}

}  // namespace clickstream::sinks
