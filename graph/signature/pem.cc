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

// Overwrites a text that may be secret on every way out of a function.
class WipeAtEnd {
 public:
  explicit WipeAtEnd(std::string* text) : text_(text) {}
  ~WipeAtEnd() { OPENSSL_cleanse(text_->data(), text_->size()); }
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;

 private:
  std::string* text_;
};

}  // namespace

std::string WritePem(std::string_view label, std::string_view der) {
  std::string base64 = ToBase64(der);
  const WipeAtEnd wipe(&base64);
  std::string pem = StrCat("-----BEGIN ", label, "-----\n");
  pem.reserve(base64.size() + base64.size() / kLineSize + 2 * label.size() + 64);
  for (std::size_t at = 0; at < base64.size(); at += kLineSize) {
    pem.append(base64, at, kLineSize).push_back('\n');
  }
  pem.append("-----END ").append(label).append("-----\n");
  return pem;  // moved: a copy would leave the first text behind
}

absl::StatusOr<std::string> ReadPem(std::string_view label, std::string_view text) {
  if (text.size() > kPemSizeMax) {
    return PemError(label, StrCat(text.size(), " bytes, above ", kPemSizeMax));
  }
  if (TakeLineWithText(&text) != StrCat("-----BEGIN ", label, "-----")) {
    return PemError(label, "another first line");
  }
  std::string base64;
  const WipeAtEnd wipe(&base64);
  base64.reserve(text.size());  // it grows in one place, which is wiped
  const std::string last_line = StrCat("-----END ", label, "-----");
  bool ended = false;
  while (!ended && !text.empty()) {
    const std::string_view line = TakeLine(&text);
    ended = line == last_line;
    if (!ended) base64.append(line);
  }
  if (!ended) return PemError(label, "no last line");
  if (!TakeLineWithText(&text).empty()) return PemError(label, "text after the block");
  auto der = FromBase64(base64);
  if (!der.has_value()) return PemError(label, "lines that are not base64");
  return *std::move(der);
}

}  // namespace tributary
