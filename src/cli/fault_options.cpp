#include "cli/fault_options.h"

namespace clickstream::cli {
namespace {

constexpr Timestamp kFirstTimestamp{std::chrono::sys_days{std::chrono::year{2000} / 1 / 1}};

}  // namespace

OptionGroup fault_options() {
  return {"Faults (the truth is exact with them, too)",
          {{"duplicates", 0, "SHARE", "0", "so many events are sent again, as they were: 1% or 0.01"},
           {"disorder", 0, "DURATION", "0", "events are sent up to so much later than they happen"},
           {"late", 0, "SHARE", "0", "so many events are followed by one that is too late to count"},
           {"malformed", 0, "SHARE", "0", "so many events are followed by a record that is no event"},
           {"offline", 0, "SHARE", "0",
            "so many events begin a time offline, as long as --lateness, after which a visit sends all at once"}}};
}

Faults read_faults(Values& values, const SimulatorConfig& config) {
  Faults faults;
  faults.lateness = values.duration("lateness");
  faults.duplicates = values.share("duplicates");
  faults.disorder = values.duration("disorder");
  faults.late = values.share("late");
  faults.malformed = values.share("malformed");
  faults.offline = values.share("offline");
  if (faults.disorder > faults.lateness) {
    values.reject("disorder",
                  "longer than --lateness: some events would come too late to count, and the truth be wrong");
  }
  if (faults.offline > 0 && faults.lateness == Duration{0}) {
    values.reject("offline", "nobody is offline for a --lateness of 0");
  }
  if (faults.late > 0 && config.start - reach_of_late_events(config.gap, faults) < kFirstTimestamp) {
    values.reject("late",
                  "too early a --start: an event that is late by --gap and --lateness would lie before the year 2000");
  }
  return faults;
}

}  // namespace clickstream::cli
