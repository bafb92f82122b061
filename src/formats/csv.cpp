#include "formats/csv.h"

#include <algorithm>
#include <utility>

#include "clickstream/decimal.h"
#include "clickstream/utc.h"
#include "formats/text.h"

namespace clickstream::formats {
namespace {

constexpr bool is_needed(Field field) { return field == kUserId || field == kPage || field == kTimestamp; }

std::string with_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

char delimiter_of(std::string_view header) {
  char best = ',';
  std::ptrdiff_t most = 0;
  for (const char candidate : {',', ';', '\t'}) {
    std::ptrdiff_t count = 0;
    bool in_quotes = false;
    for (const char c : header) {
      if (c == '"') in_quotes = !in_quotes;
      if (c == candidate && !in_quotes) ++count;
    }
    if (count > most) {
      most = count;
      best = candidate;
    }
  }
  return best;
}

// The names of the columns for a person, who need not see a thousand.
std::string list_of(const CsvRecord& header) {
  constexpr std::size_t kEnough = 200;
  std::string list;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string name = with_quotes(header.field(i));
    if (list.size() + name.size() > kEnough) return list + (list.empty() ? "…" : ", …");
    list += (list.empty() ? "" : ", ") + name;
  }
  std::string copy;
  return std::string(valid_utf8(list, copy));
}

}  // namespace

Expected<CsvColumns, std::string> csv_columns(const std::vector<std::pair<std::string, std::string>>& pairs) {
  CsvColumns columns;
  for (const auto& [name, column] : pairs) {
    const Field field = field_of(name);
    if (field == kFields) {
      std::string all;
      for (const std::string_view known : kFieldNames) all.append(all.empty() ? "" : ", ").append(known);
      return unexpected("an event has no field " + with_quotes(name) + ", but " + all);
    }
    if (columns[field]) return unexpected(name + " is mapped twice");
    if (column.empty()) return unexpected(name + " is mapped to no column");
    columns[field] = column;
  }
  return columns;
}

void Csv::take(std::string_view line, Place place) {
  if (failure_) return;
  ++tally_.lines;
  if (open_) {
    ++open_->lines;
    open_->text.append(1, '\n').append(line);
    const auto state = record_.take(line, delimiter_);
    if (state != CsvRecord::State::open || open_->text.size() > kMaxOpen) {
      const Open record = std::move(*std::exchange(open_, std::nullopt));
      record_.abandon();
      tally_.empty += record.lines - 1;
      end_record(state, record.text, record.place);
    }
    return;
  }
  const std::string_view content = without_mark(line, place);
  if (is_blank(content)) {
    ++tally_.empty;
    return;
  }
  if (!layout_) delimiter_ = delimiter_of(content);
  const auto state = record_.take(content, delimiter_);
  if (state == CsvRecord::State::open && line.size() <= kMaxOpen) {
    open_ = Open{place, 1, std::string(line)};
    return;
  }
  record_.abandon();
  end_record(state, line, place);
}

void Csv::end_of_file() {
  if (failure_) return;
  if (open_) {
    const Open record = std::move(*std::exchange(open_, std::nullopt));
    record_.abandon();
    tally_.empty += record.lines - 1;
    end_record(CsvRecord::State::open, record.text, record.place);
  }
  layout_.reset();
}

bool Csv::next(Recorded& recorded) { return !failure_ && (ready_.pop(recorded) || visits_.next(recorded)); }

std::vector<Rejection> Csv::take_rejections() { return std::exchange(rejections_, {}); }

void Csv::end_record(CsvRecord::State state, std::string_view text, Place place) {
  if (!layout_) {
    ++tally_.empty;
    take_header(state);
    return;
  }
  switch (state) {
    case CsvRecord::State::complete:
      return take_event(text, place);
    case CsvRecord::State::open:
      return reject("unclosed_quote", text, place);
    case CsvRecord::State::bad_quote:
      return reject("bad_quote", text, place);
  }
}

void Csv::take_header(CsvRecord::State state) {
  if (state != CsvRecord::State::complete) {
    failure_ = "the header has a quote that is not closed as it should be";
    return;
  }
  Layout layout;
  layout.size = record_.size();
  for (std::size_t i = 0; i < kFields; ++i) {
    const std::string_view name = columns_[i] ? std::string_view(*columns_[i]) : kFieldNames[i];
    const std::string of_field = columns_[i] ? " for " + std::string(kFieldNames[i]) : "";
    for (std::size_t column = 0; column < record_.size(); ++column) {
      if (record_.field(column) != name) continue;
      if (layout.column[i]) {
        failure_ = "the header has the column " + with_quotes(name) + of_field + " twice";
        return;
      }
      layout.column[i] = column;
    }
    if (!layout.column[i] && (columns_[i] || is_needed(static_cast<Field>(i)))) {
      failure_ = "the header lacks the column " + with_quotes(name) + of_field + "; it has " + list_of(record_);
      return;
    }
  }
  layout_ = layout;
}

void Csv::take_event(std::string_view text, Place place) {
  if (record_.size() != layout_->size) return reject("wrong_number_of_fields", text, place);
  const auto string = [this](Field field, std::string_view otherwise) {
    const std::string_view given = this->field(field);
    return FieldValue{FieldKind::string, false, given.empty() ? otherwise : valid_utf8(given, made_[field])};
  };
  const bool has_session = layout_->column[kSessionId].has_value();
  const LineId id(text, place);
  FieldValues values;
  values[kEventId] = string(kEventId, id);
  values[kUserId] = id_value(kUserId);
  values[kSessionId] = has_session ? id_value(kSessionId) : FieldValue{FieldKind::number, false, "0"};
  values[kPage] = string(kPage, "");
  if (values[kPage].text.empty()) values[kPage].kind = FieldKind::absent;
  values[kAction] = string(kAction, "page_view");
  values[kDuration] = string(kDuration, "0");
  if (is_number(values[kDuration].text)) values[kDuration].kind = FieldKind::number;
  values[kTimestamp] = time_value(field(kTimestamp));

  const auto event = judge(values, latest_);
  if (!event) return reject(name(event.error()), text, place);
  ++tally_.events;
  if (has_session) {
    ready_.push().set(*event, {}, place);
  } else {
    visits_.add(*event, place, layout_->column[kDuration] ? Visits::Stay::as_given : Visits::Stay::until_next);
  }
}

void Csv::reject(std::string_view reason, std::string_view text, Place place) {
  ++tally_.rejected;
  rejections_.push_back({place, reason, std::string(text)});
}

// Empty where the table has no such column.
std::string_view Csv::field(Field field) const {
  const auto column = layout_->column[field];
  return column ? record_.field(*column) : std::string_view{};
}

// Digits that the number would not be written with (007, or too many) are a text.
FieldValue Csv::id_value(Field field) {
  const std::string_view text = this->field(field);
  if (text.empty()) return {};
  if (text.front() != '-' && is_number(text) && is_integer_literal(text) && parse_non_negative(text)) {
    return {FieldKind::number, false, text};
  }
  made_[field].clear();
  append_integer(value(user_of(text)), made_[field]);
  return {FieldKind::number, false, made_[field]};
}

FieldValue Csv::time_value(std::string_view text) {
  if (text.empty()) return {};
  if (is_number(text)) return {FieldKind::number, false, text};
  const auto moment = parse_iso_8601(text);
  if (!moment) return {FieldKind::string, false, text};
  made_[kTimestamp].clear();
  // All years before 1970 are out of range like this one.
  append_seconds(std::max(*moment, Timestamp{}).time_since_epoch().count(), made_[kTimestamp]);
  return {FieldKind::number, false, made_[kTimestamp]};
}

}  // namespace clickstream::formats
