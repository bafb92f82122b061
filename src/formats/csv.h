// A table of events: a header line that names the columns, then one event a record.
//
//   user_id, session_id   0 … 2^63−1 in digits as it is; any other text stands for a number (user_of())
//   page                  as it is, what is no UTF-8 replaced
//   timestamp             epoch seconds, as JSON has numbers, or ISO 8601 (without a zone: UTC)
//   duration              seconds, as JSON has numbers; none: 0
//   action                none: page_view
//   event_id              none: the line's (LineId)
//
// user_id, page and timestamp have to have a column. Without one for the session the events are cut into visits, and
// come in the order of time; without one for the duration as well, they last until the visitor's next one (Visits).
//
// Columns are parted by commas, semicolons or tabs, whichever the header has most of. Reasons of a rejection are those
// of the decoder and wrong_number_of_fields, bad_quote, unclosed_quote.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "clickstream/fields.h"
#include "formats/csv_record.h"
#include "formats/visits.h"

namespace clickstream::formats {

/// Of each field the column that somebody named; absent: the field's own name, where there is such a column.
using CsvColumns = std::array<std::optional<std::string>, kFields>;

/// The error is for a person.
Expected<CsvColumns, std::string> csv_columns(const std::vector<std::pair<std::string, std::string>>& pairs);

class Csv : public Recording {
 public:
  /// More than so many bytes without the quote that closes are no record.
  static constexpr std::size_t kMaxOpen = std::size_t{1} << 20;

  Csv(CsvColumns columns, Timestamp latest) : columns_(std::move(columns)), latest_(latest) {}

  void take(std::string_view line, Place place) override;
  void end_of_file() override;
  void finish() override { visits_.finish(); }
  bool next(Recorded& recorded) override;
  std::vector<Rejection> take_rejections() override;
  const Tally& tally() const override { return tally_; }
  std::optional<std::string> failure() const override { return failure_; }

 private:
  // The header's.
  struct Layout {
    std::size_t size = 0;
    std::array<std::optional<std::size_t>, kFields> column;
  };

  // Lines of a record that goes on.
  struct Open {
    Place place;
    std::uint64_t lines = 0;
    std::string text;
  };

  void end_record(CsvRecord::State state, std::string_view text, Place place);
  void take_header(CsvRecord::State state);
  void take_event(std::string_view text, Place place);
  void reject(std::string_view reason, std::string_view text, Place place);
  std::string_view field(Field field) const;
  FieldValue id_value(Field field);
  FieldValue time_value(std::string_view text);

  CsvColumns columns_;
  Timestamp latest_;
  std::optional<std::string> failure_;
  char delimiter_ = ',';
  std::optional<Layout> layout_;  // absent: a header is to come
  CsvRecord record_;
  std::optional<Open> open_;
  std::array<std::string, kFields> made_;  // the texts of values that are not the record's own
  Visits visits_;
  Ready ready_;
  std::vector<Rejection> rejections_;
  Tally tally_;
};

}  // namespace clickstream::formats
