#include "sinks/postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <vector>

namespace clickstream::sinks::postgres {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kSlice = 100ms;

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using AnyResult = std::unique_ptr<PGresult, Clear>;

/// Waits until the socket is ready for one of `events`.
Expected<void, Trouble> wait(int socket, short events, const Patience& patience) {
  while (true) {
    if (patience.given_up()) return unexpected(Trouble{"", "given up", "", false});
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(patience.deadline - Clock::now());
    if (left <= 0ms) return unexpected(Trouble{"", "no answer in time", "", false});
    pollfd descriptor{socket, events, 0};
    if (poll(&descriptor, 1, static_cast<int>(std::min(left, kSlice).count())) > 0) return {};
  }
}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text != nullptr ? text : "";
}

Trouble trouble_of(const PGresult* result) {
  Trouble trouble;
  trouble.state = field(result, PG_DIAG_SQLSTATE);
  trouble.text = one_line(field(result, PG_DIAG_MESSAGE_PRIMARY));
  trouble.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
  return trouble;
}

Answer answer_of(const PGresult* result) {
  Answer answer;
  const int rows = PQntuples(result);
  answer.has_row = rows > 0;
  if (answer.has_row) answer.value = PQgetvalue(result, rows - 1, 0);
  answer.rows = std::strtoull(PQcmdTuples(const_cast<PGresult*>(result)), nullptr, 10);
  return answer;
}

}  // namespace

Expected<std::unique_ptr<Connection>, Trouble> Connection::connect(const Target& target, const Patience& patience) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  const auto add = [&](const char* name, const char* value) {
    names.push_back(name);
    values.push_back(value);
  };
  for (const auto& [name, value] : target.options) add(name.c_str(), value.c_str());
  add("dbname", target.url.c_str());
  add("client_encoding", "UTF8");
  add(nullptr, nullptr);
  Handle handle(PQconnectStartParams(names.data(), values.data(), 1));
  if (!handle) return unexpected(Trouble{"", "out of memory", "", true});
  PQsetErrorVerbosity(handle.get(), PQERRORS_VERBOSE);  // with the SQLSTATE, which there is no other way to get
  PQsetNoticeReceiver(
      handle.get(), [](void*, const PGresult*) {}, nullptr);

  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (PQstatus(handle.get()) != CONNECTION_BAD && status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
    const auto ready = wait(PQsocket(handle.get()), status == PGRES_POLLING_READING ? POLLIN : POLLOUT, patience);
    if (!ready) {
      Trouble trouble = ready.error();
      trouble.connecting = true;
      return unexpected(trouble);
    }
    status = PQconnectPoll(handle.get());
  }
  if (PQstatus(handle.get()) != CONNECTION_OK || PQsetnonblocking(handle.get(), 1) != 0) {
    Trouble trouble = trouble_in(PQerrorMessage(handle.get()));
    trouble.connecting = true;
    return unexpected(trouble);
  }
  return std::unique_ptr<Connection>(new Connection(std::move(handle)));
}

void Connection::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

bool Connection::alive() {
  // Its last words come before its end.
  pollfd descriptor{PQsocket(handle_.get()), POLLIN, 0};
  while (poll(&descriptor, 1, 0) > 0 && PQconsumeInput(handle_.get()) == 1) PQisBusy(handle_.get());
  return PQstatus(handle_.get()) == CONNECTION_OK;
}

Trouble Connection::lost() const { return trouble_in(PQerrorMessage(handle_.get())); }

Expected<Answer, Trouble> Connection::run(const char* sql, const Patience& patience, const Parameters& parameters) {
  PGconn* connection = handle_.get();
  const int sent = parameters.size() == 0
                       ? PQsendQuery(connection, sql)
                       : PQsendQueryParams(connection, sql, parameters.size(), parameters.types(), parameters.values(),
                                           parameters.lengths(), parameters.formats(), 0);
  if (sent == 0) return unexpected(lost());
  // The server may already speak, and has to be listened to, while we are still sending.
  for (int unsent = PQflush(connection); unsent != 0; unsent = PQflush(connection)) {
    if (unsent < 0) return unexpected(lost());
    if (const auto ready = wait(PQsocket(connection), POLLIN | POLLOUT, patience); !ready)
      return unexpected(ready.error());
    if (PQconsumeInput(connection) == 0) return unexpected(lost());
  }

  Expected<Answer, Trouble> answer;
  while (true) {
    while (PQisBusy(connection) != 0) {
      if (const auto ready = wait(PQsocket(connection), POLLIN, patience); !ready) return unexpected(ready.error());
      if (PQconsumeInput(connection) == 0) return unexpected(lost());
    }
    const AnyResult result(PQgetResult(connection));
    if (!result) return answer;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      if (answer) answer = unexpected(trouble_of(result.get()));
      if (answer.error().text.empty()) answer = unexpected(lost());
      if (PQstatus(connection) == CONNECTION_BAD) return answer;
    } else if (answer) {
      answer = answer_of(result.get());
    }
  }
}

}  // namespace clickstream::sinks::postgres
