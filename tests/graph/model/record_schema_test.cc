// The schemas of docs/formats/records.md are closed: spoils each golden record key by key.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "graph/model/canonical_json.h"
#include "graph/model/record.h"
#include "graph/model/status.h"
#include "tests/graph/model/sample_records.h"
#include "tests/support/catch.h"

namespace tributary {
namespace {

using Keys = std::set<std::string>;

// Keys without which a record of the type is refused; of inner objects with their path. Some are
// required by another key's value: those are stated by the sample that has it.
Keys RequiredKeys(std::string_view sample) {
  static const std::map<std::string, Keys, std::less<>> kByType = {
      {"ledger", {"epoch"}},
      {"party", {"party"}},
      {"asset", {"asset", "id_method", "kind"}},
      {"alias", {"alias", "asset"}},
      {"holders", {"asset"}},
      {"consent", {"asset", "party", "status", "use"}},
      {"derivation",
       {"edge_count", "edges_root", "generated", "retained", "unattributed", "weight_sum",
        "method.name", "computed_by.name"}},
      {"currency", {"code", "fraction_bits", "scale"}},
      {"template",
       {"template", "rules", "rules.generated", "rules.retained", "rules.roles",
        "rules.unattributed", "rules.roles.absent", "rules.roles.role", "rules.roles.sharing",
        "rules.roles.weight"}},
      {"policy", {"policy", "unclaimed", "undisclosed"}},
      {"sale", {"amount", "asset", "currency", "reference"}},
      {"escrow", {"outcome", "sale"}},
      {"reversal", {"sale"}},
      {"correction", {"sale"}},
      {"statement", {"algorithm", "begin", "end", "line_count", "lines_root", "number"}},
      {"adjustment",
       {"algorithm", "cause", "line_count", "lines_root", "mode", "statement", "tree_size"}},
      {"hold", {"reason", "reference"}},
      {"holdrelease", {"hold", "outcome"}},
      {"mandate", {"begin", "collector", "party"}},
      {"assignment", {"assignee", "begin", "party"}},
      {"partymerge", {"party"}},
      {"payoutbatch",
       {"currency", "lines", "reference", "tree_size", "lines.amount", "lines.party"}},
      {"payoutstate", {"batch", "state"}}};
  static const std::map<std::string, Keys, std::less<>> kBySample = {
      {"asset_named", {"named_as", "named_as.name", "named_as.namespace", "named_as.version"}},
      {"asset_named_only", {"named_as", "named_as.name"}},
      {"holders_full", {"holders", "holders.party", "holders.units"}},
      {"holders_given_up", {"supersedes"}},
      {"consent_constrained", {"constraint"}},
      // The only key of its object, which may not be empty.
      {"derivation_largest", {"activity.seed"}},
      {"policy_full",
       {"fees.party", "fees.ppm", "fees.fixed", "fees.currency", "absolute_terms.asset",
        "absolute_terms.ppm", "floors.ppm", "floors.role"}},
      {"correction_amount", {"amount"}},
      {"statement_full",
       {"previous", "totals.adjusted_down", "totals.adjusted_up", "totals.amount", "totals.carry",
        "totals.currency", "totals.debt", "totals.fraction_bits", "totals.opening_carry",
        "totals.opening_debt", "totals.paid", "totals.released", "totals.sale_count"}},
      {"adjustment_full", {"totals.currency", "totals.decrease", "totals.increase"}},
      {"hold_asset", {"asset"}},
      {"hold_party", {"party"}},
      {"hold_derivation", {"derivation"}},
      {"hold_sale", {"sale"}},
      {"holdrelease_rerouted", {"recipients", "recipients.party", "recipients.units"}},
      {"partymerge_minimal", {"into"}},
      {"partymerge_undone", {"supersedes"}}};
  Keys keys = {"type", "ledger"};
  keys.merge(Keys(kByType.find(sample.substr(0, sample.find('_')))->second));
  if (const auto found = kBySample.find(sample); found != kBySample.end()) {
    keys.merge(Keys(found->second));
  }
  return keys;
}

// A copy of `value` in which `edit` has changed one place. Places are counted from 0 in the order
// of the bytes; the result is nullopt once there is no such place.
struct Place {
  std::string path;       // keys joined by points; items of a list have the list's path
  JsonValue* value;       // never null
  JsonValue::Object* in;  // the object that holds it, null for items of lists
  std::string key;        // in that object
};
using Edit = std::function<void(const Place&)>;

// JsonValue shows its parts as const; what is edited here is always a copy of our own.
JsonValue::Object* MutableObject(JsonValue* value) {
  return const_cast<JsonValue::Object*>(value->AsObject());
}
JsonValue::List* MutableList(JsonValue* value) {
  return const_cast<JsonValue::List*>(value->AsList());
}

void CollectPlaces(JsonValue* value, const std::string& path, std::vector<Place>* places) {
  if (JsonValue::Object* object = MutableObject(value)) {
    for (auto& [key, inner] : *object) {
      const std::string inner_path = path.empty() ? key : path + "." + key;
      places->push_back({inner_path, &inner, object, key});
      CollectPlaces(&inner, inner_path, places);
    }
  } else if (JsonValue::List* list = MutableList(value)) {
    for (JsonValue& inner : *list) {
      places->push_back({path, &inner, nullptr, ""});
      CollectPlaces(&inner, path, places);
    }
  }
}

// Calls `check` with the bytes that each edit of each place gives.
void ForEachPlace(const std::string& bytes, const Edit& edit,
                  const std::function<void(const std::string& path, const std::string&)>& check) {
  const JsonValue original = ParseCanonicalJson(bytes).value();
  for (std::size_t i = 0;; ++i) {
    JsonValue copy = original;
    std::vector<Place> places;
    CollectPlaces(&copy, "", &places);
    if (i == places.size()) return;
    const std::string path = places[i].path;
    edit(places[i]);
    check(path, WriteCanonicalJson(copy));
  }
}

std::string SampleBytes(const test::SampleRecord& sample) { return EncodeRecord(sample.record); }

TEST_CASE("schema: a required key must be there, any other may be left out", "[model]") {
  for (const test::SampleRecord& sample : test::SampleRecords()) {
    const Keys required = RequiredKeys(sample.name);
    Keys seen;
    const auto erase = [](const Place& place) {
      if (place.in != nullptr) place.in->erase(place.key);
    };
    ForEachPlace(SampleBytes(sample), erase,
                 [&](const std::string& path, const std::string& bytes) {
                   if (bytes == SampleBytes(sample)) return;  // an item of a list, which has no key
                   seen.insert(path);
                   CAPTURE(sample.name, path, bytes);
                   CHECK(DecodeRecord(bytes).ok() == !required.contains(path));
                 });
    for (const std::string& path : required) {
      CAPTURE(sample.name, path);
      const bool inner = path.find('.') != std::string::npos;
      CHECK((inner || seen.contains(path)));
    }
  }
}

TEST_CASE("schema: a value of another JSON type is refused everywhere", "[model]") {
  JsonValue::List list;
  list.emplace_back("x");
  const std::vector<JsonValue> others = {"x", std::uint64_t{7}, JsonValue(list),
                                         JsonValue::Object{{"x", "y"}}};
  const auto type_of = [](const JsonValue& value) {
    return value.AsString() ? 0 : value.AsInteger() ? 1 : value.AsList() ? 2 : 3;
  };
  for (const test::SampleRecord& sample : test::SampleRecords()) {
    for (const JsonValue& other : others) {
      const auto replace = [&](const Place& place) {
        if (type_of(*place.value) != type_of(other)) *place.value = other;
      };
      ForEachPlace(SampleBytes(sample), replace,
                   [&](const std::string& path, const std::string& bytes) {
                     if (bytes == SampleBytes(sample)) return;  // of this type already
                     CAPTURE(sample.name, path, bytes);
                     CHECK_STATUS(DecodeRecord(bytes), absl::StatusCode::kInvalidArgument);
                   });
    }
  }
}

TEST_CASE("schema: an empty string, list or object does not stand for an absent key", "[model]") {
  for (const test::SampleRecord& sample : test::SampleRecords()) {
    const auto empty = [](const Place& place) {
      if (place.in == nullptr) return;
      if (place.value->AsString())
        *place.value = JsonValue("");
      else if (place.value->AsList())
        *place.value = JsonValue(JsonValue::List());
      else if (place.value->AsObject())
        *place.value = JsonValue(JsonValue::Object());
    };
    ForEachPlace(SampleBytes(sample), empty,
                 [&](const std::string& path, const std::string& bytes) {
                   if (bytes == SampleBytes(sample)) return;
                   CAPTURE(sample.name, path, bytes);
                   CHECK_STATUS(DecodeRecord(bytes), absl::StatusCode::kInvalidArgument);
                 });
  }
}

TEST_CASE("schema: an unknown key is refused in every object, by name", "[model]") {
  for (const test::SampleRecord& sample : test::SampleRecords()) {
    for (const std::string unknown : {"a", "kinds", "zz"}) {
      const auto add = [&](const Place& place) {
        if (place.in != nullptr) place.in->emplace(unknown, "x");
      };
      ForEachPlace(
          SampleBytes(sample), add, [&](const std::string& path, const std::string& bytes) {
            if (bytes == SampleBytes(sample)) return;
            CAPTURE(sample.name, path, bytes);
            const auto decoded = DecodeRecord(bytes);
            REQUIRE_FALSE(decoded.ok());
            CHECK(decoded.status().ToString().find("\"" + unknown + "\"") != std::string::npos);
          });
    }
  }
}

// What stands under one key of a sample, replaced by other bytes.
std::string Replaced(std::string_view sample, const std::string& from, const std::string& to) {
  std::string bytes = test::ReadGolden(std::string(sample) + ".json");
  const std::size_t at = bytes.find(from);
  REQUIRE(at != std::string::npos);
  return bytes.replace(at, from.size(), to);
}

TEST_CASE("schema: values in another form are refused", "[model]") {
  struct Refused {
    std::string_view name;
    std::string_view sample;
    std::string from;
    std::string to;
  };
  const auto refused = GENERATE(values<Refused>({
      {"another version", "asset_minimal", "asset/v1", "asset/v2"},
      {"another type", "asset_minimal", "tributary/asset/", "tributary/alias/"},
      {"a type that is none", "asset_minimal", "tributary/asset/v1", "asset"},
      {"a kind that is none", "asset_minimal", R"("kind":"work")", R"("kind":"song")"},
      {"a kind in capitals", "asset_minimal", R"("kind":"work")", R"("kind":"Work")"},
      {"a method that is none", "asset_minimal", "\"content\"", "\"contents\""},
      {"a use that is none", "consent_minimal", "\"training\"", "\"trainings\""},
      {"a status that is none", "consent_minimal", "\"objected\"", "\"refused\""},
      {"a weight with a leading zero", "derivation_origin", R"("retained":"1")",
       R"("retained":"01")"},
      {"a weight with a sign", "derivation_origin", R"("retained":"1")", R"("retained":"+1")"},
      {"a weight with a fraction", "derivation_origin", R"("retained":"1")", R"("retained":"1.0")"},
      {"a weight of 2^63", "derivation_origin", R"("retained":"1")",
       R"("retained":"9223372036854775808")"},
      {"a weight above 2^64", "derivation_origin", R"("retained":"1")",
       R"("retained":"18446744073709551617")"},
      {"a digest in capitals", "alias_superseding", R"("supersedes":"6d)", R"("supersedes":"6D)"},
      {"a digest that is short", "alias_superseding", R"("supersedes":"6d)", R"("supersedes":")"},
      {"a finer time", "ledger_full", ".678Z", ".6780Z"},
      {"a coarser time", "ledger_full", ".678Z", "Z"},
      {"pairs out of order", "party_full", R"(["ipi","00014107338"],["isni","0000000121032683"])",
       R"(["isni","0000000121032683"],["ipi","00014107338"])"},
      {"a pair twice", "party_full", R"(["ipi","00014107338"])",
       R"(["ipi","00014107338"],["ipi","00014107338"])"},
      {"a pair of three", "party_full", R"(["ipi","00014107338"])", R"(["ipi","00014107338","x"])"},
      {"a pair of one", "party_full", R"(["ipi","00014107338"])", R"(["ipi"])"},
      {"an empty key of a pair", "party_full", R"(["ipi",)", R"(["",)"},
      {"a location twice", "asset_full", "\"s3://acme/kestrel-2\"",
       "\"s3://acme/kestrel-2\",\"s3://acme/kestrel-2\""},
      {"holders out of order", "holders_full", R"({"party":"mira","units":"1"},)",
       R"({"party":"studio/z","units":"1"},)"},
      {"a holder twice", "holders_full", R"({"party":"mira","units":"1"},)",
       R"({"party":"mira","units":"1"},{"party":"mira","units":"2"},)"},
      {"units that are an integer", "holders_full", R"("mira","units":"1")", R"("mira","units":1)"},
      {"no units", "holders_full", R"("mira","units":"1")", R"("mira","units":"0")"},
      {"another name than the id is of", "asset_named", "laion2B-en", "laion2B-de"},
  }));
  CAPTURE(refused.name);
  CHECK_STATUS(DecodeRecord(Replaced(refused.sample, refused.from, refused.to)),
               absl::StatusCode::kInvalidArgument);
}

TEST_CASE("schema: JSON that is no object is no record", "[model]") {
  const auto bytes = GENERATE(values<std::string>({"\"x\"", "7", "[]", "{}", "", "null"}));
  CAPTURE(bytes);
  CHECK_STATUS(DecodeRecord(bytes), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tributary
