// The words of the whole program: identities and time.
//
// Time is integer microseconds everywhere inside: sums never depend on order, and nothing is lost in a double.
// Both types are standard, so that adding two moments does not compile and subtracting them gives a duration.
#pragma once

#include <chrono>
#include <cstdint>

namespace clickstream {

/// A span of time in microseconds.
using Duration = std::chrono::duration<std::int64_t, std::micro>;

/// A moment in microseconds since 1970-01-01 UTC.
using Timestamp = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// A visitor, 0 … 2^63−1.
enum class UserId : std::int64_t {};

/// A visit as the client numbers it, 0 … 2^63−1; unique only together with its user.
enum class SessionId : std::int64_t {};

constexpr std::int64_t value(UserId id) { return static_cast<std::int64_t>(id); }
constexpr std::int64_t value(SessionId id) { return static_cast<std::int64_t>(id); }

/// The moment `us` microseconds after the epoch.
constexpr Timestamp timestamp_from_micros(std::int64_t us) { return Timestamp{Duration{us}}; }

}  // namespace clickstream
