#include "storage/ledger_state.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "graph/merkle/merkle.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/model/uint128.h"

namespace tributary {
namespace {

// What of a record an error shows: two records that differ should differ to the eye.
constexpr std::size_t kShownRecordSizeMax = 1024;

// Rows expected for each fact of a batch: an asset has five, a derivation of two inputs six.
constexpr std::size_t kRowsPerFact = 6;

absl::Status NotRecorded(const Digest& asset, std::string_view field) {
  return FieldError(absl::StatusCode::kNotFound, field, asset.ToHex(),
                    "the id of an asset that is recorded");
}

std::string Shown(std::string_view bytes) {
  if (bytes.size() <= kShownRecordSizeMax) return std::string(bytes);
  return StrCat(bytes.substr(0, kShownRecordSizeMax), "… (", bytes.size(), " bytes)");
}

}  // namespace

LedgerState::LedgerState(const Snapshot* base, const ChangedRows* pending, std::string ledger,
                         const HeadRow& head, LogTreeAppender* tree, Options options)
    : base_(base),
      pending_(pending),
      ledger_(std::move(ledger)),
      head_(head),
      tree_(tree),
      options_(options) {
  TRIBUTARY_CHECK(tree_->size() == head_.tree_size.value);
}

LedgerState::~LedgerState() = default;

// --- Rows ---

absl::Status LedgerState::FetchAll(std::vector<OwnedKey> keys) {
  std::vector<std::pair<KeyPlace, OwnedKey*>> missing;
  for (OwnedKey& key : keys) {
    if (rows_.Find(key.view()) != nullptr) continue;
    const ChangedRows::Row* before = pending_ == nullptr ? nullptr : pending_->Find(key.view());
    if (before != nullptr && before->is_changed) {
      rows_.FindOrAdd(std::move(key)).payload = before->payload;
    } else {
      missing.emplace_back(KeyPlace(key), &key);
    }
  }
  std::sort(missing.begin(), missing.end(), PrecedesInKey<OwnedKey*>);
  const auto is_same = [](const auto& a, const auto& b) { return !(a.first < b.first); };
  missing.erase(std::unique(missing.begin(), missing.end(), is_same), missing.end());
  std::vector<CellKey> cells;
  cells.reserve(missing.size());
  for (const auto& [place, key] : missing) cells.push_back(key->view());
  std::vector<std::optional<std::string>> values;
  TRIBUTARY_RETURN_IF_ERROR(base_->MultiGet(cells, &values));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::optional<std::string> payload = std::move(values[i]);
    if (payload.has_value()) {
      TRIBUTARY_ASSIGN_OR_RETURN(const std::string_view unsealed, Unseal(cells[i], *payload));
      payload->resize(unsealed.size());
    }
    rows_.FindOrAdd(std::move(*missing[i].second)).payload = std::move(payload);
  }
  return absl::OkStatus();
}

absl::StatusOr<const std::string*> LedgerState::Get(const OwnedKey& key) {
  const ChangedRows::Row* row = rows_.Find(key.view());
  if (row == nullptr) {
    TRIBUTARY_RETURN_IF_ERROR(FetchAll({key}));
    row = rows_.Find(key.view());
  }
  return row->payload.has_value() ? &*row->payload : nullptr;
}

void LedgerState::Put(OwnedKey key, std::string payload) {
  changed_size_ += payload.size() + key.row.size() + key.column.size();
  ChangedRows::Row& row = rows_.FindOrAdd(std::move(key));
  row.payload = std::move(payload);
  row.is_changed = true;
}

ChangedRows LedgerState::TakeRows() {
  ++head_.sequence;
  tree_->Flush([this](const OwnedKey& key, std::string payload) { Put(key, std::move(payload)); });
  head_.root = tree_->Root();
  Put(keys::Head(), EncodeHead(head_));
  return std::move(rows_);
}

absl::Status LedgerState::Prefetch(std::span<const PreparedFact> facts) {
  rows_.Reserve(rows_.count() + kRowsPerFact * facts.size());
  std::vector<OwnedKey> first;
  const auto name_asset = [&first](const Digest& id) { first.push_back(keys::AssetNumberOf(id)); };
  for (const PreparedFact& fact : facts) {
    first.push_back(keys::RecordPosition(fact.id));
    for (const Edge& edge : fact.edges) name_asset(edge.input);
    if (const auto* asset = std::get_if<AssetRecord>(&fact.record.body))
      name_asset(asset->asset);
    else if (const auto* alias = std::get_if<AliasRecord>(&fact.record.body))
      name_asset(alias->asset);
    else if (const auto* held = std::get_if<HoldersRecord>(&fact.record.body))
      name_asset(held->asset);
    else if (const auto* consent = std::get_if<ConsentRecord>(&fact.record.body))
      name_asset(consent->asset);
    else if (const auto* made = std::get_if<DerivationRecord>(&fact.record.body))
      name_asset(made->generated);
    else if (const auto* sale = std::get_if<SaleRecord>(&fact.record.body))
      name_asset(sale->asset);
  }
  TRIBUTARY_RETURN_IF_ERROR(FetchAll(std::move(first)));
  std::vector<OwnedKey> second;
  for (const PreparedFact& fact : facts) {
    const auto* derivation = std::get_if<DerivationRecord>(&fact.record.body);
    if (derivation == nullptr) {
      if (!std::holds_alternative<AssetRecord>(fact.record.body)) {
        second.push_back(keys::IdentityHead(IdentityOf(fact.record.body)));
      }
      continue;
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const auto generated, FindAsset(derivation->generated));
    if (generated.has_value()) {
      second.push_back(keys::AssetStateOf(*generated));
      second.push_back(keys::ConsumerHead(*generated));
      second.push_back(keys::PoolHead(generated->value / keys::kAssetPageSize));
    }
    for (const Edge& edge : fact.edges) {
      TRIBUTARY_ASSIGN_OR_RETURN(const auto input, FindAsset(edge.input));
      if (input.has_value()) second.push_back(keys::ConsumerHead(*input));
    }
  }
  return FetchAll(std::move(second));
}

// --- Lookups ---

absl::StatusOr<std::optional<AssetNumber>> LedgerState::FindAsset(const Digest& id) {
  const auto known = asset_numbers_.find(id);
  if (known != asset_numbers_.end()) return std::optional(known->second);
  const OwnedKey key = keys::AssetNumberOf(id);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string* payload, Get(key));
  if (payload == nullptr) return std::optional<AssetNumber>();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto number, Decoded(DecodePosition(*payload), key));
  asset_numbers_.emplace(id, AssetNumber{number});
  return std::optional(AssetNumber{number});
}

absl::StatusOr<AssetNumber> LedgerState::RequireAsset(const Digest& id, std::string_view field) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto number, FindAsset(id));
  if (!number.has_value()) return NotRecorded(id, field);
  return *number;
}

absl::Status LedgerState::RequireParty(const std::string& party, std::string_view field) {
  PartyRecord body;
  body.party = party;
  TRIBUTARY_ASSIGN_OR_RETURN(const Chain chain, IdentityChain(IdentityOf(body)));
  if (chain.head.count == 0) {
    return FieldError(absl::StatusCode::kNotFound, field, party, "a party that is recorded");
  }
  return absl::OkStatus();
}

absl::StatusOr<AssetStateRow> LedgerState::GetAsset(AssetNumber asset) {
  const OwnedKey key = keys::AssetStateOf(asset);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string* payload, Get(key));
  if (payload == nullptr) return MissingRow(key);
  return Decoded(DecodeAssetState(*payload), key);
}

void LedgerState::PutAsset(AssetNumber asset, const AssetStateRow& state) {
  Put(keys::AssetStateOf(asset), EncodeAssetState(state));
  changed_assets_[asset] = state;
}

absl::StatusOr<LedgerState::Chain> LedgerState::IdentityChain(const std::string& identity) {
  const OwnedKey key = keys::IdentityHead(identity);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string* payload, Get(key));
  Chain chain;
  if (payload != nullptr) {
    TRIBUTARY_ASSIGN_OR_RETURN(chain.head, Decoded(DecodeVersionHead(*payload), key));
  }
  chain.version_key = [identity](std::uint32_t version) {
    return keys::IdentityVersion(identity, version);
  };
  return chain;
}

// --- Steps that all facts share ---

absl::StatusOr<std::optional<Receipt>> LedgerState::FindDuplicate(const PreparedFact& fact) {
  const OwnedKey key = keys::RecordPosition(fact.id);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string* payload, Get(key));
  if (payload == nullptr) return std::optional<Receipt>();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto position, Decoded(DecodePosition(*payload), key));
  const OwnedKey entry_key = keys::LogEntry(LogPosition{position});
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string* entry_payload, Get(entry_key));
  if (entry_payload == nullptr) return MissingRow(entry_key);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto entry, Decoded(DecodeLogEntry(*entry_payload), entry_key));
  if (entry.record_bytes != fact.bytes) {
    return DamagedRow(entry_key.view(), "another record stands where this one was recorded");
  }
  Receipt receipt{fact.id, LogPosition{position}, entry.time, head_.tree_size, true};
  return std::optional(receipt);
}

absl::Status LedgerState::CheckSupersedes(const Chain& chain, const PreparedFact& fact) {
  const std::optional<Digest>& supersedes = fact.record.supersedes;
  if (chain.head.count == 0) {
    if (!supersedes.has_value()) return absl::OkStatus();
    return FieldError(absl::StatusCode::kAborted, "supersedes", supersedes->ToHex(),
                      "nothing: no record is in force under this identity");
  }
  const OwnedKey key = keys::LogEntry(chain.head.newest);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string* payload, Get(key));
  if (payload == nullptr) return MissingRow(key);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto in_force, Decoded(DecodeLogEntry(*payload), key));
  if (supersedes == in_force.record_id) return absl::OkStatus();
  if (supersedes.has_value()) {
    return FieldError(absl::StatusCode::kAborted, "supersedes", supersedes->ToHex(),
                      StrCat("the record in force: ", in_force.record_id.ToHex(),
                             " at log position ", chain.head.newest.value));
  }
  return FieldError(
      absl::StatusCode::kAlreadyExists, TypeName(fact.record.body),
      StrCat("other content under an identity in force: ", Shown(fact.bytes)),
      StrCat("the same content as record ", in_force.record_id.ToHex(), " at log position ",
             chain.head.newest.value, " (", Shown(in_force.record_bytes), ")",
             IsFinal(fact.record.body) ? "" : ", or supersedes naming it"));
}

LogPosition LedgerState::AppendLog(const PreparedFact& fact, TimeMs now) {
  const LogPosition position{head_.tree_size.value};
  tree_->Append(LeafHash(LeafData(fact.id, now)),
                [this](const OwnedKey& key, std::string payload) { Put(key, std::move(payload)); });
  Put(keys::LogEntry(position), EncodeLogEntry(fact.id, now, fact.bytes));
  Put(keys::RecordPosition(fact.id), EncodePosition(position.value));
  if (fact.details.has_value()) {
    Put(keys::Details(*fact.record.details_digest), fact.details->salt + fact.details->bytes);
  }
  ++head_.tree_size.value;
  ++head_.record_counts[fact.record.body.index()];
  head_.time = now;
  return position;
}

void LedgerState::AddVersion(Chain* chain, LogPosition position) {
  if (chain->head.count > 0) {
    Put(chain->version_key(chain->head.count - 1), EncodePosition(chain->head.newest.value));
  }
  ++chain->head.count;
  chain->head.newest = position;
}

void LedgerState::PutIdentity(const std::string& identity, const Chain& chain) {
  Put(keys::IdentityHead(identity), EncodeVersionHead(chain.head));
}

// --- Facts ---

absl::StatusOr<Receipt> LedgerState::Apply(const PreparedFact& fact, TimeMs now,
                                           bool allow_unknown_inputs) {
  if (fact.record.ledger != ledger_) {
    return InvalidField("ledger", Quoted(fact.record.ledger), ledger_);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto duplicate, FindDuplicate(fact));
  if (duplicate.has_value()) return *duplicate;
  const TimeMs time = fact.accepted_time.value_or(now);
  if (time < head_.time) {
    return InvalidField("accepted_time", FormatTime(time),
                        StrCat("not before the last record's: ", FormatTime(head_.time)));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const LogPosition position,
                             ApplyBody(fact, time, allow_unknown_inputs));
  return Receipt{fact.id, position, time, head_.tree_size, false};
}

absl::StatusOr<LogPosition> LedgerState::ApplyBody(const PreparedFact& fact, TimeMs now,
                                                   bool allow_unknown) {
  const RecordBody& body = fact.record.body;
  if (std::holds_alternative<LedgerRecord>(body)) return ApplyLedger(fact, now);
  if (std::holds_alternative<PartyRecord>(body)) return ApplyParty(fact, now);
  if (std::holds_alternative<AssetRecord>(body)) return ApplyAsset(fact, now);
  if (std::holds_alternative<AliasRecord>(body)) return ApplyAlias(fact, now);
  if (std::holds_alternative<HoldersRecord>(body)) return ApplyHolders(fact, now);
  if (std::holds_alternative<ConsentRecord>(body)) return ApplyConsent(fact, now);
  if (std::holds_alternative<DerivationRecord>(body)) {
    return ApplyDerivation(fact, now, allow_unknown);
  }
  return ApplySettlement(fact, now);
}

absl::StatusOr<LogPosition> LedgerState::ApplyLedger(const PreparedFact& fact, TimeMs now) {
  if (head_.tree_size.value != 0) {
    return FieldError(absl::StatusCode::kAlreadyExists, "type", "a second ledger record",
                      "one, at log position 0");
  }
  return AppendLog(fact, now);
}

absl::StatusOr<LogPosition> LedgerState::ApplyParty(const PreparedFact& fact, TimeMs now) {
  const std::string identity = IdentityOf(fact.record.body);
  TRIBUTARY_ASSIGN_OR_RETURN(Chain chain, IdentityChain(identity));
  TRIBUTARY_RETURN_IF_ERROR(CheckSupersedes(chain, fact));
  const LogPosition position = AppendLog(fact, now);
  if (chain.head.count == 0) {
    Put(keys::PartyListEntry(std::get<PartyRecord>(fact.record.body).party),
        EncodePosition(position.value));
  }
  AddVersion(&chain, position);
  PutIdentity(identity, chain);
  return position;
}

void LedgerState::PutName(const AssetRecord& asset, AssetNumber number) {
  if (!asset.name.empty()) Put(keys::NameEntry(asset.name, number), "");
}

absl::StatusOr<LogPosition> LedgerState::ApplyAsset(const PreparedFact& fact, TimeMs now) {
  const auto& asset = std::get<AssetRecord>(fact.record.body);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto number, FindAsset(asset.asset));
  if (!number.has_value()) {
    TRIBUTARY_RETURN_IF_ERROR(CheckSupersedes(Chain{}, fact));
    const LogPosition position = AppendLog(fact, now);
    const AssetNumber fresh{position.value};
    AssetStateRow state;
    state.id = asset.asset;
    state.kind = asset.kind;
    state.asset = {1, position};
    Put(keys::AssetNumberOf(asset.asset), EncodePosition(fresh.value));
    asset_numbers_.emplace(asset.asset, fresh);
    PutAsset(fresh, state);
    PutName(asset, fresh);
    ++head_.asset_count;
    return position;
  }
  TRIBUTARY_ASSIGN_OR_RETURN(AssetStateRow state, GetAsset(*number));
  Chain chain{state.asset, [asset_number = *number](std::uint32_t version) {
                return keys::AssetVersion(keys::VersionTag::kAsset, asset_number, version);
              }};
  TRIBUTARY_RETURN_IF_ERROR(CheckSupersedes(chain, fact));
  const LogPosition position = AppendLog(fact, now);
  AddVersion(&chain, position);
  state.asset = chain.head;
  state.kind = asset.kind;
  PutAsset(*number, state);
  PutName(asset, *number);
  return position;
}

absl::StatusOr<LogPosition> LedgerState::ApplyAlias(const PreparedFact& fact, TimeMs now) {
  const auto& alias = std::get<AliasRecord>(fact.record.body);
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber number, RequireAsset(alias.asset, "asset"));
  TRIBUTARY_ASSIGN_OR_RETURN(AssetStateRow state, GetAsset(number));
  const std::string identity = IdentityOf(fact.record.body);
  TRIBUTARY_ASSIGN_OR_RETURN(Chain chain, IdentityChain(identity));
  TRIBUTARY_RETURN_IF_ERROR(CheckSupersedes(chain, fact));
  const OwnedKey entry = keys::AssetAliasEntry(number, alias.alias);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string* known, Get(entry));
  const LogPosition position = AppendLog(fact, now);
  if (known == nullptr) {
    Put(entry, "");
    ++state.alias_count;
    PutAsset(number, state);
  }
  if (chain.head.count == 0) {
    Put(keys::AliasListEntry(alias.alias), EncodePosition(position.value));
  }
  AddVersion(&chain, position);
  PutIdentity(identity, chain);
  return position;
}

absl::StatusOr<LogPosition> LedgerState::ApplyHolders(const PreparedFact& fact, TimeMs now) {
  const auto& holders = std::get<HoldersRecord>(fact.record.body);
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber number, RequireAsset(holders.asset, "asset"));
  TRIBUTARY_ASSIGN_OR_RETURN(AssetStateRow state, GetAsset(number));
  Chain chain{state.holders, [number](std::uint32_t version) {
                return keys::AssetVersion(keys::VersionTag::kHolders, number, version);
              }};
  TRIBUTARY_RETURN_IF_ERROR(CheckSupersedes(chain, fact));
  for (const Holder& holder : holders.holders) {
    TRIBUTARY_RETURN_IF_ERROR(RequireParty(holder.party, "holders.party"));
  }
  const LogPosition position = AppendLog(fact, now);
  for (const Holder& holder : holders.holders) {
    Put(keys::PartyAssetEntry(holder.party, number), "");
  }
  AddVersion(&chain, position);
  state.holders = chain.head;
  PutAsset(number, state);
  return position;
}

absl::StatusOr<LogPosition> LedgerState::ApplyConsent(const PreparedFact& fact, TimeMs now) {
  const auto& consent = std::get<ConsentRecord>(fact.record.body);
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber number, RequireAsset(consent.asset, "asset"));
  TRIBUTARY_RETURN_IF_ERROR(RequireParty(consent.party, "party"));
  TRIBUTARY_ASSIGN_OR_RETURN(AssetStateRow state, GetAsset(number));
  const std::string identity = IdentityOf(fact.record.body);
  TRIBUTARY_ASSIGN_OR_RETURN(Chain chain, IdentityChain(identity));
  TRIBUTARY_RETURN_IF_ERROR(CheckSupersedes(chain, fact));
  const LogPosition position = AppendLog(fact, now);
  if (chain.head.count == 0) {
    Put(keys::ConsentEntry(number, StrCat(ToName(consent.use), ":", consent.party)), "");
    ++state.consent_count;
    PutAsset(number, state);
  }
  AddVersion(&chain, position);
  PutIdentity(identity, chain);
  return position;
}

absl::StatusOr<LogPosition> LedgerState::ApplyDerivation(const PreparedFact& fact, TimeMs now,
                                                         bool allow_unknown) {
  const auto& derivation = std::get<DerivationRecord>(fact.record.body);
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber generated,
                             RequireAsset(derivation.generated, "generated"));
  TRIBUTARY_ASSIGN_OR_RETURN(AssetStateRow state, GetAsset(generated));
  Chain chain{state.derivation, [generated](std::uint32_t version) {
                return keys::AssetVersion(keys::VersionTag::kDerivation, generated, version);
              }};
  TRIBUTARY_RETURN_IF_ERROR(CheckSupersedes(chain, fact));
  DerivationRow row;
  row.generated = generated;
  row.retained = derivation.retained;
  row.unattributed = derivation.unattributed;
  row.edge_count = derivation.edge_count;
  row.weight_sum = derivation.weight_sum;
  row.stage = fact.stage;
  if (!fact.stage.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(row.edges.inputs, ResolveInputs(fact, now, allow_unknown));
    std::uint64_t sum = 0;
    for (const Edge& edge : fact.edges) {
      row.edges.cumulative_weights.push_back(sum += edge.weight);
      row.edges.roles.push_back(edge.role);
      row.edges.bases.push_back(edge.basis);
    }
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckNoCycle(row));
  const LogPosition position = AppendLog(fact, now);
  Put(keys::Derivation(position), EncodeDerivation(row));
  for (const AssetNumber input : row.edges.inputs) {
    TRIBUTARY_RETURN_IF_ERROR(AddConsumer(input, position));
  }
  if (fact.stage.has_value()) TRIBUTARY_RETURN_IF_ERROR(AddPool(fact, position));
  AddVersion(&chain, position);
  state.derivation = chain.head;
  PutAsset(generated, state);
  head_.edge_count += row.edge_count;
  return position;
}

absl::StatusOr<std::vector<AssetNumber>> LedgerState::ResolveInputs(const PreparedFact& fact,
                                                                    TimeMs now,
                                                                    bool allow_unknown) {
  std::vector<AssetNumber> inputs;
  inputs.reserve(fact.edges.size());
  for (std::size_t i = 0; i < fact.edges.size(); ++i) {
    const Digest& id = fact.edges[i].input;
    TRIBUTARY_ASSIGN_OR_RETURN(const auto number, FindAsset(id));
    if (number.has_value()) {
      inputs.push_back(*number);
      continue;
    }
    if (!allow_unknown) return NotRecorded(id, StrCat("edges[", i, "].input"));
    TRIBUTARY_ASSIGN_OR_RETURN(const LogPosition position,
                               ApplyAsset(UnknownAssetFact(ledger_, id), now));
    inputs.push_back(AssetNumber{position.value});
  }
  return inputs;
}

// --- Downstream ---

absl::Status LedgerState::AddPosition(const OwnedKey& head_key,
                                      absl::FunctionRef<OwnedKey(std::uint32_t)> block_key,
                                      LogPosition position) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string* payload, Get(head_key));
  PositionListRow row;
  if (payload != nullptr) {
    TRIBUTARY_ASSIGN_OR_RETURN(row, Decoded(DecodePositionList(*payload), head_key));
  }
  row.tail.push_back(position.value);
  ++row.count;
  if (row.tail.size() == kPositionBlockSize) {
    Put(block_key(static_cast<std::uint32_t>(row.count / kPositionBlockSize - 1)),
        EncodeAscending(row.tail));
    row.tail.clear();
  }
  Put(head_key, EncodePositionList(row));
  return absl::OkStatus();
}

absl::Status LedgerState::AddConsumer(AssetNumber input, LogPosition derivation) {
  return AddPosition(
      keys::ConsumerHead(input),
      [input](std::uint32_t block) { return keys::ConsumerBlock(input, block); }, derivation);
}

absl::Status LedgerState::AddPool(const PreparedFact& fact, LogPosition derivation) {
  for (const auto& [page, run_count] : fact.pool_pages) {
    const OwnedKey key = keys::PoolHead(page);
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string* payload, Get(key));
    std::vector<PoolEntry> entries;
    if (payload != nullptr) {
      TRIBUTARY_ASSIGN_OR_RETURN(entries, Decoded(DecodePoolHead(*payload), key));
    }
    entries.push_back({*fact.stage, derivation, run_count});
    Put(key, EncodePoolHead(entries));
  }
  return absl::OkStatus();
}

PreparedFact UnknownAssetFact(const std::string& ledger, const Digest& asset) {
  AssetRecord body;
  body.asset = asset;
  body.kind = AssetKind::kUnknown;
  body.id_method = IdMethod::kBare;
  PreparedFact fact;
  fact.record.ledger = ledger;
  fact.record.body = std::move(body);
  fact.bytes = EncodeRecord(fact.record);
  fact.id = RecordId(fact.bytes);
  return fact;
}

}  // namespace tributary
