// Limits, order and identity of records.

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include "graph/model/record.h"
#include "graph/model/status.h"
#include "tests/graph/model/bounds.h"
#include "tests/graph/model/sample_records.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

using test::Bound;
using test::CheckBounds;
using test::MakeRecord;
using test::Repeated;

std::vector<Attribute> Pairs(std::size_t count, std::size_t key_size = 8,
                             std::size_t value_size = 1) {
  std::vector<Attribute> pairs;
  for (std::size_t i = 0; i < count; ++i) {
    std::string key = std::to_string(1'000 + i);
    key.resize(key_size, 'k');
    pairs.emplace_back(key, Repeated(value_size));
  }
  return pairs;
}

Record Ledger(std::uint64_t epoch) { return MakeRecord(LedgerRecord{epoch, std::nullopt}); }

Record Party(const std::function<void(PartyRecord*)>& edit) {
  PartyRecord party;
  party.party = "mira";
  edit(&party);
  return MakeRecord(party);
}

Record Asset(const std::function<void(AssetRecord*)>& edit) {
  AssetRecord asset;
  asset.asset = Sha256("work");
  asset.kind = AssetKind::kWork;
  asset.id_method = IdMethod::kContent;
  edit(&asset);
  return MakeRecord(asset);
}

Record Named(std::size_t name_size, std::size_t namespace_size, std::size_t version_size) {
  return Asset([&](AssetRecord* asset) {
    asset->id_method = IdMethod::kNamed;
    asset->named_as =
        NamedAs{Repeated(namespace_size), Repeated(name_size), Repeated(version_size)};
    asset->asset = NamedAssetId(*asset->named_as);
  });
}

Record Alias(std::string text) { return MakeRecord(AliasRecord{std::move(text), Sha256("work")}); }

Record Holders(std::vector<Holder> holders) {
  return MakeRecord(HoldersRecord{Sha256("work"), std::move(holders)});
}

Record ManyHolders(std::size_t count) {
  std::vector<Holder> holders;
  for (std::size_t i = 0; i < count; ++i) holders.push_back({std::to_string(100'000 + i), 1});
  return Holders(std::move(holders));
}

Record Consent(const std::function<void(ConsentRecord*)>& edit) {
  ConsentRecord consent;
  consent.asset = Sha256("work");
  consent.party = "mira";
  edit(&consent);
  return MakeRecord(consent);
}

Record Derivation(const std::function<void(DerivationRecord*)>& edit) {
  DerivationRecord derivation;
  derivation.generated = Sha256("work");
  derivation.edge_count = 1;
  derivation.edges_root = Sha256("edge");
  derivation.weight_sum = 1;
  edit(&derivation);
  return MakeRecord(derivation);
}

Record InLedger(std::string name) {
  Record record = Ledger(1);
  record.ledger = std::move(name);
  return record;
}

Record WithActivity(const std::function<void(Activity*)>& edit) {
  return Derivation([&](DerivationRecord* record) { edit(&record->activity.emplace()); });
}
Record WithMethod(const std::function<void(WeightMethod*)>& edit) {
  return Derivation([&](DerivationRecord* record) {
    record->method.emplace().name = "m";
    edit(&*record->method);
  });
}
Record WithComputedBy(const std::function<void(ComputedBy*)>& edit) {
  return Derivation([&](DerivationRecord* record) {
    record->computed_by.emplace().name = "c";
    edit(&*record->computed_by);
  });
}

std::vector<Bound> SizeBounds() {
  const auto party_text = [](std::string PartyRecord::*text, std::size_t size) {
    return Party([&](PartyRecord* party) { party->*text = Repeated(size); });
  };
  const auto asset_text = [](std::string AssetRecord::*text, std::size_t size) {
    return Asset([&](AssetRecord* asset) { asset->*text = Repeated(size); });
  };
  const auto party_pairs = [](std::vector<Attribute> PartyRecord::*pairs,
                              std::vector<Attribute> value) {
    return Party([&](PartyRecord* party) { party->*pairs = std::move(value); });
  };
  const auto asset_pairs = [](std::vector<Attribute> value) {
    return Asset([&](AssetRecord* asset) { asset->attributes = std::move(value); });
  };
  const auto located = [](std::size_t count, std::size_t size) {
    return Asset([&](AssetRecord* asset) {
      for (const auto& [key, value] : Pairs(count, size)) asset->locations.push_back(key);
    });
  };
  const auto consent_text = [](std::string ConsentRecord::*text, std::size_t size) {
    return Consent([&](ConsentRecord* consent) {
      consent->status = ConsentStatus::kConstrained;
      consent->constraint = "c";
      consent->*text = Repeated(size);
    });
  };
  const auto activity_text = [](std::string Activity::*text, std::size_t size) {
    return WithActivity([&](Activity* activity) { activity->*text = Repeated(size); });
  };
  const auto method_text = [](std::string WeightMethod::*text, std::size_t size) {
    return WithMethod([&](WeightMethod* method) { method->*text = Repeated(size); });
  };
  const auto computed_text = [](std::string ComputedBy::*text, std::size_t size) {
    return WithComputedBy([&](ComputedBy* by) { by->*text = Repeated(size); });
  };
  return {
      {"ledger", InLedger(Repeated(255)), InLedger(Repeated(256))},
      {"ledger", InLedger("a"), InLedger("")},
      {"party", party_text(&PartyRecord::party, 255), party_text(&PartyRecord::party, 256)},
      {"party", party_text(&PartyRecord::party, 1), party_text(&PartyRecord::party, 0)},
      {"name", party_text(&PartyRecord::name, 1024), party_text(&PartyRecord::name, 1025)},
      {"external_ids", party_pairs(&PartyRecord::external_ids, Pairs(64)),
       party_pairs(&PartyRecord::external_ids, Pairs(65))},
      {"external_ids", party_pairs(&PartyRecord::external_ids, Pairs(1, 128)),
       party_pairs(&PartyRecord::external_ids, Pairs(1, 129))},
      {"attributes", party_pairs(&PartyRecord::attributes, Pairs(64)),
       party_pairs(&PartyRecord::attributes, Pairs(65))},
      {"attributes", party_pairs(&PartyRecord::attributes, Pairs(1, 8, 4096)),
       party_pairs(&PartyRecord::attributes, Pairs(1, 8, 4097))},
      {"name", asset_text(&AssetRecord::name, 1024), asset_text(&AssetRecord::name, 1025)},
      {"license", asset_text(&AssetRecord::license, 1024), asset_text(&AssetRecord::license, 1025)},
      {"media_type", asset_text(&AssetRecord::media_type, 255),
       asset_text(&AssetRecord::media_type, 256)},
      {"locations", located(64, 8), located(65, 8)},
      {"locations", located(1, 4096), located(1, 4097)},
      {"locations", located(1, 1), located(1, 0)},
      {"attributes", asset_pairs(Pairs(64)), asset_pairs(Pairs(65))},
      {"attributes", asset_pairs(Pairs(1, 128)), asset_pairs(Pairs(1, 129))},
      {"attributes", asset_pairs(Pairs(1, 1)), asset_pairs(Pairs(1, 0))},
      {"attributes", asset_pairs(Pairs(1, 8, 4096)), asset_pairs(Pairs(1, 8, 4097))},
      {"named_as.name", Named(1024, 0, 0), Named(1025, 0, 0)},
      {"named_as.namespace", Named(1, 1024, 0), Named(1, 1025, 0)},
      {"named_as.version", Named(1, 0, 1024), Named(1, 0, 1025)},
      {"alias", Alias(Repeated(1024)), Alias(Repeated(1025))},
      {"alias", Alias("a"), Alias("")},
      {"holders", ManyHolders(4096), ManyHolders(4097)},
      {"constraint", consent_text(&ConsentRecord::constraint, 4096),
       consent_text(&ConsentRecord::constraint, 4097)},
      {"source", consent_text(&ConsentRecord::source, 4096),
       consent_text(&ConsentRecord::source, 4097)},
      {"activity.tool", activity_text(&Activity::tool, 1024), activity_text(&Activity::tool, 1025)},
      {"activity.seed", activity_text(&Activity::seed, 255), activity_text(&Activity::seed, 256)},
      {"activity", activity_text(&Activity::seed, 1), activity_text(&Activity::seed, 0)},
      {"method.name", method_text(&WeightMethod::name, 255), method_text(&WeightMethod::name, 256)},
      {"method.name", method_text(&WeightMethod::name, 1), method_text(&WeightMethod::name, 0)},
      {"method.version", method_text(&WeightMethod::version, 255),
       method_text(&WeightMethod::version, 256)},
      {"method.sign_convention", method_text(&WeightMethod::sign_convention, 255),
       method_text(&WeightMethod::sign_convention, 256)},
      {"computed_by.name", computed_text(&ComputedBy::name, 255),
       computed_text(&ComputedBy::name, 256)},
      {"computed_by.name", computed_text(&ComputedBy::name, 1),
       computed_text(&ComputedBy::name, 0)},
      {"computed_by.version", computed_text(&ComputedBy::version, 255),
       computed_text(&ComputedBy::version, 256)},
  };
}

std::vector<Bound> NumberBounds() {
  constexpr std::uint64_t kIntegerMax = (std::uint64_t{1} << 53) - 1;
  const auto sized = [](std::uint64_t size) {
    return Asset([&](AssetRecord* asset) { asset->size = size; });
  };
  const auto counted = [](std::uint64_t count) {
    return Derivation([&](DerivationRecord* derivation) { derivation->edge_count = count; });
  };
  const auto retaining = [](std::uint64_t retained) {
    return Derivation([&](DerivationRecord* derivation) { derivation->retained = retained; });
  };
  const auto created = [](std::uint64_t ms) { return MakeRecord(LedgerRecord{1, TimeMs{ms}}); };
  const auto effective = [](std::uint64_t ms) {
    return Derivation(
        [&](DerivationRecord* derivation) { derivation->effective_time = TimeMs{ms}; });
  };
  const auto started = [](std::uint64_t ms) {
    return WithActivity([&](Activity* activity) { activity->start = TimeMs{ms}; });
  };
  const auto ended = [](std::uint64_t ms) {
    return WithActivity([&](Activity* activity) { activity->end = TimeMs{ms}; });
  };
  return {
      {"epoch", Ledger(1), Ledger(0)},
      {"epoch", Ledger(kIntegerMax), Ledger(kIntegerMax + 1)},
      {"created", created(kTimeMsMax), created(kTimeMsMax + 1)},
      {"size", sized(kIntegerMax), sized(kIntegerMax + 1)},
      {"holders.units", Holders({{"a", 1}}), Holders({{"a", 0}})},
      {"holders.units", Holders({{"a", kWeightSumMax}}), Holders({{"a", kWeightSumMax + 1}})},
      {"holders.units", Holders({{"a", kWeightSumMax - 1}, {"b", 1}}),
       Holders({{"a", kWeightSumMax}, {"b", 1}})},
      {"edge_count", counted(kIntegerMax), counted(kIntegerMax + 1)},
      {"denominator", retaining(kWeightSumMax - 1), retaining(kWeightSumMax)},
      {"effective_time", effective(kTimeMsMax), effective(kTimeMsMax + 1)},
      {"activity.start", started(kTimeMsMax), started(kTimeMsMax + 1)},
      {"activity.end", ended(kTimeMsMax), ended(kTimeMsMax + 1)},
  };
}

TEST_CASE("records: sizes and counts at their bound pass, one more does not", "[model]") {
  CheckBounds(SizeBounds());
}

TEST_CASE("records: numbers and times at their bound pass, one more does not", "[model]") {
  CheckBounds(NumberBounds());
}

TEST_CASE("records: what is valid can be read back, however it is escaped", "[model]") {
  // 64 values of 4,096 control characters are 1.5 MiB of canonical bytes; two such lists do not
  // fit.
  const auto full = [](std::size_t location_count) {
    return Asset([&](AssetRecord* asset) {
      asset->attributes = Pairs(64, 8, 4096);
      for (auto& [key, value] : asset->attributes) value = Repeated(4096, '\x01');
      for (std::size_t i = 0; i < location_count; ++i) {
        asset->locations.push_back(Repeated(4000, '\x01') + std::to_string(100 + i));
      }
    });
  };
  std::size_t refused_count = 0;
  for (const std::size_t location_count : {0, 16, 20, 21, 22, 23, 64}) {
    const Record record = full(location_count);
    const std::size_t size = EncodeRecord(record).size();
    CAPTURE(location_count, size);
    const absl::Status status = Validate(record);
    REQUIRE(status.ok() == (size <= kRecordSizeMax));
    if (status.ok()) {
      REQUIRE_OK(DecodeRecord(EncodeRecord(record)));
    } else {
      REQUIRE(FieldOf(status) == "record");
      ++refused_count;
    }
  }
  CHECK(refused_count > 0);
  CHECK(refused_count < 4);
}

TEST_CASE("records: more bytes than any record has are refused before they are read", "[model]") {
  const auto refused = DecodeRecord(Repeated(kRecordSizeMax + 1, '['));
  CHECK_STATUS(refused, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(refused.status()) == "record");
}

TEST_CASE("records: contents that a schema refuses", "[model]") {
  struct Refused {
    std::string_view name;
    std::string field;
    Record record;
  };
  const auto unknown_kind = [](IdMethod method) {
    return Asset([&](AssetRecord* asset) {
      asset->kind = AssetKind::kUnknown;
      asset->id_method = method;
    });
  };
  Record superseding_ledger = Ledger(1);
  superseding_ledger.supersedes = Sha256("before");
  const std::vector<Refused> all = {
      {"a space in a ledger's name", "ledger", InLedger("a b")},
      {"a colon in a ledger's name", "ledger", InLedger("a:b")},
      {"a character of two bytes in a ledger's name", "ledger", InLedger("é")},
      {"a ledger that supersedes", "supersedes", superseding_ledger},
      {"a space in a party id", "party", Party([](auto* party) { party->party = "a b"; })},
      {"a quote in a party id", "party", Party([](auto* party) { party->party = "a\""; })},
      {"U+0000 in a name", "name",
       Party([](auto* party) { party->name = std::string("a\0b", 3); })},
      {"invalid UTF-8 in a name", "name", Party([](auto* party) { party->name = "\xff"; })},
      {"invalid UTF-8 in a value", "attributes", Party([](auto* party) {
         party->attributes = {{"k", "\xc0\xaf"}};
       })},
      {"invalid UTF-8 in a key", "attributes", Party([](auto* party) {
         party->attributes = {{"\xed\xa0\x80", "v"}};
       })},
      {"pairs out of order", "attributes", Party([](auto* party) {
         party->attributes = {{"b", ""}, {"a", ""}};
       })},
      {"a pair twice", "attributes", Party([](auto* party) {
         party->attributes = {{"a", "v"}, {"a", "v"}};
       })},
      {"an unknown kind with known bytes", "id_method", unknown_kind(IdMethod::kContent)},
      {"an unknown kind of known files", "id_method", unknown_kind(IdMethod::kFiles)},
      {"an unknown kind with a salt", "id_method", unknown_kind(IdMethod::kSalted)},
      {"a name for the id of another", "asset", Asset([](auto* asset) {
         asset->id_method = IdMethod::kNamed;
         asset->named_as = NamedAs{"", "x", ""};
       })},
      {"a method without its name", "named_as",
       Asset([](auto* asset) { asset->id_method = IdMethod::kNamed; })},
      {"a name without its method", "named_as", Asset([](auto* asset) {
         asset->named_as = NamedAs{"", "x", ""};
       })},
      {"a named asset without a name", "named_as", Named(0, 1, 1)},
      {"a line feed in an alias", "alias", Alias("a\nb")},
      {"DEL in an alias", "alias", Alias("a\x7f")},
      {"an alias that reads as an asset id", "alias", Alias(Sha256("x").ToHex())},
      {"no holders at all", "holders", Holders({})},
      {"a holder twice", "holders.party", Holders({{"a", 1}, {"a", 1}})},
      {"holders out of order", "holders", Holders({{"b", 1}, {"a", 1}})},
      {"a holder who is no party", "holders.party", Holders({{"a b", 1}})},
      {"constrained without a constraint", "constraint",
       Consent([](auto* consent) { consent->status = ConsentStatus::kConstrained; })},
      {"a constraint on what is allowed", "constraint",
       Consent([](auto* consent) { consent->constraint = "c"; })},
      {"no edges under a root of some", "edges_root", Derivation([](auto* derivation) {
         derivation->edge_count = 0;
         derivation->weight_sum = 0;
         derivation->retained = 1;
       })},
      {"an origin that leaves a part unattributed", "unattributed",
       Derivation([](auto* derivation) {
         derivation->edge_count = 0;
         derivation->edges_root = Sha256("");
         derivation->weight_sum = 0;
         derivation->unattributed = 1;
       })},
      {"weights that are all zero", "denominator",
       Derivation([](auto* derivation) { derivation->weight_sum = 0; })},
  };
  for (const Refused& refused : all) {
    CAPTURE(refused.name);
    const absl::Status status = Validate(refused.record);
    CHECK_STATUS(status, absl::StatusCode::kInvalidArgument);
    CHECK(FieldOf(status) == refused.field);
  }
}

TEST_CASE("records: every character that a party id allows passes", "[model]") {
  CHECK_STATUS(CheckPartyId("azAZ09._:@/+%#=~-"), absl::StatusCode::kOk);
  CHECK_STATUS(CheckLedgerName("azAZ09._~/-"), absl::StatusCode::kOk);
  for (int c = 0; c < 256; ++c) {
    const std::string text(1, static_cast<char>(c));
    const bool alphanumeric = c < 128 && std::isalnum(c) != 0;
    const auto among = [&](std::string_view set) {
      return set.find(static_cast<char>(c)) != std::string_view::npos;
    };
    CAPTURE(c);
    CHECK(CheckPartyId(text).ok() == (alphanumeric || among("._:@/+%#=~-")));
    CHECK(CheckLedgerName(text).ok() == (alphanumeric || among("._~/-")));
  }
}

TEST_CASE("sort lists: by canonical bytes, which is not the order of the texts", "[model]") {
  // The quote that ends a text comes after a space and before a letter.
  Record asset = Asset([](AssetRecord* body) {
    body->locations = {"a", "ab", "a b", "a\"", "é"};
    body->attributes = {{"a", "2"}, {"a", "1"}, {"a ", "0"}, {"\x01", "3"}};
  });
  SortLists(&asset);
  const auto& sorted = std::get<AssetRecord>(asset.body);
  CHECK(sorted.locations == std::vector<std::string>{"a b", "a", "a\"", "ab", "é"});
  CHECK(sorted.attributes ==
        std::vector<Attribute>{{"\x01", "3"}, {"a ", "0"}, {"a", "1"}, {"a", "2"}});
}

template <typename T>
void Shuffle(std::vector<T>* list, test::Rng& rng) {
  for (std::size_t i = list->size(); i > 1; --i) std::swap((*list)[i - 1], (*list)[rng.Below(i)]);
}

TEST_CASE("sort lists: any order of the same lists gives the same record", "[model][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 2'000; ++trial) {
    const Record record = test::RandomRecord(rng);
    Record shuffled = record;
    if (auto* party = std::get_if<PartyRecord>(&shuffled.body)) {
      Shuffle(&party->external_ids, rng);
      Shuffle(&party->attributes, rng);
    } else if (auto* asset = std::get_if<AssetRecord>(&shuffled.body)) {
      Shuffle(&asset->locations, rng);
      Shuffle(&asset->attributes, rng);
    } else if (auto* holders = std::get_if<HoldersRecord>(&shuffled.body)) {
      Shuffle(&holders->holders, rng);
    }
    CAPTURE(rng.seed(), trial);
    if (shuffled != record) REQUIRE_FALSE(Validate(shuffled).ok());
    SortLists(&shuffled);
    REQUIRE(shuffled == record);
  }
}

TEST_CASE("identity: one per subject, whatever else the record says", "[model]") {
  const Digest a = Sha256("a");
  const Digest b = Sha256("b");
  const std::vector<RecordBody> distinct = {
      LedgerRecord{},
      PartyRecord{"a", "", {}, {}},
      PartyRecord{"b", "", {}, {}},
      Asset([&](auto* asset) { asset->asset = a; }).body,
      Asset([&](auto* asset) { asset->asset = b; }).body,
      AliasRecord{"a", a},
      AliasRecord{"b", a},
      HoldersRecord{a, {}},
      HoldersRecord{b, {}},
      ConsentRecord{a, "p", ConsentUse::kTraining, ConsentStatus::kAllowed, "", ""},
      ConsentRecord{b, "p", ConsentUse::kTraining, ConsentStatus::kAllowed, "", ""},
      ConsentRecord{a, "q", ConsentUse::kTraining, ConsentStatus::kAllowed, "", ""},
      ConsentRecord{a, "p", ConsentUse::kInference, ConsentStatus::kAllowed, "", ""},
      ConsentRecord{a, "p", ConsentUse::kCommercial, ConsentStatus::kAllowed, "", ""},
      Derivation([&](auto* derivation) { derivation->generated = a; }).body,
      Derivation([&](auto* derivation) { derivation->generated = b; }).body,
      // Texts made to look like another type's identity.
      AliasRecord{"party:a", a},
      PartyRecord{"alias:a", "", {}, {}},
      PartyRecord{"ledger", "", {}, {}},
  };
  std::set<std::string> identities;
  for (const RecordBody& body : distinct) identities.insert(IdentityOf(body));
  CHECK(identities.size() == distinct.size());

  CHECK(IdentityOf(LedgerRecord{7, TimeMs{1}}) == IdentityOf(LedgerRecord{}));
  CHECK(IdentityOf(PartyRecord{"a", "n", {{"k", "v"}}, {}}) ==
        IdentityOf(PartyRecord{"a", "", {}, {}}));
  CHECK(IdentityOf(AliasRecord{"a", a}) == IdentityOf(AliasRecord{"a", b}));
  CHECK(IdentityOf(HoldersRecord{a, {{"p", 1}}}) == IdentityOf(HoldersRecord{a, {}}));
  CHECK(
      IdentityOf(ConsentRecord{a, "p", ConsentUse::kTraining, ConsentStatus::kObjected, "", "s"}) ==
      IdentityOf(ConsentRecord{a, "p", ConsentUse::kTraining, ConsentStatus::kAllowed, "", ""}));
}

TEST_CASE("names: every enumerator there and back", "[model]") {
  const auto check = [](auto count, auto first) {
    using Enum = decltype(first);
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = static_cast<Enum>(i);
      CHECK(FromName<Enum>(ToName(value)) == value);
      names.insert(ToName(value));
    }
    CHECK(names.size() == count);
    CHECK_FALSE(FromName<Enum>("").has_value());
    CHECK_FALSE(FromName<Enum>("Work").has_value());
  };
  check(kAssetKindCount, AssetKind{});
  check(std::size_t{5}, IdMethod{});
  check(kRoleCount, Role{});
  check(kBasisCount, Basis{});
  check(std::size_t{3}, ConsentUse{});
  check(std::size_t{3}, ConsentStatus{});
  check(std::size_t{2}, RoleSharing{});
  check(std::size_t{2}, AbsentPart{});
  check(std::size_t{3}, UndisclosedRule{});
  check(std::size_t{2}, UnclaimedRule{});
  check(std::size_t{2}, EscrowOutcome{});
  check(std::size_t{3}, AdjustmentMode{});
  check(std::size_t{2}, HoldOutcome{});
  check(std::size_t{3}, PayoutState{});
  CHECK(AllNames<ConsentUse>() == "training inference commercial");
}

}  // namespace
}  // namespace tributary
