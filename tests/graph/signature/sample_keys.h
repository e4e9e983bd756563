// Keys and signatures that another implementation made (Python's cryptography, deterministic
// ECDSA of RFC 6979), over "hello world".

#pragma once

#include <array>
#include <string_view>

#include "graph/signature/public_key.h"

namespace tributary::test {

struct SampleKey {
  KeyAlgorithm algorithm;
  std::string_view private_pem;
  std::string_view public_pem;
  std::string_view id;
  std::string_view signature;  // hex
};

inline constexpr std::string_view kSampleMessage = "hello world";

inline constexpr std::array kSampleKeys = {
    SampleKey{KeyAlgorithm::kEd25519,
              "-----BEGIN PRIVATE KEY-----\n"
              "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
              "-----END PRIVATE KEY-----\n",
              "-----BEGIN PUBLIC KEY-----\n"
              "MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n"
              "-----END PUBLIC KEY-----\n",
              "a050837d85070582ccf7394b0988847cc312cb88259b894899f6f239cf1791a5",
              "c9e88a06c88855aa75f90bcfdc5a87b76a99c0d2044114b8931e72089e7b8c7a"
              "c6b4a9776b57326f2d781aa8da8821fe6b4c7296fde0b63ca24d7f6343ac6a0a"},
    SampleKey{KeyAlgorithm::kEcdsaP256,
              "-----BEGIN PRIVATE KEY-----\n"
              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAA\n"
              "AAAAABI0VniQq83vEjRWeJCrze+hRANCAAT56+RkFHzBAtkjJNCZ2SfBpQ5C1XoI\n"
              "oRb/7AopgZ2MZXC699EoiJAqagwdZ63RAxI8hZq2m/jpQxyThJMNS37u\n"
              "-----END PRIVATE KEY-----\n",
              "-----BEGIN PUBLIC KEY-----\n"
              "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+evkZBR8wQLZIyTQmdknwaUOQtV6\n"
              "CKEW/+wKKYGdjGVwuvfRKIiQKmoMHWet0QMSPIWatpv46UMck4STDUt+7g==\n"
              "-----END PUBLIC KEY-----\n",
              "d3949091b17809e3c090eb70c3592b2ce2020fb8b5081c99220565a7eb1990f4",
              "3044022063496d2762a76e14478ddf011dd5cef68e282b8eb1e11cb8268a92c5b0f83d7d"
              "022042a5fd1eb567349d903a919e038f7d0e4d7a57170e82548fbd5f2a4e2df32128"},
    SampleKey{
        KeyAlgorithm::kEcdsaP384,
        "-----BEGIN PRIVATE KEY-----\n"
        "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAAAAAAAAAAAAAAAAAA\n"
        "AAAAAAAAAAAAAAAAAAAAAAAAAP7cugmHZUMh/ty6CYdlQyGhZANiAAQXHsHJR8IV\n"
        "JjI/OhosWXkQxVTgdqtYpTJdnvAWnN1PB1Nk3Z4vEfdzJnUWGluMNnionS89SLwS\n"
        "r6rOHE4h4t/ED0Wt0kDLiyCoIrPyTLJeqxNXG1lThvI0sY2efHbLy3A=\n"
        "-----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n"
        "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEFx7ByUfCFSYyPzoaLFl5EMVU4HarWKUy\n"
        "XZ7wFpzdTwdTZN2eLxH3cyZ1FhpbjDZ4qJ0vPUi8Eq+qzhxOIeLfxA9FrdJAy4sg\n"
        "qCKz8kyyXqsTVxtZU4byNLGNnnx2y8tw\n"
        "-----END PUBLIC KEY-----\n",
        "a320b7482963d72abbcac52d0fbed8cde2020712664ed6624d4b9e008260cb1c",
        "306402307b750bc3a186c6c636ece1f839a20abd8a1e4961787d2663c27679d85de2015058e5c1c2635a05d5"
        "e56e41c314e1270902306446c6fb34eccc3336a69e0de94e8c571aa89a3c41f9e8ac3dc5db7c7ae779abcff3"
        "b7e887b98cef5e3bcf64fcf7cff3"},
};

}  // namespace tributary::test
