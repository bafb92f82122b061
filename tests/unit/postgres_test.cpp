// What of the PostgreSQL store needs no server; the rest: tests/integration/test_postgres_store.py.
#include <cstdlib>
#include <map>

#include "sinks/postgres/target.h"
#include "sinks/postgres/trouble.h"
#include "support/catch.h"

using namespace clickstream;
using namespace clickstream::sinks::postgres;

namespace {

std::map<std::string, std::string> options(const std::string& url) {
  // Nothing of this machine's.
  for (const char* name : {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGSSLROOTCERT"}) unsetenv(name);
  setenv("HOME", "/nowhere", 1);
  const auto target = target_of(url);
  REQUIRE(target);
  return {target->options.begin(), target->options.end()};
}

std::string sslmode(const std::string& url) {
  auto all = options(url);
  return all["sslmode"];
}

}  // namespace

TEST_CASE("TLS is verified unless someone says otherwise") {
  unsetenv("PGSSLMODE");
  for (const char* url :
       {"postgresql://db.example.com/d", "postgresql://10.1.2.3/d", "postgresql://[fd00::1]:5433/d",
        "postgresql://localhost,db.example.com/d", "postgresql:///d?host=db.example.com",
        "postgresql://localhost/d?hostaddr=10.1.2.3", "postgres://u:p@db.example.com/d?target_session_attrs=any"}) {
    INFO(url);
    CHECK(sslmode(url) == "verify-full");
    CHECK(options(url).contains("sslrootcert"));
  }
  for (const char* url :
       {"postgresql:///d", "postgresql://localhost/d", "postgresql://127.0.0.1:5433,[::1]/d",
        "postgresql:///d?host=/run/postgresql", "postgresql://db.example.com/d?hostaddr=127.0.0.1",
        "postgresql://db.example.com/d?sslmode=disable", "postgresql://db.example.com/d?sslmode=prefer",
        "postgresql://db.example.com/d?sslmode=require"}) {
    INFO(url);
    CHECK(sslmode(url).empty());
    CHECK_FALSE(options(url).contains("sslrootcert"));
  }
  CHECK(options("postgresql://db.example.com/d?sslmode=verify-ca")["sslrootcert"] ==
        "/etc/ssl/certs/ca-certificates.crt");
  CHECK_FALSE(options("postgresql://db.example.com/d?sslrootcert=/ca.pem").contains("sslrootcert"));
}

TEST_CASE("TLS as the environment says") {
  setenv("PGSSLMODE", "require", 1);
  CHECK(sslmode("postgresql://db.example.com/d").empty());
  setenv("PGSSLMODE", "prefer", 1);
  CHECK(sslmode("postgresql://db.example.com/d") == "verify-full");
  unsetenv("PGSSLMODE");
}

TEST_CASE("a server's name has neither user nor password") {
  const auto name = [](const char* url) { return target_of(url).value().name; };
  CHECK(name("postgresql://user:secret@db.example.com/d") == "db.example.com:5432");
  CHECK(name("postgresql://user:secret@[::1]:5433/d?password=secret") == "[::1]:5433");
  CHECK(name("postgresql://a:1,b:2/d") == "a,b:1,2");
  CHECK(name("postgresql:///d") == "the local socket:5432");
}

TEST_CASE("trouble with a connection, of several addresses") {
  const Trouble refused = trouble_in(
      "connection to server at \"::1\", port 5 failed: Connection refused\n\tIs the server running on that host?\n"
      "connection to server at \"127.0.0.1\", port 5 failed: Connection refused\n");
  CHECK(refused.text == "Connection refused");
  CHECK(refused.state.empty());
  const Trouble said = trouble_in(
      "connection to server at \"::1\", port 5 failed: Connection refused\n\tIs the server running on that host?\n"
      "connection to server at \"127.0.0.1\", port 5 failed: FATAL:  28P01: password authentication failed for user "
      "\"u\"\n"
      "LOCATION:  auth_failed, auth.c:326\n");
  CHECK(said.state == "28P01");
  CHECK(said.text == "password authentication failed for user \"u\"");
}

TEST_CASE("whose trouble it is") {
  CHECK(is_about_rows({"22021", "", "", false}));
  CHECK(is_about_rows({"23514", "", "sessions_events_check", false}));
  CHECK_FALSE(is_about_rows({"23514", "no partition of relation", "", false}));
  CHECK_FALSE(is_about_rows({"53100", "", "", false}));
  CHECK_FALSE(is_about_rows({"", "server closed the connection", "", false}));
}
