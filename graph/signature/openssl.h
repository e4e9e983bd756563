// Ownership of OpenSSL's objects, for the .cc files of this folder.

#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>

namespace tributary::internal {

// Frees an object of OpenSSL with its own function.
template <auto kFree>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using MdContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

inline std::shared_ptr<void> OwnKey(EVP_PKEY* key) {
  if (key == nullptr) return nullptr;
  return {key, [](EVP_PKEY* owned) { EVP_PKEY_free(owned); }};
}

// Takes back what failed calls left in the thread's error queue, where the next TLS call of the
// same thread would read it as its own error.
class ErrorMark {
 public:
  ErrorMark() { ERR_set_mark(); }
  ~ErrorMark() { ERR_pop_to_mark(); }
  ErrorMark(const ErrorMark&) = delete;
  ErrorMark& operator=(const ErrorMark&) = delete;
};

}  // namespace tributary::internal
