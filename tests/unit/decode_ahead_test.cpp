// Decoding on two threads gives, record for record, what a decoder gives, however the threads share the work.
#include "cli/counting/decode_ahead.h"

#include <deque>
#include <random>
#include <string>

#include "clickstream/encode.h"
#include "support/catch.h"
#include "support/random_event.h"

namespace clickstream::cli {
namespace {

constexpr Timestamp kNow = timestamp_from_micros(4'102'444'700'000'000);

class Records {
 public:
  // Events of which many need unescaping, and now and then something that is none.
  const Record& next(std::mt19937_64& random) {
    std::string& payload = payloads_.emplace_back();
    if (random() % 10 == 0) {
      payload = "{}";
    } else {
      encode(events_.next(), payload);
    }
    Record record;
    record.time = kNow;
    record.payload = payload;
    return records_.emplace_back(record);
  }
  void clear() {
    records_.clear();
    payloads_.clear();
  }
  const std::vector<Record>& all() const { return records_; }

 private:
  RandomEvents events_{1};
  std::deque<std::string> payloads_;
  std::vector<Record> records_;
};

void check_same(const Decoded& found, const Decoded& expected) {
  REQUIRE(found.has_value() == expected.has_value());
  if (!found) {
    REQUIRE(found.error() == expected.error());
    return;
  }
  REQUIRE(found->event_id == expected->event_id);
  REQUIRE(found->page == expected->page);
  REQUIRE(found->action == expected->action);
  REQUIRE(found->user == expected->user);
  REQUIRE(found->session == expected->session);
  REQUIRE(found->duration == expected->duration);
  REQUIRE(found->timestamp == expected->timestamp);
}

TEST_CASE("A batch of any size is decoded as by one decoder, and stays until the next") {
  constexpr auto kPiece = Pieces::kRecords;
  std::mt19937_64 random(1);
  std::vector<std::size_t> sizes = {0, 1,         2, kPiece - 1, kPiece, kPiece + 1, 2 * kPiece, 0, 2 * kPiece + 1,
                                    1, 5 * kPiece};
  for (int i = 0; i < 50; ++i) sizes.push_back(random() % (6 * kPiece));
  EngineSet engines({});
  engines.assign(0);
  DecodeAhead decoding(std::chrono::hours{1}, engines);
  Decoder decoder;
  Records records;
  for (const std::size_t size : sizes) {
    INFO(size << " records");
    records.clear();
    while (records.all().size() < size) records.next(random);
    decoding.begin(records.all());
    std::vector<const Decoded*> found;
    for (std::size_t i = 0; i < size; ++i) {
      if (random() % 1000 == 0) std::this_thread::yield();
      found.push_back(&decoding.next());
    }
    for (std::size_t i = 0; i < size; ++i) {
      const Record& record = records.all()[i];
      check_same(*found[i], decoder.decode(record.payload, record.time));
    }
  }
  CHECK(engines.figures(0).metrics == Metrics{});  // it hears of the records, and counts none
}

}  // namespace
}  // namespace clickstream::cli
