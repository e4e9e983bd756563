// A derivation of many inputs: its edges are stored unseen, and one record makes them real.

#include <algorithm>

#include "graph/merkle/merkle.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_impl.h"
#include "storage/pool_builder.h"

namespace tributary {

class EdgeStage::Impl {
 public:
  Impl(Ledger::Impl* ledger, StageId stage, Record record, SubmitOptions options,
       std::optional<PrivateDetails> details, std::optional<TimeMs> accepted_time)
      : ledger_(ledger),
        stage_(stage),
        record_(std::move(record)),
        options_(options),
        details_(std::move(details)),
        accepted_time_(accepted_time),
        checker_(derivation().generated),
        pool_([this](std::uint64_t page, std::uint32_t run,
                     const std::vector<std::uint64_t>& members) {
          PutRow(keys::PoolMembers(page, stage_, run), EncodeAscending(members), &batch_);
          PutRow(keys::StagePoolEntry(stage_, page, run), "", &batch_);
        }) {}

  ~Impl() {
    // What can not be discarded now is discarded when the ledger is opened again.
    if (!finished_) ledger_->DiscardStage(stage_).IgnoreError();
    ledger_->LeaveStage();
  }

  // After an error the stage is at an unknown place in the list: it takes nothing more.
  absl::Status Add(std::span<const Edge> edges, std::vector<AssetNumber>* inputs) {
    if (failure_.ok()) failure_ = AddAll(edges, inputs);
    return failure_;
  }

  absl::StatusOr<Finished> Finish(const DeclaredEdges& declared, const Check& check) {
    TRIBUTARY_RETURN_IF_ERROR(failure_);
    TRIBUTARY_RETURN_IF_ERROR(FlushChunk());
    PreparedFact fact;
    fact.pool_pages = pool_.Finish();
    TRIBUTARY_RETURN_IF_ERROR(FlushBatch());
    derivation().edge_count = checker_.count();
    derivation().weight_sum = checker_.weight_sum();
    derivation().edges_root = tree_.Root();
    TRIBUTARY_RETURN_IF_ERROR(CheckDeclared(declared, derivation()));
    TRIBUTARY_RETURN_IF_ERROR(Validate(record_));
    fact.bytes = EncodeRecord(record_);
    fact.id = RecordId(fact.bytes);
    if (check) TRIBUTARY_RETURN_IF_ERROR(check(fact.id));
    fact.record = record_;
    fact.details = details_;
    fact.stage = stage_;
    fact.accepted_time = accepted_time_;
    std::vector<PreparedFact> facts;
    facts.push_back(std::move(fact));
    auto results = ledger_->RecordAll(std::move(facts), {});
    TRIBUTARY_RETURN_IF_ERROR(results.front().status());
    // A derivation that was recorded before keeps its own edges; these are discarded.
    finished_ = !results.front()->already_recorded;
    return Finished{*results.front(), derivation()};
  }

  void Abandon() { finished_ = true; }  // unknown outcome: opening the ledger again decides

 private:
  DerivationRecord& derivation() { return std::get<DerivationRecord>(record_.body); }

  absl::Status AddAll(std::span<const Edge> edges, std::vector<AssetNumber>* inputs) {
    constexpr std::size_t kResolveCount = kEdgeChunkSize;
    for (std::size_t at = 0; at < edges.size(); at += kResolveCount) {
      const auto part = edges.subspan(at, std::min(kResolveCount, edges.size() - at));
      TRIBUTARY_RETURN_IF_ERROR(CheckEdges(part));
      TRIBUTARY_ASSIGN_OR_RETURN(const auto numbers, Resolve(part));
      for (std::size_t i = 0; i < part.size(); ++i) {
        TRIBUTARY_RETURN_IF_ERROR(Append(part[i], numbers[i]));
      }
      if (inputs != nullptr) inputs->insert(inputs->end(), numbers.begin(), numbers.end());
    }
    return absl::OkStatus();
  }

  absl::Status CheckEdges(std::span<const Edge> edges) {
    if (checker_.count() + edges.size() > kEdgeCountMax) {
      return FieldError(absl::StatusCode::kResourceExhausted, "edges",
                        StrCat("more than ", checker_.count(), " edges"),
                        StrCat("at most edge_count_max = ", kEdgeCountMax));
    }
    for (const Edge& edge : edges) {
      TRIBUTARY_RETURN_IF_ERROR(checker_.Add(edge));
      edge_bytes_.clear();
      AppendEdgeBytes(edge, checker_.weight_sum(), &edge_bytes_);
      hashes_.push_back(LeafHash(edge_bytes_));
      cumulative_.push_back(checker_.weight_sum());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<AssetNumber>> Resolve(std::span<const Edge> edges) {
    TRIBUTARY_ASSIGN_OR_RETURN(auto found, Find(edges));
    std::vector<PreparedFact> unknown;
    for (std::size_t i = 0; i < edges.size(); ++i) {
      if (found[i].has_value()) continue;
      if (!options_.allow_unknown_inputs) {
        return FieldError(absl::StatusCode::kNotFound,
                          StrCat("edges[", resolved_count_ + i, "].input"), edges[i].input.ToHex(),
                          "the id of an asset that is recorded");
      }
      unknown.push_back(UnknownAssetFact(record_.ledger, edges[i].input));
      unknown.back().accepted_time = accepted_time_;
    }
    if (!unknown.empty()) {
      for (const auto& result : ledger_->RecordAll(std::move(unknown), {})) {
        // Another writer may have recorded it as something better meanwhile.
        if (!result.ok() && !absl::IsAlreadyExists(result.status())) return result.status();
      }
      TRIBUTARY_ASSIGN_OR_RETURN(found, Find(edges));
    }
    resolved_count_ += edges.size();
    std::vector<AssetNumber> numbers;
    for (const auto& number : found) {
      if (!number.has_value()) return absl::InternalError("a recorded input can not be found");
      numbers.push_back(*number);
    }
    return numbers;
  }

  absl::StatusOr<std::vector<std::optional<AssetNumber>>> Find(std::span<const Edge> edges) {
    const auto published = ledger_->published();
    std::vector<OwnedKey> owned;
    std::vector<CellKey> cells;
    for (const Edge& edge : edges) owned.push_back(keys::AssetNumberOf(edge.input));
    for (const OwnedKey& key : owned) cells.push_back(key.view());
    std::vector<std::optional<std::string>> values;
    TRIBUTARY_RETURN_IF_ERROR(published.snapshot->MultiGet(cells, &values));
    std::vector<std::optional<AssetNumber>> numbers(edges.size());
    for (std::size_t i = 0; i < edges.size(); ++i) {
      if (!values[i].has_value()) continue;
      TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, Unseal(cells[i], *values[i]));
      TRIBUTARY_ASSIGN_OR_RETURN(const auto number, Decoded(DecodePosition(payload), owned[i]));
      numbers[i] = AssetNumber{number};
    }
    return numbers;
  }

  absl::Status Append(const Edge& edge, AssetNumber number) {
    const std::size_t i = appended_++;
    chunk_.inputs.push_back(number);
    chunk_.cumulative_weights.push_back(cumulative_[i]);
    chunk_.roles.push_back(edge.role);
    chunk_.bases.push_back(edge.basis);
    chunk_tree_.Append(hashes_[i]);
    tree_.Append(hashes_[i]);
    pool_.Add(number);
    if (appended_ == hashes_.size()) {
      hashes_.clear();
      cumulative_.clear();
      appended_ = 0;
    }
    return chunk_.count() == kEdgeChunkSize ? FlushChunk() : absl::OkStatus();
  }

  absl::Status FlushChunk() {
    if (chunk_.count() == 0) return absl::OkStatus();
    // The chunk states the cumulative weight before it, so it is encoded behind a sentinel edge.
    EdgeList list;
    list.inputs.push_back(AssetNumber{0});
    list.cumulative_weights.push_back(cumulative_before_);
    list.roles.push_back(Role::kOther);
    list.bases.push_back(Basis::kNone);
    list.inputs.insert(list.inputs.end(), chunk_.inputs.begin(), chunk_.inputs.end());
    list.cumulative_weights.insert(list.cumulative_weights.end(), chunk_.cumulative_weights.begin(),
                                   chunk_.cumulative_weights.end());
    list.roles.insert(list.roles.end(), chunk_.roles.begin(), chunk_.roles.end());
    list.bases.insert(list.bases.end(), chunk_.bases.begin(), chunk_.bases.end());
    PutRow(keys::EdgeChunk(stage_, chunk_count_++),
           EncodeEdgeChunk(chunk_tree_.Root(), list, 1, list.count()), &batch_);
    cumulative_before_ = chunk_.cumulative_weights.back();
    chunk_ = EdgeList();
    chunk_tree_ = TreeFrontier();
    return batch_.byte_count() < kBatchSize ? absl::OkStatus() : FlushBatch();
  }

  absl::Status FlushBatch() {
    if (batch_.empty()) return absl::OkStatus();
    TRIBUTARY_RETURN_IF_ERROR(ledger_->options.CheckAdmitted());
    TRIBUTARY_RETURN_IF_ERROR(ledger_->store->Commit(batch_));
    batch_ = WriteBatch();
    return absl::OkStatus();
  }

  static constexpr std::size_t kBatchSize = 4u << 20;  // bytes of one commit of chunks

  Ledger::Impl* ledger_;
  StageId stage_;
  Record record_;
  SubmitOptions options_;
  std::optional<PrivateDetails> details_;
  std::optional<TimeMs> accepted_time_;
  EdgeChecker checker_;
  TreeFrontier tree_;  // over all edges
  std::uint64_t resolved_count_ = 0;
  // Checked, not yet appended.
  std::string edge_bytes_;
  std::vector<Digest> hashes_;
  std::vector<std::uint64_t> cumulative_;
  std::size_t appended_ = 0;
  // The chunk being filled.
  EdgeList chunk_;
  TreeFrontier chunk_tree_;
  std::uint64_t cumulative_before_ = 0;
  std::uint32_t chunk_count_ = 0;
  WriteBatch batch_;
  PoolBuilder pool_;
  bool finished_ = false;
  absl::Status failure_;
};

EdgeStage::EdgeStage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EdgeStage::~EdgeStage() = default;

absl::Status EdgeStage::Add(std::span<const Edge> edges, std::vector<AssetNumber>* inputs) {
  return impl_->Add(edges, inputs);
}

absl::StatusOr<EdgeStage::Finished> EdgeStage::Finish(const DeclaredEdges& declared,
                                                      const Check& check) {
  auto finished = impl_->Finish(declared, check);
  if (finished.status().code() == absl::StatusCode::kUnavailable) impl_->Abandon();
  return finished;
}

absl::StatusOr<std::unique_ptr<EdgeStage>> Ledger::BeginDerivation(
    const Record& record, const SubmitOptions& options, std::optional<PrivateDetails> details,
    std::optional<TimeMs> accepted_time) {
  const auto* derivation = std::get_if<DerivationRecord>(&record.body);
  if (derivation == nullptr) {
    return InvalidField("type", TypeName(record.body), "a derivation");
  }
  if (record.ledger != name_) return InvalidField("ledger", Quoted(record.ledger), name_);
  if (details.has_value() && record.details_digest != DetailsDigest(*details)) {
    return InvalidField("details_digest", "another digest", "SHA-256(salt || content)");
  }
  const Impl::Published published = impl_->published();
  const auto view = impl_->View(published, published.head.tree_size, nullptr);
  TRIBUTARY_RETURN_IF_ERROR(view->RequireAsset(derivation->generated, "generated").status());
  TRIBUTARY_RETURN_IF_ERROR(impl_->EnterStage());
  const absl::StatusOr<StageId> allocated = impl_->AllocateStage();
  if (!allocated.ok()) {
    impl_->LeaveStage();
    return allocated.status();
  }
  const StageId stage = *allocated;
  return std::unique_ptr<EdgeStage>(new EdgeStage(std::make_unique<EdgeStage::Impl>(
      impl_.get(), stage, record, options, std::move(details), accepted_time)));
}

}  // namespace tributary
