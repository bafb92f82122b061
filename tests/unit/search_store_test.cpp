#include <initializer_list>
#include <string>

#include "sinks/search/address.h"
#include "sinks/search/answer.h"
#include "sinks/search/bulk_request.h"
#include "sinks/search/schema.h"
#include "support/catch.h"

using namespace clickstream;
using namespace clickstream::sinks;
using namespace std::chrono_literals;
using Kind = ItemOutcome::Kind;

namespace {

constexpr Timestamp kStart = timestamp_from_micros(1'763'936'107'250'000);

SessionRow a_session() {
  SessionRow row;
  row.place = {2, 1, 42};
  row.session = {UserId{1432}, SessionId{32}, kStart, kStart + 61'300ms, 58'200'001us, 9, 6, 3};
  return row;
}

std::string action(const RowSource& source) { return BulkItems(source, "s", "w").of(a_session()).action; }

}  // namespace

TEST_CASE("the parts of a search engine's URL") {
  const auto full = parse_search_url("elasticsearch+https://al%40ice:p%3Aw@search.example.com:443/shop.2/");
  REQUIRE(full);
  CHECK(full->base == "https://search.example.com:443");
  CHECK(full->name == "search.example.com:443");
  CHECK(full->user == "al@ice");
  CHECK(full->password == "p:w");
  CHECK(full->sessions() == "shop.2-sessions");
  CHECK(full->encrypted());
  CHECK_FALSE(full->local);

  const auto least = parse_search_url("elasticsearch+http://[::1]");
  REQUIRE(least);
  CHECK(least->base == "http://[::1]:9200");
  CHECK(least->windows() == "clickstream-windows");
  CHECK(least->local);
  CHECK_FALSE(least->encrypted());
}

TEST_CASE("what is no URL of a search engine, without its password") {
  const std::string url =
      GENERATE("elasticsearch://u:secret@h", "elasticsearch+ftp://u:secret@h", "elasticsearch+https://",
               "https://u:secret@h", "elasticsearch+https://u:secret@h:port", "elasticsearch+https://u:secret@h/a/b",
               "elasticsearch+https://u:secret@h/Shop", "elasticsearch+https://u:secret@h/-a",
               "elasticsearch+https://u:secret@h/a?b=c", "elasticsearch+https://u:secret@h/a#b",
               "elasticsearch+https://u:secret@h/" + std::string(201, 'a'));
  const auto parsed = parse_search_url(url);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Exit::usage);
  CHECK(parsed.error().message.find("secret") == std::string::npos);
}

TEST_CASE("a row's action has its key and its version") {
  const BulkItems items({"user events", "shop/1"}, "my-sessions", "my-windows");
  CHECK(items.of(a_session()).action ==
        R"({"index":{"_index":"my-sessions","_id":"user%20events/shop%2F1/1432/32/1763936107250000",)"
        R"("version":281474976710698,"version_type":"external_gte"}})");
  WindowRow window;
  window.place = {3, 0, 7};
  window.spec = {5min, 1min};
  window.start = timestamp_from_micros(60'000'000);
  const BulkItem item = items.of(window);
  CHECK(item.action ==
        R"({"index":{"_index":"my-windows","_id":"user%20events/shop%2F1/300000000/60000000/60000000/3",)"
        R"("version":7,"version_type":"external_gte"}})");
  CHECK(item.document.find(R"("topic":"user events","group":"shop/1")") != std::string::npos);
  CHECK(item.size() == item.action.size() + item.document.size() + 2);
}

TEST_CASE("an id stays short, and is another for each source") {
  const std::string longest = action({std::string(2000, 'x'), "g"});
  CHECK(longest.size() < 300);
  CHECK(longest != action({std::string(2000, 'x'), "h"}));
  CHECK(longest == action({std::string(2000, 'x'), "g"}));
  CHECK(action({"a/b", "c"}) != action({"a", "b/c"}));
}

TEST_CASE("the query of what is superseded") {
  CHECK(superseded_query({"t", "g\"1\""}, {3, 2, 99}) ==
        R"({"query":{"bool":{"filter":[{"term":{"topic":"t"}},{"term":{"group":"g\"1\""}},{"term":{"partition":3}},)"
        R"({"range":{"epoch":{"lt":2}}},{"range":{"offset":{"gte":99}}}]}}})");
}

TEST_CASE("the outcomes of items") {
  const auto one = [](const std::string& status_and_error) {
    const auto outcomes = read_bulk_answer(R"({"items":[{"index":{"status":)" + status_and_error + "}}]}", 1);
    REQUIRE(outcomes);
    return outcomes->front();
  };
  CHECK(one("200").kind == Kind::written);
  CHECK(one("201").kind == Kind::written);
  CHECK(one(R"(409,"error":{"type":"version_conflict_engine_exception","reason":"x"})").kind == Kind::superseded);
  const ItemOutcome refused = one(
      R"(400,"error":{"type":"mapper_parsing_exception","reason":"failed","caused_by":{"type":"t","reason":"For \"x\"\n"}})");
  CHECK(refused.kind == Kind::refused);
  CHECK(refused.message == "mapper_parsing_exception: failed: For \"x\" ");
  CHECK(one(R"(400,"error":{"type":"strict_dynamic_mapping_exception","reason":"x"})").kind == Kind::refused);
  // Of the index, not of the document.
  for (const char* type : {"index_closed_exception", "validation_exception", "invalid_index_name_exception"}) {
    CHECK(one(R"(400,"error":{"type":")" + std::string(type) + R"(","reason":"x"})").kind == Kind::again);
  }
  CHECK(one(R"(400,"error":{"type":"illegal_argument_exception","reason":"no write index is defined for alias [a]"})")
            .kind == Kind::again);
  CHECK(one(R"(400,"error":{"type":"illegal_argument_exception","reason":"immense term"})").kind == Kind::refused);
  for (const char* status : {"401", "403", "404", "429", "500", "503"}) {
    CHECK(one(std::string(status) + R"(,"error":{"type":"t","reason":"r"})").kind == Kind::again);
  }
}

TEST_CASE("an answer to _bulk that is not whole") {
  CHECK(read_bulk_answer(R"({"items":[{"index":{"status":201}},{"index":{"status":201}}]})", 2));
  CHECK_FALSE(read_bulk_answer(R"({"items":[{"index":{"status":201}},{"index":{"status":201}}]})", 1));
  const std::string answer =
      GENERATE("", "{", "[]", "null", R"({"errors":false})", R"({"items":{}})", R"({"items":[]})",
               R"({"items":[{},{}]})", R"({"items":[{"index":{"status":201}},{"index":{"status":201}}])",
               R"({"items":[{"index":{"status":201}},{"index":{"status":"201"}}]})",
               R"({"items":[{"index":{"status":201}},{"index":{"status":302}}]})",
               R"({"items":[{"index":{"status":201}},{"create":{"status":201}}]})", "<html></html>");
  CHECK_FALSE(read_bulk_answer(answer, 2));
  // Nesting costs no stack.
  CHECK_FALSE(read_bulk_answer(R"({"items":)" + std::string(10'000'000, '['), 2));
}

TEST_CASE("what is wrong, and what to do") {
  const auto blocked = [](const std::string& by) {
    return explain(403, {"cluster_block_exception", "index [s] blocked by: [" + by + "];"});
  };
  CHECK(blocked("FORBIDDEN/8/index write (api)") ==
        "cluster_block_exception: index [s] blocked by: [FORBIDDEN/8/index write (api)]; (status 403); to mend it, set "
        "index.blocks.write to null");
  CHECK(blocked("FORBIDDEN/5/x").ends_with("set index.blocks.read_only to null"));
  CHECK(blocked("TOO_MANY_REQUESTS/12/x")
            .ends_with("free disk space and set index.blocks.read_only_allow_delete to null"));
  CHECK(blocked("SERVICE_UNAVAILABLE/1/state not recovered").ends_with("(status 403)"));
  CHECK(explain(404, {"index_not_found_exception", "no such index [s]"}).ends_with("; --sink-init creates it"));
  CHECK(explain(403, {"security_exception", "action [x] is unauthorized"}).ends_with("that right"));
  // The same line each time.
  CHECK(explain(429, {"es_rejected_execution_exception", "rejected 7"}) ==
        explain(429, {"es_rejected_execution_exception", "8"}));
  CHECK(explain_foreign(502, "text/html", "<h1>\n\xc3\xa9</h1>") ==
        "does not answer as a search engine does: status 502, text/html, \"<h1> </h1>\"");
}

TEST_CASE("errors in answers") {
  CHECK(read_error(R"({"error":{"type":"t","reason":"r"},"status":400})") == ServerError{"t", "r"});
  CHECK(read_error(R"({"error":"no handler"})") == ServerError{"", "no handler"});
  CHECK(read_error(R"({"took":1,"failures":[{"index":"s","cause":{"type":"t","reason":"r"},"status":403}]})") ==
        ServerError{"t", "r"});
  CHECK_FALSE(read_error(R"({"error":)"));
  CHECK_FALSE(read_error(R"({"error":7})"));
  CHECK_FALSE(read_error("<html>"));
}

TEST_CASE("how many rows were deleted") {
  const auto answer = [](const std::string& more) {
    return read_deleted(R"({"timed_out":false,"total":7,"deleted":7,"version_conflicts":0,"failures":[])" + more + "}");
  };
  CHECK(answer("").value() == 7);
  CHECK_FALSE(read_deleted(R"({"timed_out":true,"total":7,"version_conflicts":0,"failures":[]})"));
  CHECK_FALSE(read_deleted(R"({"timed_out":false,"total":7,"version_conflicts":1,"failures":[]})"));
  CHECK_FALSE(read_deleted(R"({"timed_out":false,"total":7,"version_conflicts":0,"failures":[{}]})"));
  CHECK_FALSE(read_deleted("{}"));
  CHECK(read_refreshed(R"({"_shards":{"total":2,"successful":1,"failed":0}})"));
  CHECK_FALSE(read_refreshed(R"({"_shards":{"total":2,"successful":1,"failed":1}})"));
  CHECK_FALSE(read_refreshed("{}"));
}

TEST_CASE("an index that fits its template, and ones that do not") {
  SearchAddress address;
  address.prefix = "shop";
  const IndexTemplate wanted = index_templates(address)[0];
  CHECK(wanted.index == "shop-sessions");
  CHECK(wanted.body.find(R"("index_patterns": ["shop-sessions"])") != std::string::npos);
  CHECK(schema_version(wanted) == 1);
  // What the template says is what its index has.
  const auto inner = wanted.body.find("\"template\":");
  const std::string body = wanted.body.substr(inner + 11, wanted.body.rfind('}') - inner - 11);
  CHECK(check_index(R"({"shop-sessions-1":)" + body + "}", wanted));
  const auto changed = [&](const std::string& what, const std::string& into) {
    std::string other = body;
    other.replace(other.find(what), what.size(), into);
    return check_index(R"({"shop-sessions":)" + other + "}", wanted);
  };
  CHECK(changed("\"clickstream_schema\": 1,", ""));
  CHECK(changed("\"clickstream_schema\": 1", "\"clickstream_schema\": 2").error() ==
        "its schema has version 2, and not 1");
  CHECK(changed("\"clickstream_schema\": 1", "\"clickstream_schema\": \"1\"").error() ==
        "its schema has version ?, and not 1");
  CHECK(changed("\"date_nanos\"", "\"date\"").error() == "its mapping has no start of the right type");
  CHECK(changed("\"entry_page\"", "\"page\"").error() == "its mapping has no entry_page of the right type");
  CHECK_FALSE(check_index("{}", wanted));
  CHECK_FALSE(check_index("<html>", wanted));
  CHECK_FALSE(check_index(R"({"a":)" + body + R"(,"b":)" + body + "}", wanted));
  CHECK(check_index(R"({"a":{"settings":{"index":{"translog":{"durability":"async"}}},)" +
                        body.substr(body.find('{') + 1) + "}",
                    wanted)
            .error()
            .find("durability") != std::string::npos);
}
