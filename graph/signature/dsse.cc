#include "graph/signature/dsse.h"

#include <algorithm>
#include <utility>

#include "graph/model/base64.h"
#include "graph/model/canonical_json.h"
#include "graph/model/json.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

// An envelope nests three deep; what others add to it may go a little deeper.
constexpr ForeignJsonLimits kEnvelopeLimits = {.depth_max = 16, .value_count_max = 4096};

absl::StatusOr<std::string> RequiredText(const ForeignJson& object, std::string_view key,
                                         std::string_view field) {
  const ForeignJson* value = object.Find(key);
  if (value == nullptr) return InvalidField(field, "nothing", "a string");
  if (value->AsString() == nullptr) return InvalidField(field, "no string", "a string");
  return *value->AsString();
}

absl::StatusOr<std::string> RequiredBase64(const ForeignJson& object, std::string_view key,
                                           std::string_view field, std::size_t size_max) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string text, RequiredText(object, key, field));
  auto bytes = FromAnyBase64(text);
  if (!bytes.has_value()) return InvalidField(field, Quoted(text), "base64 of RFC 4648");
  if (bytes->size() > size_max) {
    return InvalidField(field, StrCat(bytes->size(), " bytes"), StrCat("at most ", size_max));
  }
  return *std::move(bytes);
}

absl::StatusOr<EnvelopeSignature> ReadSignature(const ForeignJson& value, std::size_t index) {
  const std::string field = StrCat("signatures[", index, "]");
  if (value.AsObject() == nullptr) return InvalidField(field, "no object", "an object");
  EnvelopeSignature signature;
  TRIBUTARY_ASSIGN_OR_RETURN(signature.bytes, RequiredBase64(value, "sig", StrCat(field, ".sig"),
                                                             kEnvelopeSignatureSizeMax));
  if (value.Find("keyid") != nullptr) {
    const std::string key_id_field = StrCat(field, ".keyid");
    TRIBUTARY_ASSIGN_OR_RETURN(signature.key_id, RequiredText(value, "keyid", key_id_field));
    if (signature.key_id.size() > kEnvelopeKeyIdSizeMax) {
      return InvalidField(key_id_field, StrCat(signature.key_id.size(), " bytes"),
                          StrCat("at most ", kEnvelopeKeyIdSizeMax));
    }
  }
  return signature;
}

absl::Status CheckKeys(std::span<const PublicKey> keys) {
  if (keys.size() > kEnvelopeKeyCountMax) {
    return InvalidField("keys", StrCat(keys.size(), " of them"),
                        StrCat("at most ", kEnvelopeKeyCountMax));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    // Under a key given twice, one signer would count as two.
    const auto before = keys.first(i);
    if (std::find(before.begin(), before.end(), keys[i]) != before.end()) {
      return InvalidField(StrCat("keys[", i, "]"), StrCat("key ", keys[i].id().ToHex(), " again"),
                          "each key once");
    }
  }
  return absl::OkStatus();
}

// Tries the signatures of one envelope.
class EnvelopeCheck {
 public:
  EnvelopeCheck(const Envelope& envelope, std::span<const PublicKey> keys)
      : envelope_(envelope),
        keys_(keys),
        message_(PreAuthenticationEncoding(envelope.payload_type, envelope.payload)),
        accepted_(keys.size()) {}

  absl::Status Run() {
    for (const EnvelopeSignature& signature : envelope_.signatures) {
      const auto named = std::find_if(keys_.begin(), keys_.end(), [&](const PublicKey& key) {
        return key.id().ToHex() == signature.key_id;
      });
      if (named != keys_.end()) {
        const auto index = static_cast<std::size_t>(named - keys_.begin());
        TRIBUTARY_RETURN_IF_ERROR(Try(signature, index, index + 1));
      } else {
        TRIBUTARY_RETURN_IF_ERROR(Try(signature, 0, keys_.size()));
      }
    }
    return absl::OkStatus();
  }

  std::vector<std::size_t> Accepted() const {
    std::vector<std::size_t> indexes;
    for (std::size_t i = 0; i < accepted_.size(); ++i) {
      if (accepted_[i]) indexes.push_back(i);
    }
    return indexes;
  }

 private:
  // Tries the keys [begin, end) that have not signed yet; a signature is of one key.
  absl::Status Try(const EnvelopeSignature& signature, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (accepted_[i] || !keys_[i].IsSignatureForm(signature.bytes)) continue;
      const std::size_t left = kEnvelopeHashedSizeMax - hashed_size_;
      if (envelope_.payload.size() > left) {
        return FieldError(absl::StatusCode::kResourceExhausted, "signatures",
                          StrCat("too many that name no known key, over a payload of ",
                                 envelope_.payload.size(), " bytes and ", keys_.size(), " keys"),
                          StrCat("at most ", kEnvelopeHashedSizeMax, " bytes to hash"));
      }
      hashed_size_ += envelope_.payload.size();
      accepted_[i] = keys_[i].Verify(message_, signature.bytes).ok();
      if (accepted_[i]) break;
    }
    return absl::OkStatus();
  }

  const Envelope& envelope_;
  std::span<const PublicKey> keys_;
  const std::string message_;
  std::vector<bool> accepted_;
  std::size_t hashed_size_ = 0;
};

}  // namespace

std::string PreAuthenticationEncoding(std::string_view payload_type, std::string_view payload) {
  return StrCat("DSSEv1 ", payload_type.size(), " ", payload_type, " ", payload.size(), " ",
                payload);
}

absl::StatusOr<Envelope> ParseEnvelope(std::string_view json) {
  if (json.size() > kEnvelopeSizeMax) {
    return InvalidField("envelope", StrCat(json.size(), " bytes"),
                        StrCat("at most ", kEnvelopeSizeMax));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const ForeignJson value, ParseForeignJson(json, kEnvelopeLimits));
  if (value.AsObject() == nullptr) return InvalidField("envelope", "no object", "an object");
  Envelope envelope;
  TRIBUTARY_ASSIGN_OR_RETURN(envelope.payload_type,
                             RequiredText(value, "payloadType", "payloadType"));
  if (envelope.payload_type.empty() || envelope.payload_type.size() > kShortTextSizeMax) {
    return InvalidField("payloadType", StrCat(envelope.payload_type.size(), " bytes"),
                        StrCat("1 to ", kShortTextSizeMax));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(envelope.payload,
                             RequiredBase64(value, "payload", "payload", kEnvelopePayloadSizeMax));
  const ForeignJson* signatures = value.Find("signatures");
  const ForeignJson::List* list = signatures == nullptr ? nullptr : signatures->AsList();
  if (list == nullptr) return InvalidField("signatures", "no list", "a list");
  if (list->empty() || list->size() > kEnvelopeSignatureCountMax) {
    return InvalidField("signatures", StrCat(list->size(), " of them"),
                        StrCat("1 to ", kEnvelopeSignatureCountMax));
  }
  for (const ForeignJson& item : *list) {
    TRIBUTARY_ASSIGN_OR_RETURN(EnvelopeSignature signature,
                               ReadSignature(item, envelope.signatures.size()));
    envelope.signatures.push_back(std::move(signature));
  }
  return envelope;
}

std::string FormatEnvelope(const Envelope& envelope) {
  JsonValue::List signatures;
  for (const EnvelopeSignature& signature : envelope.signatures) {
    JsonValue::Object object{{"sig", ToBase64(signature.bytes)}};
    if (!signature.key_id.empty()) object.emplace("keyid", signature.key_id);
    signatures.emplace_back(std::move(object));
  }
  return WriteCanonicalJson(JsonValue::Object{{"payload", ToBase64(envelope.payload)},
                                              {"payloadType", envelope.payload_type},
                                              {"signatures", std::move(signatures)}});
}

EnvelopeSignature SignPayload(std::string_view payload_type, std::string_view payload,
                              const SigningKey& key) {
  return {key.public_key().id().ToHex(),
          key.Sign(PreAuthenticationEncoding(payload_type, payload))};
}

absl::StatusOr<std::vector<std::size_t>> VerifyEnvelope(const Envelope& envelope,
                                                        std::string_view expected_type,
                                                        std::span<const PublicKey> keys) {
  if (envelope.payload_type != expected_type) {
    return InvalidField("payloadType", Quoted(envelope.payload_type), Quoted(expected_type));
  }
  if (envelope.signatures.size() > kEnvelopeSignatureCountMax) {
    return InvalidField("signatures", StrCat(envelope.signatures.size(), " of them"),
                        StrCat("at most ", kEnvelopeSignatureCountMax));
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckKeys(keys));
  EnvelopeCheck check(envelope, keys);
  TRIBUTARY_RETURN_IF_ERROR(check.Run());
  const std::vector<std::size_t> indexes = check.Accepted();
  if (!indexes.empty()) return indexes;
  return FieldError(absl::StatusCode::kUnauthenticated, "signatures",
                    "none that holds under a known key", "at least one");
}

}  // namespace tributary
