// RFC 3339 times with exactly three decimals. Civil dates by Howard Hinnant's day-count formulas.

#include <cstdio>

#include "graph/model/record.h"

namespace tributary {
namespace {

constexpr std::uint64_t kMsPerDay = 86'400'000;

struct CivilDate {
  std::uint64_t year, month, day;
};

// Days since 1970-01-01 for a date of the proleptic Gregorian calendar, years 1970 and later.
std::uint64_t DaysFromCivil(CivilDate date) {
  const std::uint64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::uint64_t era = year / 400;
  const std::uint64_t year_of_era = year % 400;
  const std::uint64_t shifted_month = date.month > 2 ? date.month - 3 : date.month + 9;
  const std::uint64_t day_of_year = (153 * shifted_month + 2) / 5 + date.day - 1;
  const std::uint64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

CivilDate CivilFromDays(std::uint64_t days) {
  const std::uint64_t shifted = days + 719'468;
  const std::uint64_t era = shifted / 146'097;
  const std::uint64_t day_of_era = shifted % 146'097;
  const std::uint64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::uint64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::uint64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

// `count` digits at `at`; false if any is not a digit.
bool TakeDigits(std::string_view text, std::size_t at, std::size_t count, std::uint64_t* value) {
  *value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    *value = *value * 10 + static_cast<std::uint64_t>(text[i] - '0');
  }
  return true;
}

}  // namespace

std::string FormatTime(TimeMs time) {
  const CivilDate date = CivilFromDays(time.value / kMsPerDay);
  const std::uint64_t ms = time.value % kMsPerDay;
  char text[64];
  std::snprintf(
      text, sizeof(text), "%04llu-%02llu-%02lluT%02llu:%02llu:%02llu.%03lluZ",
      static_cast<unsigned long long>(date.year), static_cast<unsigned long long>(date.month),
      static_cast<unsigned long long>(date.day), static_cast<unsigned long long>(ms / 3'600'000),
      static_cast<unsigned long long>(ms / 60'000 % 60),
      static_cast<unsigned long long>(ms / 1'000 % 60),
      static_cast<unsigned long long>(ms % 1'000));
  return text;
}

std::optional<TimeMs> ParseTime(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] != '0' && text[i] != kForm[i]) return std::nullopt;
  }
  CivilDate date{};
  std::uint64_t hour, minute, second, ms;
  if (!TakeDigits(text, 0, 4, &date.year) || !TakeDigits(text, 5, 2, &date.month) ||
      !TakeDigits(text, 8, 2, &date.day) || !TakeDigits(text, 11, 2, &hour) ||
      !TakeDigits(text, 14, 2, &minute) || !TakeDigits(text, 17, 2, &second) ||
      !TakeDigits(text, 20, 3, &ms)) {
    return std::nullopt;
  }
  if (date.year < 1970 || date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31 ||
      hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  const TimeMs time{DaysFromCivil(date) * kMsPerDay + hour * 3'600'000 + minute * 60'000 +
                    second * 1'000 + ms};
  // A day that the month does not have comes back as another date.
  if (FormatTime(time) != text) return std::nullopt;
  return time;
}

}  // namespace tributary
