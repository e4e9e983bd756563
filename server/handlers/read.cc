#include "server/handlers/read.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "graph/model/record_type.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/convert/record.h"
#include "server/convert/scalars.h"
#include "server/handlers/view.h"

namespace tributary::server {
namespace {

constexpr std::size_t kAliasCountMax = 1'000;      // stated with GetAssetResponse.aliases
constexpr std::size_t kMatchCountMax = 16;         // stated with ResolveAssetResponse.matches
constexpr std::size_t kIdPrefixSizeMin = 4;        // hex digits; fewer match half a ledger
constexpr std::size_t kLogBatchRecordCount = 256;  // records read at once by StreamRecords
// Bytes of items in one message of StreamRecords; below the 4 MiB that clients accept by default.
constexpr std::size_t kLogMessageSizeMax = 1u << 20;
constexpr std::size_t kLogEdgeBlockCount = 8'192;  // edges, 42 bytes each: 340 KiB
constexpr std::size_t kLogLineBlockCount = 1'024;  // lines of one item: some 300 kB

absl::Status FillDerivation(const LedgerView& view, AssetNumber asset,
                            v1::GetAssetResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<LogPosition> position,
                             view.DerivationPosition(asset));
  if (!position.has_value()) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, view.ReadRecord(*position));
  TRIBUTARY_ASSIGN_OR_RETURN(const DerivationRecord body, BodyOf<DerivationRecord>(record));
  ToProto(body, response->mutable_derivation());
  ToProto(record, response->mutable_derivation_record());
  return absl::OkStatus();
}

absl::Status FillHolders(const LedgerView& view, AssetNumber asset,
                         v1::GetAssetResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<LogPosition> position,
                             view.HoldersPosition(asset));
  if (!position.has_value()) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, view.ReadRecord(*position));
  TRIBUTARY_ASSIGN_OR_RETURN(const HoldersRecord body, BodyOf<HoldersRecord>(record));
  ToProto(body, response->mutable_holders());
  ToProto(record, response->mutable_holders_record());
  return absl::OkStatus();
}

absl::Status FillConsents(const LedgerView& view, AssetNumber asset,
                          v1::GetAssetResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<StoredRecord> records, view.ReadConsents(asset));
  for (const StoredRecord& record : records) {
    TRIBUTARY_ASSIGN_OR_RETURN(const ConsentRecord body, BodyOf<ConsentRecord>(record));
    ToProto(body, response->add_consents());
  }
  return absl::OkStatus();
}

absl::StatusOr<StoredRecord> RequireRecordOf(const LedgerView& view, std::string_view record_id) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Digest id, DigestFromProto(record_id, "record_id"));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<LogPosition> position, view.FindRecord(id));
  if (!position.has_value()) {
    return FieldError(absl::StatusCode::kNotFound, "record_id", id.ToHex(),
                      StrCat("a record below tree size ", view.tree_size().value));
  }
  return view.ReadRecord(*position);
}

// --- ResolveAsset ---

using MatchedBy = v1::ResolveAssetResponse::MatchedBy;

struct Matches {
  MatchedBy by = v1::ResolveAssetResponse::MATCHED_BY_UNSPECIFIED;
  std::vector<AssetNumber> assets;
};

using Rule = absl::StatusOr<std::vector<AssetNumber>> (*)(const LedgerView&, const std::string&);

absl::StatusOr<std::vector<AssetNumber>> ById(const LedgerView& view, const std::string& text) {
  const absl::StatusOr<Digest> id = Digest::FromHex(text);
  if (!id.ok()) return std::vector<AssetNumber>();
  TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<AssetNumber> asset, view.FindAsset(*id));
  if (!asset.has_value()) return std::vector<AssetNumber>();
  return std::vector<AssetNumber>{*asset};
}

absl::StatusOr<std::vector<AssetNumber>> ByAlias(const LedgerView& view, const std::string& text) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<StoredRecord> record, view.FindAlias(text));
  if (!record.has_value()) return std::vector<AssetNumber>();
  TRIBUTARY_ASSIGN_OR_RETURN(const AliasRecord alias, BodyOf<AliasRecord>(*record));
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber asset, view.RequireAsset(alias.asset, "alias"));
  return std::vector<AssetNumber>{asset};
}

absl::StatusOr<std::vector<AssetNumber>> ByName(const LedgerView& view, const std::string& text) {
  return view.FindByName(text, kMatchCountMax + 1);
}

bool IsLowercaseHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

absl::StatusOr<std::vector<AssetNumber>> ByIdPrefix(const LedgerView& view,
                                                    const std::string& text) {
  const bool is_prefix =
      text.size() >= kIdPrefixSizeMin && text.size() < 2 * kDigestSize && IsLowercaseHex(text);
  if (!is_prefix) return std::vector<AssetNumber>();
  return view.FindByIdPrefix(text, kMatchCountMax + 1);
}

absl::StatusOr<Matches> FindMatches(const LedgerView& view, const std::string& text) {
  static constexpr std::array<std::pair<MatchedBy, Rule>, 4> kRules = {{
      {v1::ResolveAssetResponse::MATCHED_BY_ID, ById},
      {v1::ResolveAssetResponse::MATCHED_BY_ALIAS, ByAlias},
      {v1::ResolveAssetResponse::MATCHED_BY_NAME, ByName},
      {v1::ResolveAssetResponse::MATCHED_BY_ID_PREFIX, ByIdPrefix},
  }};
  for (const auto& [by, rule] : kRules) {
    TRIBUTARY_ASSIGN_OR_RETURN(std::vector<AssetNumber> assets, rule(view, text));
    if (!assets.empty()) return Matches{by, std::move(assets)};
  }
  return Matches{};
}

// --- StreamRecords ---

// Gathers items into messages of about kLogMessageSizeMax.
class LogWriter {
 public:
  explicit LogWriter(Sink<v1::StreamRecordsResponse>& responses) : responses_(responses) {}

  absl::Status Add(v1::LogItem item) {
    size_ += item.ByteSizeLong();
    *message_.add_items() = std::move(item);
    return size_ < kLogMessageSizeMax ? absl::OkStatus() : Flush();
  }

  absl::Status Finish(v1::StreamRecordsSummary summary) {
    *message_.mutable_summary() = std::move(summary);
    return Flush();
  }

 private:
  absl::Status Flush() {
    size_ = 0;
    return responses_.Write(std::exchange(message_, {}));
  }

  Sink<v1::StreamRecordsResponse>& responses_;
  v1::StreamRecordsResponse message_;
  std::size_t size_ = 0;
};

absl::Status WriteEdges(const LedgerView& view, LogPosition position, LogWriter& writer) {
  TRIBUTARY_ASSIGN_OR_RETURN(const DerivationView derivation, view.ReadDerivationAt(position));
  const std::size_t count = derivation.edges->count();
  for (std::size_t first = 0; first < count; first += kLogEdgeBlockCount) {
    TRIBUTARY_ASSIGN_OR_RETURN(
        const std::vector<Edge> edges,
        view.ReadEdges(derivation, first, std::min(kLogEdgeBlockCount, count - first)));
    v1::LogItem item;
    ToProto(edges, item.mutable_edges());
    TRIBUTARY_RETURN_IF_ERROR(writer.Add(std::move(item)));
  }
  return absl::OkStatus();
}

absl::Status WriteLines(const LedgerView& view, const StoredRecord& record, LogWriter& writer) {
  const auto stated = StatedLines(record.record.body);
  if (!stated.has_value()) return absl::OkStatus();
  for (std::uint64_t first = 0; first < stated->line_count; first += kLogLineBlockCount) {
    TRIBUTARY_ASSIGN_OR_RETURN(std::vector<std::string> lines,
                               view.ReadLines(record.position, first, kLogLineBlockCount));
    v1::LogItem item;
    for (std::string& line : lines) item.mutable_lines()->add_lines(std::move(line));
    TRIBUTARY_RETURN_IF_ERROR(writer.Add(std::move(item)));
  }
  return absl::OkStatus();
}

absl::Status WriteDetails(const LedgerView& view, const Record& record, LogWriter& writer) {
  if (!record.details_digest.has_value()) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<PrivateDetails> details,
                             view.ReadDetails(*record.details_digest));
  if (!details.has_value()) return absl::OkStatus();  // never sent, or erased
  v1::LogItem item;
  ToProto(*details, item.mutable_details());
  return writer.Add(std::move(item));
}

absl::Status WriteLogRecord(const LedgerView& view, const v1::StreamRecordsRequest& request,
                            const StoredRecord& record, LogWriter& writer) {
  v1::LogItem item;
  v1::LogRecord* message = item.mutable_record();
  message->set_position(record.position.value);
  message->set_accepted_ms(ToProto(record.accepted_time));
  message->set_canonical_bytes(record.bytes);
  TRIBUTARY_RETURN_IF_ERROR(writer.Add(std::move(item)));
  if (request.include_details()) {
    TRIBUTARY_RETURN_IF_ERROR(WriteDetails(view, record.record, writer));
  }
  if (!request.include_edges()) return absl::OkStatus();
  if (std::holds_alternative<DerivationRecord>(record.record.body)) {
    return WriteEdges(view, record.position, writer);
  }
  return WriteLines(view, record, writer);
}

std::vector<LogPosition> PositionRange(std::uint64_t begin, std::uint64_t end) {
  std::vector<LogPosition> positions;
  positions.reserve(end - begin);
  for (std::uint64_t position = begin; position < end; ++position) {
    positions.push_back(LogPosition{position});
  }
  return positions;
}

}  // namespace

absl::Status GetAsset(Env& env, const v1::GetAssetRequest& request,
                      v1::GetAssetResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view,
                             OpenView(env, request.ledger(), request.at()));
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber asset,
                             FindRequired(*view, request.asset_id(), "asset_id"));
  TRIBUTARY_ASSIGN_OR_RETURN(const LogPosition position, view->AssetRecordPosition(asset));
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, view->ReadRecord(position));
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetRecord body, BodyOf<AssetRecord>(record));
  response->set_tree_size(view->tree_size().value);
  response->set_first_position(asset.value);
  ToProto(body, response->mutable_asset());
  ToProto(record, response->mutable_record());
  TRIBUTARY_RETURN_IF_ERROR(FillDerivation(*view, asset, response));
  TRIBUTARY_RETURN_IF_ERROR(FillHolders(*view, asset, response));
  TRIBUTARY_RETURN_IF_ERROR(FillConsents(*view, asset, response));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<std::string> aliases,
                             view->ReadAliases(asset, kAliasCountMax));
  response->mutable_aliases()->Assign(aliases.begin(), aliases.end());
  return absl::OkStatus();
}

absl::Status GetRecord(Env& env, const v1::GetRecordRequest& request,
                       v1::GetRecordResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view,
                             OpenView(env, request.ledger(), request.at()));
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record,
                             RequireRecordOf(*view, request.record_id()));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<Digest> successor, view->SupersededBy(record));
  response->set_tree_size(view->tree_size().value);
  response->mutable_record()->set_position(record.position.value);
  response->mutable_record()->set_accepted_ms(ToProto(record.accepted_time));
  response->mutable_record()->set_canonical_bytes(record.bytes);
  if (successor.has_value()) response->set_superseded_by(ToProto(*successor));
  return absl::OkStatus();
}

absl::Status GetDetails(Env& env, const v1::GetDetailsRequest& request,
                        v1::GetDetailsResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view,
                             OpenView(env, request.ledger(), request.at()));
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record,
                             RequireRecordOf(*view, request.record_id()));
  std::optional<PrivateDetails> details;
  if (record.record.details_digest.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(details, view->ReadDetails(*record.record.details_digest));
  }
  if (!details.has_value()) {
    return FieldError(absl::StatusCode::kNotFound, "record_id", record.id.ToHex(),
                      "a record whose private details are kept here");
  }
  response->set_tree_size(view->tree_size().value);
  ToProto(*details, response->mutable_details());
  return absl::OkStatus();
}

absl::Status ResolveAlias(Env& env, const v1::ResolveAliasRequest& request,
                          v1::ResolveAliasResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view,
                             OpenView(env, request.ledger(), request.at()));
  TRIBUTARY_RETURN_IF_ERROR(CheckAliasText(request.alias()));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<StoredRecord> record,
                             view->FindAlias(request.alias()));
  if (!record.has_value()) {
    return FieldError(absl::StatusCode::kNotFound, "alias", Quoted(request.alias()),
                      StrCat("an alias recorded below tree size ", view->tree_size().value));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const AliasRecord alias, BodyOf<AliasRecord>(*record));
  response->set_tree_size(view->tree_size().value);
  response->set_asset_id(ToProto(alias.asset));
  ToProto(*record, response->mutable_record());
  return absl::OkStatus();
}

absl::Status ResolveAsset(Env& env, const v1::ResolveAssetRequest& request,
                          v1::ResolveAssetResponse* response) {
  const std::string& text = request.text();
  if (text.empty() || text.size() > kNameSizeMax) {
    return InvalidField("text", StrCat(text.size(), " bytes"), "1 to 1024 bytes");
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view,
                             OpenView(env, request.ledger(), request.at()));
  TRIBUTARY_ASSIGN_OR_RETURN(Matches matches, FindMatches(*view, text));
  response->set_tree_size(view->tree_size().value);
  response->set_matched_by(matches.by);
  response->set_more(matches.assets.size() > kMatchCountMax);
  if (response->more()) matches.assets.resize(kMatchCountMax);
  TRIBUTARY_RETURN_IF_ERROR(AppendSummaries(*view, matches.assets, response->mutable_matches()));
  std::sort(response->mutable_matches()->begin(), response->mutable_matches()->end(),
            [](const v1::AssetSummary& a, const v1::AssetSummary& b) {
              return a.asset_id() < b.asset_id();
            });
  return absl::OkStatus();
}

absl::Status StreamRecords(Env& env, const v1::StreamRecordsRequest& request,
                           Sink<v1::StreamRecordsResponse>& responses) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view,
                             OpenView(env, request.ledger(), request.at()));
  const std::uint64_t end = view->tree_size().value;
  const std::uint64_t begin = std::min(request.start_position(), end);
  LogWriter writer(responses);
  for (std::uint64_t next = begin; next < end;) {
    TRIBUTARY_RETURN_IF_ERROR(env.cancel.status());
    const std::uint64_t stop = std::min<std::uint64_t>(end, next + kLogBatchRecordCount);
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<StoredRecord> records,
                               view->ReadRecords(PositionRange(next, stop)));
    for (const StoredRecord& record : records) {
      TRIBUTARY_RETURN_IF_ERROR(WriteLogRecord(*view, request, record, writer));
    }
    next = stop;
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const Digest root, view->RootHash());
  v1::StreamRecordsSummary summary;
  summary.set_tree_size(end);
  summary.set_root_hash(ToProto(root));
  summary.set_record_count(end - begin);
  return writer.Finish(std::move(summary));
}

}  // namespace tributary::server
