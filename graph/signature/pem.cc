#include "graph/signature/pem.h"

#include <openssl/crypto.h>

#include <cstddef>

#include "graph/model/base64.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/signature/public_key.h"

namespace tributary {
namespace {

constexpr std::size_t kLineSize = 64;

absl::Status PemError(std::string_view label, std::string_view what) {
  return InvalidField("pem", what, StrCat("one block of ", label, " as of RFC 7468"));
}

// Takes the next line off `text`, without its end.
std::string_view TakeLine(std::string_view* text) {
  const std::size_t end = text->find('\n');
  std::string_view line = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view TakeLineWithText(std::string_view* text) {
  std::string_view line;
  while (line.empty() && !text->empty()) line = TakeLine(text);
  return line;
}

}  // namespace

std::string WritePem(std::string_view label, std::string_view der) {
  std::string base64 = ToBase64(der);
  std::string pem = StrCat("-----BEGIN ", label, "-----\n");
  pem.reserve(base64.size() + base64.size() / kLineSize + 2 * label.size() + 64);
  for (std::size_t at = 0; at < base64.size(); at += kLineSize) {
    pem.append(base64, at, kLineSize).push_back('\n');
  }
  OPENSSL_cleanse(base64.data(), base64.size());
  return pem.append("-----END ").append(label).append("-----\n");
}

absl::StatusOr<std::string> ReadPem(std::string_view label, std::string_view text) {
  if (text.size() > kPemSizeMax) {
    return PemError(label, StrCat(text.size(), " bytes, above ", kPemSizeMax));
  }
  if (TakeLineWithText(&text) != StrCat("-----BEGIN ", label, "-----")) {
    return PemError(label, "another first line");
  }
  std::string base64;
  base64.reserve(text.size());
  const std::string last_line = StrCat("-----END ", label, "-----");
  bool ended = false;
  while (!ended && !text.empty()) {
    const std::string_view line = TakeLine(&text);
    ended = line == last_line;
    if (!ended) base64.append(line);
  }
  auto der = FromBase64(base64);
  OPENSSL_cleanse(base64.data(), base64.size());
  if (!ended) return PemError(label, "no last line");
  if (!TakeLineWithText(&text).empty()) return PemError(label, "text after the block");
  if (!der.has_value()) return PemError(label, "lines that are not base64");
  return *std::move(der);
}

}  // namespace tributary
