#include "sinks/search_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <unordered_map>
#include <utility>

#include "sinks/search/answer.h"
#include "sinks/search/bulk_request.h"
#include "sinks/search/http_session.h"
#include "sinks/search/schema.h"

namespace clickstream::sinks {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;
using Kind = StoreFailure::Kind;

constexpr std::size_t kLargestRequest = 5'000'000;  // bytes
constexpr seconds kCallTime{50};
constexpr seconds kAnswerTime{9};     // of the first answers, and of a question
constexpr seconds kCreationTime{15};  // of an index or a template
// The server gives up waiting for a shard before we give up waiting for the server, and then says so.
constexpr std::string_view kServerTime = "timeout=20s";

milliseconds left(Clock::time_point deadline) {
  return std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
}

auto again(std::string message) { return unexpected(StoreFailure{Kind::again, std::move(message)}); }

class SearchStore : public RowStore {
 public:
  SearchStore(const HttpOptions& http, SearchAddress address, RowSource source)
      : address_(std::move(address)),
        source_(std::move(source)),
        items_(source_, address_.sessions(), address_.windows()),
        session_(http) {}

  Expected<Written, StoreFailure> write(const Rows& rows, const Stopping& given_up) override;
  Expected<void, StoreFailure> supersede(const RowPlace& from, const Stopping& given_up) override;

  Result<void> init(const Stopping& stopping);
  Result<void> check(const Stopping& stopping);

 private:
  // A row that an earlier call settled, before it failed; by its action.
  using Settled = std::unordered_map<std::string, ItemOutcome>;

  std::string about(std::string_view what) const { return fmt::format("search engine {}: {}", address_.name, what); }
  /// What an answer with another status than expected says.
  std::string explain(const HttpAnswer& answer) const {
    const auto error = read_error(answer.body);
    return about(error ? sinks::explain(answer.status, *error)
                       : explain_foreign(answer.status, answer.type, answer.body));
  }
  Failure failure(const HttpAnswer& answer) const;
  Result<HttpAnswer> ask(const HttpRequest& request, seconds time, const Stopping& stopping);

  Expected<std::vector<ItemOutcome>, StoreFailure> send(const std::string& body, std::size_t count,
                                                        Clock::time_point deadline, const Stopping& given_up);
  Expected<HttpAnswer, StoreFailure> post(const std::string& path, const std::string& body, Clock::time_point deadline,
                                          const Stopping& given_up);

  SearchAddress address_;
  RowSource source_;
  BulkItems items_;
  HttpSession session_;
  Settled settled_;
  std::size_t largest_request_ = kLargestRequest;  // less, once the server has refused one for its size
};

// --- Writing

/// `items`, in the order of the rows.
std::vector<BulkItem> items_of(const Rows& rows, const BulkItems& items) {
  std::vector<BulkItem> all;
  all.reserve(rows.size());
  for (const SessionRow& row : rows.sessions) all.push_back(items.of(row));
  for (const WindowRow& row : rows.windows) all.push_back(items.of(row));
  return all;
}

void add(Written& written, BulkItem& item, const ItemOutcome& outcome) {
  switch (outcome.kind) {
    case ItemOutcome::Kind::written:
      ++written.written;
      break;
    case ItemOutcome::Kind::superseded:
      ++written.superseded;
      break;
    case ItemOutcome::Kind::refused:
      written.refused.push_back({item.place, std::move(item.document), outcome.message});
      break;
    case ItemOutcome::Kind::again:
      break;
  }
}

Expected<Written, StoreFailure> SearchStore::write(const Rows& rows, const Stopping& given_up) {
  const auto deadline = Clock::now() + kCallTime;
  std::vector<BulkItem> items = items_of(rows, items_);
  std::string body;
  for (std::size_t next = 0; next < items.size();) {
    body.clear();
    std::vector<std::size_t> sent;
    for (; next < items.size(); ++next) {
      const BulkItem& item = items[next];
      if (settled_.contains(item.action)) continue;
      if (!sent.empty() && body.size() + item.size() > largest_request_) break;
      body.append(item.action).append("\n").append(item.document).append("\n");
      sent.push_back(next);
    }
    if (sent.empty()) break;
    auto outcomes = send(body, sent.size(), deadline, given_up);
    if (!outcomes) return unexpected(std::move(outcomes.error()));
    const ItemOutcome* refusal = nullptr;
    for (std::size_t i = 0; i < sent.size(); ++i) {
      ItemOutcome& outcome = (*outcomes)[i];
      if (outcome.kind == ItemOutcome::Kind::again) {
        refusal = &outcome;
      } else {
        settled_.insert_or_assign(items[sent[i]].action, std::move(outcome));
      }
    }
    if (refusal != nullptr) return again(about(refusal->message));
  }
  Written written;
  for (BulkItem& item : items) add(written, item, settled_.at(item.action));
  settled_.clear();
  return written;
}

/// One request. A failure of `smaller` is about one of more than one item.
Expected<std::vector<ItemOutcome>, StoreFailure> SearchStore::send(const std::string& body, std::size_t count,
                                                                   Clock::time_point deadline,
                                                                   const Stopping& given_up) {
  const std::string path = fmt::format(
      "/_bulk?{}&filter_path=items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by",
      kServerTime);
  auto answer = session_.send({"POST", path, body, true}, left(deadline), given_up);
  if (!answer) return again(std::move(answer.error().message));
  if (answer->status == 200) {
    auto outcomes = read_bulk_answer(answer->body, count);
    if (outcomes) return std::move(*outcomes);
    if (const auto error = read_error(answer->body); error || answer->type.find("json") == std::string::npos) {
      return again(explain(*answer));
    }
    return again(about(outcomes.error()));
  }
  const auto error = read_error(answer->body);
  const bool too_large = answer->status == 413;
  // A proxy's own 400 says nothing of the rows.
  const bool unreadable = answer->status == 400 && error && !error->type.empty();
  if (!too_large && !unreadable) return again(explain(*answer));
  const std::string why =
      too_large ? "takes no request of that size (status 413): raise http.max_content_length, or the proxy's limit"
                : sinks::explain(answer->status, *error);
  if (count == 1) return std::vector<ItemOutcome>{{ItemOutcome::Kind::refused, why}};
  if (too_large) largest_request_ = std::max<std::size_t>(body.size() / 2, 1);
  return unexpected(StoreFailure{Kind::smaller, about(why)});
}

Expected<HttpAnswer, StoreFailure> SearchStore::post(const std::string& path, const std::string& body,
                                                     Clock::time_point deadline, const Stopping& given_up) {
  auto answer = session_.send({"POST", path, body}, left(deadline), given_up);
  if (!answer) return again(std::move(answer.error().message));
  if (answer->status != 200) return again(explain(*answer));
  return std::move(*answer);
}

Expected<void, StoreFailure> SearchStore::supersede(const RowPlace& from, const Stopping& given_up) {
  constexpr std::uint64_t kAtOnce = 20'000;
  const auto deadline = Clock::now() + kCallTime;
  settled_.clear();
  const std::string both = fmt::format("/{},{}", address_.sessions(), address_.windows());
  // A query finds only what is refreshed; and each one, what the one before has left.
  const auto refreshed = post(both + "/_refresh?ignore_unavailable=true", "", deadline, given_up);
  if (!refreshed) return unexpected(refreshed.error());
  if (const auto read = read_refreshed(refreshed->body); !read) return again(about(read.error()));
  const std::string path =
      fmt::format("{}/_delete_by_query?ignore_unavailable=true&conflicts=proceed&refresh=true&max_docs={}&{}", both,
                  kAtOnce, kServerTime);
  const std::string query = superseded_query(source_, from);
  while (true) {
    const auto answer = post(path, query, deadline, given_up);
    if (!answer) return unexpected(answer.error());
    const auto found = read_deleted(answer->body);
    if (!found) return again(about(found.error()));
    if (*found < kAtOnce) return {};
  }
}

// --- Opening

Failure SearchStore::failure(const HttpAnswer& answer) const {
  const bool refused = answer.status == 401 || answer.status == 403;
  const bool away = answer.status == 429 || answer.status >= 500 || !read_error(answer.body);
  return {refused || away ? Exit::unreachable : Exit::failed, explain(answer)};
}

Result<HttpAnswer> SearchStore::ask(const HttpRequest& request, seconds time, const Stopping& stopping) {
  auto answer = session_.send(request, time, stopping);
  if (!answer) return fail(Exit::unreachable, std::move(answer.error().message));
  return std::move(*answer);
}

Result<void> SearchStore::init(const Stopping& stopping) {
  for (const IndexTemplate& wanted : index_templates(address_)) {
    const std::string path = "/_index_template/" + wanted.index;
    const auto stored = ask({"GET", path}, kAnswerTime, stopping);
    if (!stored) return unexpected(stored.error());
    if (stored->status == 200) {
      const auto version = template_version(stored->body);
      if (version && *version > schema_version(wanted)) {
        return fail(Exit::failed,
                    about(fmt::format("the index template {} has version {}, newer than this program's {}",
                                      wanted.index, *version, schema_version(wanted))));
      }
    } else if (stored->status != 404) {
      return unexpected(failure(*stored));
    }
    const auto put = ask({"PUT", path, wanted.body}, kCreationTime, stopping);
    if (!put) return unexpected(put.error());
    if (put->status != 200) return unexpected(failure(*put));
    const auto created = ask({"PUT", "/" + wanted.index, "{}"}, kCreationTime, stopping);
    if (!created) return unexpected(created.error());
    if (created->status == 200) continue;
    const auto error = read_error(created->body);
    const bool there = error && (error->type == "resource_already_exists_exception" ||
                                 error->type == "invalid_index_name_exception");  // as an alias
    if (!there) return unexpected(failure(*created));
  }
  return {};
}

Result<void> SearchStore::check(const Stopping& stopping) {
  for (const IndexTemplate& wanted : index_templates(address_)) {
    const auto index = ask({"GET", "/" + wanted.index}, kAnswerTime, stopping);
    if (!index) return unexpected(index.error());
    if (index->status == 200) {
      if (index->type.find("json") == std::string::npos) return unexpected(failure(*index));
      const auto fits = check_index(index->body, wanted);
      if (fits) continue;
      return fail(Exit::failed,
                  about(fmt::format("the index {} cannot be used: {}; or name another prefix in the URL, and "
                                    "create its indices with --sink-init",
                                    wanted.index, fits.error())));
    }
    const auto error = read_error(index->body);
    if (index->status != 404 || !error) return unexpected(failure(*index));
    // It will be created by the first write, as its template says.
    const auto stored = ask({"GET", "/_index_template/" + wanted.index}, kAnswerTime, stopping);
    if (!stored) return unexpected(stored.error());
    if (stored->status != 200 && stored->status != 404) return unexpected(failure(*stored));
    const auto version = template_version(stored->body);
    if (stored->status == 404 || !version) {
      return fail(Exit::failed, about(fmt::format("there is no index {}; create it with --sink-init", wanted.index)));
    }
    if (*version != schema_version(wanted)) {
      return fail(Exit::failed,
                  about(fmt::format("the index template {} has version {}, and not {}; --sink-init puts the "
                                    "one that this program needs",
                                    wanted.index, *version, schema_version(wanted))));
    }
  }
  return {};
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

Result<std::unique_ptr<RowStore>> open_search(const SearchOptions& options, const Stopping& stopping, const Log& log) {
  auto address = parse_search_url(options.url);
  if (!address) return unexpected(address.error());
  HttpOptions http{
      address->base, address->name, address->user, address->password, {}, environment("CLICKSTREAM_SINK_CA")};
  if (http.user.empty()) {
    http.api_key = environment("CLICKSTREAM_SINK_API_KEY");
    http.user = environment("CLICKSTREAM_SINK_USER");
  }
  // Never to a server that nobody has named a user for.
  if (http.password.empty() && !http.user.empty()) http.password = environment("CLICKSTREAM_SINK_PASSWORD");
  if (http.ca_file.empty()) http.ca_file = environment("SSL_CERT_FILE");
  if (std::any_of(http.api_key.begin(), http.api_key.end(), [](char c) { return c <= ' ' || c > '~'; })) {
    return fail(Exit::usage, "CLICKSTREAM_SINK_API_KEY is no API key: it has bytes that none has");
  }
  if (!address->encrypted() && !address->local && (!http.api_key.empty() || !http.password.empty())) {
    log(LogLevel::warn,
        fmt::format("the password for {} goes over the network as it is; elasticsearch+https:// hides it",
                    address->name));
  }
  auto store = std::make_unique<SearchStore>(http, std::move(*address), options.source);
  if (options.init) {
    if (auto done = store->init(stopping); !done) return unexpected(done.error());
  }
  if (auto checked = store->check(stopping); !checked) return unexpected(checked.error());
  return store;
}

}  // namespace clickstream::sinks
