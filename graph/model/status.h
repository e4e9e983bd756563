// Errors of bad input: they name the field, what was found and what is allowed.

#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "graph/model/text.h"

namespace tributary {

// Payload of a status that holds the name of the field it is about.
inline constexpr std::string_view kFieldPayload = "tributary/field";

// Quotes untrusted text for an error message: escaped, and shortened with its full size stated.
inline std::string Quoted(std::string_view text) {
  constexpr std::size_t kShownSizeMax = 80;
  if (text.size() <= kShownSizeMax) return StrCat("\"", absl::CHexEscape(ToAbsl(text)), "\"");
  return StrCat("\"", absl::CHexEscape(ToAbsl(text.substr(0, kShownSizeMax))), "…\" (", text.size(),
                " bytes)");
}

inline absl::Status WithField(absl::Status status, std::string_view field) {
  status.SetPayload(ToAbsl(kFieldPayload), absl::Cord(ToAbsl(field)));
  return status;
}

inline std::string FieldOf(const absl::Status& status) {
  const auto field = status.GetPayload(ToAbsl(kFieldPayload));
  return field.has_value() ? std::string(*field) : std::string();
}

// "<field>: found <found>; allowed: <allowed>", with the given code.
inline absl::Status FieldError(absl::StatusCode code, std::string_view field,
                               std::string_view found, std::string_view allowed) {
  return WithField(absl::Status(code, StrCat(field, ": found ", found, "; allowed: ", allowed)),
                   field);
}

inline absl::Status InvalidField(std::string_view field, std::string_view found,
                                 std::string_view allowed) {
  return FieldError(absl::StatusCode::kInvalidArgument, field, found, allowed);
}

}  // namespace tributary

// Returns early with the status of `expression` if it is not OK.
#define TRIBUTARY_RETURN_IF_ERROR(expression)            \
  do {                                                   \
    ::absl::Status tributary_status = (expression);      \
    if (!tributary_status.ok()) return tributary_status; \
  } while (false)

#define TRIBUTARY_CONCAT_(a, b) a##b
#define TRIBUTARY_CONCAT(a, b) TRIBUTARY_CONCAT_(a, b)
// Declares `declaration` from a StatusOr, or returns its status.
#define TRIBUTARY_ASSIGN_OR_RETURN(declaration, expression)                   \
  auto TRIBUTARY_CONCAT(tributary_result_, __LINE__) = (expression);          \
  if (!TRIBUTARY_CONCAT(tributary_result_, __LINE__).ok())                    \
    return std::move(TRIBUTARY_CONCAT(tributary_result_, __LINE__)).status(); \
  declaration = *std::move(TRIBUTARY_CONCAT(tributary_result_, __LINE__))
