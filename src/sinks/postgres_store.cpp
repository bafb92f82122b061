#include "sinks/postgres_store.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "sinks/postgres/connection.h"
#include "sinks/postgres/embedded.h"
#include "sinks/postgres/statements.h"

namespace clickstream::sinks {
namespace {

using namespace std::chrono_literals;
using postgres::Answer;
using postgres::Connection;
using postgres::Patience;
using postgres::Target;
using postgres::Trouble;
using Clock = std::chrono::steady_clock;

constexpr auto kConnectDeadline = 10s;
constexpr auto kCallDeadline = 50s;
// Of the schema, as in schema.sql.
constexpr std::string_view kVersion = "1";

// The server itself ends what takes too long, so that nothing of an abandoned connection goes on for ever. The role's own
// time-out stays where it is shorter.
constexpr const char* kBegin = R"(
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT set_config('statement_timeout', '40s', true)
  WHERE current_setting('statement_timeout')::interval NOT BETWEEN '1 millisecond' AND '40 seconds')";

constexpr const char* kMissing = R"(
SELECT name FROM unnest('{schema_version,sources,sessions,windows,window_totals,window_pages}'::text[]) AS name
  WHERE to_regclass('clickstream.' || name) IS NULL)";

class PostgresStore : public RowStore {
 public:
  PostgresStore(Target target, RowSource source) : target_(std::move(target)), source_(std::move(source)) {}

  /// Makes a connection, which is of no use before prepare().
  Expected<void, Trouble> dial(const Patience& patience);
  /// Creates what is missing.
  Expected<void, Trouble> init(const Patience& patience, const Log& log);
  /// Looks at the version of the tables, and for the number of our source.
  Expected<void, Trouble> prepare(const Patience& patience);
  /// Writes and supersedes nothing, by the statements that will do so later.
  Expected<void, Trouble> rehearse(const Patience& patience);

  Expected<Written, StoreFailure> write(const Rows& rows, const Stopping& given_up) override;
  Expected<void, StoreFailure> supersede(const RowPlace& from, const Stopping& given_up) override;

 private:
  Expected<void, Trouble> connect(const Patience& patience);
  Expected<void, Trouble> check_version(const Patience& patience);
  Expected<void, Trouble> find_source(const Patience& patience);
  Expected<Written, Trouble> put(const Rows& rows, const Patience& patience);
  Expected<std::size_t, Trouble> take_out(const char* sql, const RowPlace& from, const Patience& patience);

  StoreFailure failed(const Trouble& trouble);

  Target target_;
  RowSource source_;
  std::unique_ptr<Connection> connection_;  // none: after a failure
  std::int64_t source_id_ = 0;              // as the database of this connection has it
};

Patience patience_for(Clock::duration time, const Stopping& given_up) { return {Clock::now() + time, given_up}; }

Expected<void, Trouble> PostgresStore::dial(const Patience& patience) {
  const auto deadline = std::min(patience.deadline, Clock::now() + kConnectDeadline);
  auto connected = Connection::connect(target_, {deadline, patience.given_up});
  if (!connected) return unexpected(connected.error());
  connection_ = std::move(*connected);
  return {};
}

Expected<void, Trouble> PostgresStore::prepare(const Patience& patience) {
  if (auto checked = check_version(patience); !checked) return checked;
  return find_source(patience);
}

Expected<void, Trouble> PostgresStore::connect(const Patience& patience) {
  if (connection_ && connection_->alive()) return {};
  connection_.reset();
  if (auto dialled = dial(patience); !dialled) return dialled;
  return prepare(patience);  // again: it may be another database by now
}

Expected<void, Trouble> PostgresStore::init(const Patience& patience, const Log& log) {
  const auto missing = connection_->run(kMissing, patience);
  if (!missing) return unexpected(missing.error());
  // Where all is there nothing is asked for that only its owner may do.
  if (!missing->has_row) return {};
  const std::string sql(postgres::schema_sql());
  if (const auto done = connection_->run(sql.c_str(), patience); !done) return unexpected(done.error());
  log(LogLevel::info, fmt::format("PostgreSQL at {}: created the tables of the schema clickstream", target_.name));
  return {};
}

Expected<void, Trouble> PostgresStore::check_version(const Patience& patience) {
  const auto version = connection_->run("SELECT version FROM clickstream.schema_version", patience);
  if (!version) return unexpected(version.error());
  if (version->value == kVersion) return {};
  return unexpected(Trouble{
      "",
      fmt::format(
          "the tables of the schema clickstream are of version {}, this program's are of version {}: rename that "
          "schema and start once with --sink-init, or use the program of that version",
          version->value.empty() ? "none" : version->value, kVersion),
      "", false});
}

Expected<void, Trouble> PostgresStore::find_source(const Patience& patience) {
  postgres::Parameters names;
  names.add(std::string_view(source_.topic)).add(std::string_view(source_.group));
  constexpr const char* kFind = "SELECT id FROM clickstream.sources WHERE topic = $1 AND consumer_group = $2";
  constexpr const char* kAdd =
      "INSERT INTO clickstream.sources (topic, consumer_group) VALUES ($1, $2) ON CONFLICT DO NOTHING";
  auto found = connection_->run(kFind, patience, names);
  if (found && !found->has_row) {
    if (const auto added = connection_->run(kAdd, patience, names); !added) return unexpected(added.error());
    found = connection_->run(kFind, patience, names);
  }
  if (!found) return unexpected(found.error());
  source_id_ = std::strtoll(found->value.c_str(), nullptr, 10);
  return {};
}

Expected<void, Trouble> PostgresStore::rehearse(const Patience& patience) {
  if (auto begun = connection_->run(kBegin, patience); !begun) return unexpected(begun.error());
  const postgres::Upsert sessions = postgres::upsert(std::vector<SessionRow>{}, source_id_);
  const postgres::Upsert windows = postgres::upsert(std::vector<WindowRow>{}, source_id_);
  for (const postgres::Upsert* one : {&sessions, &windows})
    if (auto done = connection_->run(one->sql, patience, one->parameters); !done) return unexpected(done.error());
  const RowPlace nowhere{-1, 0, 0};
  for (const char* sql : {postgres::kDeleteSessions, postgres::kDeleteWindows})
    if (auto done = take_out(sql, nowhere, patience); !done) return unexpected(done.error());
  if (auto done = connection_->run("COMMIT", patience); !done) return unexpected(done.error());
  return {};
}

Expected<Written, Trouble> PostgresStore::put(const Rows& rows, const Patience& patience) {
  Written written;
  const auto put_some = [&](const auto& some) -> Expected<void, Trouble> {
    if (some.empty()) return {};
    const postgres::Upsert upsert = postgres::upsert(some, source_id_);
    const auto answer = connection_->run(upsert.sql, patience, upsert.parameters);
    if (!answer) return unexpected(answer.error());
    written.written += answer->rows + upsert.same;
    written.superseded += upsert.rows - answer->rows + upsert.superseded;
    return {};
  };
  if (auto begun = connection_->run(kBegin, patience); !begun) return unexpected(begun.error());
  if (auto done = put_some(rows.sessions); !done) return unexpected(done.error());
  if (auto done = put_some(rows.windows); !done) return unexpected(done.error());
  if (auto done = connection_->run("COMMIT", patience); !done) return unexpected(done.error());
  return written;
}

StoreFailure PostgresStore::failed(const Trouble& trouble) {
  connection_.reset();
  return {StoreFailure::Kind::again, message(trouble, target_.name)};
}

Expected<Written, StoreFailure> PostgresStore::write(const Rows& rows, const Stopping& given_up) {
  const Patience patience = patience_for(kCallDeadline, given_up);
  if (auto connected = connect(patience); !connected) return unexpected(failed(connected.error()));
  const auto written = put(rows, patience);
  if (written) return *written;

  StoreFailure failure = failed(written.error());
  const bool too_many = rows.size() > 1 && is_time_out(written.error());
  if (too_many || is_about_rows(written.error())) failure.kind = StoreFailure::Kind::smaller;
  return unexpected(failure);
}

Expected<std::size_t, Trouble> PostgresStore::take_out(const char* sql, const RowPlace& from,
                                                       const Patience& patience) {
  postgres::Parameters parameters;
  parameters.add(source_id_).add(std::int64_t{from.partition}).add(std::int64_t{from.epoch}).add(from.offset);
  const auto answer = connection_->run(sql, patience, parameters);
  if (!answer) return unexpected(answer.error());
  return answer->rows;
}

Expected<void, StoreFailure> PostgresStore::supersede(const RowPlace& from, const Stopping& given_up) {
  const Patience patience = patience_for(kCallDeadline, given_up);
  if (auto connected = connect(patience); !connected) return unexpected(failed(connected.error()));
  for (const char* sql : {postgres::kDeleteSessions, postgres::kDeleteWindows}) {
    for (std::size_t rows = 1; rows > 0;) {
      // What is taken out stays so, should the time be up before the end.
      if (auto begun = connection_->run(kBegin, patience); !begun) return unexpected(failed(begun.error()));
      const auto taken = take_out(sql, from, patience);
      if (!taken) return unexpected(failed(taken.error()));
      if (auto done = connection_->run("COMMIT", patience); !done) return unexpected(failed(done.error()));
      rows = *taken;
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<RowStore>> open_postgres(const PostgresOptions& options, const Stopping& stopping,
                                                const Log& log) {
  auto target = postgres::target_of(options.url);
  if (!target) return unexpected(target.error());
  const std::string name = target->name;
  auto store = std::make_unique<PostgresStore>(std::move(*target), options.source);
  // Creating the tables may have to wait for another one that does so.
  const Patience patience = patience_for(options.init ? kCallDeadline : kConnectDeadline, stopping);
  auto ready = store->dial(patience);
  if (ready && options.init) ready = store->init(patience, log);
  if (ready) ready = store->prepare(patience);
  if (ready) ready = store->rehearse(patience);
  if (!ready) return fail(exit_code(ready.error()), message(ready.error(), name));
  return store;
}

}  // namespace clickstream::sinks
