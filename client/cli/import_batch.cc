#include "client/cli/import_batch.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <queue>
#include <tuple>

#include "client/cli/fact_json.h"
#include "graph/merkle/merkle.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

using FactIndex = std::uint32_t;

const DerivationRecord* DerivationOf(const ImportFact& fact) {
  return std::get_if<DerivationRecord>(&fact.record.body);
}

// --- Completing one fact ---

absl::Status PrepareDerivation(ImportFact* fact) {
  auto& derivation = std::get<DerivationRecord>(fact->record.body);
  std::stable_sort(fact->edges.begin(), fact->edges.end(),
                   [](const Edge& a, const Edge& b) { return a.input < b.input; });
  EdgeChecker checker(derivation.generated);
  TreeFrontier tree;
  std::string bytes;
  for (const Edge& edge : fact->edges) {
    if (absl::Status status = checker.Add(edge); !status.ok()) {
      return WithField(
          absl::Status(status.code(), ToAbsl(StrCat(FromAbsl(status.message()), " (input ",
                                                    edge.input.ToHex(), ")"))),
          FieldOf(status));
    }
    bytes.clear();
    AppendEdgeBytes(edge, checker.weight_sum(), &bytes);
    tree.Append(LeafHash(bytes));
  }
  derivation.edges_root = tree.Root();
  return CheckWeights(checker.count(), checker.weight_sum(), derivation.retained,
                      derivation.unattributed);
}

absl::Status PrepareFact(ImportFact* fact) {
  if (DerivationOf(*fact) != nullptr) TRIBUTARY_RETURN_IF_ERROR(PrepareDerivation(fact));
  SortLists(&fact->record);  // ids took the places of aliases
  TRIBUTARY_RETURN_IF_ERROR(Validate(fact->record));
  fact->record_id = RecordId(EncodeRecord(fact->record));
  return absl::OkStatus();
}

// --- Aliases ---

using AliasMap = absl::flat_hash_map<std::string, Digest>;

const AliasReference* SubjectReference(const ImportFact& fact) {
  for (const AliasReference& reference : fact.references) {
    if (reference.index == AliasReference::kSubject) return &reference;
  }
  return nullptr;
}

// What the alias lines of the batch say. A line may itself point at another one's alias: such lines
// are taken up in rounds until nothing new is learnt.
AliasMap AliasesOf(const ImportBatch& batch) {
  AliasMap aliases;
  std::vector<const ImportFact*> open;
  for (const ImportFact& fact : batch.facts) {
    if (std::holds_alternative<AliasRecord>(fact.record.body)) open.push_back(&fact);
  }
  for (std::size_t before = open.size() + 1; open.size() < before;) {
    before = open.size();
    std::erase_if(open, [&aliases](const ImportFact* fact) {
      const auto& alias = std::get<AliasRecord>(fact->record.body);
      const AliasReference* reference = SubjectReference(*fact);
      if (reference == nullptr) {
        aliases.insert_or_assign(alias.alias, alias.asset);
        return true;
      }
      const auto target = aliases.find(reference->alias);
      if (target == aliases.end()) return false;
      aliases.insert_or_assign(alias.alias, Digest(target->second));
      return true;
    });
  }
  return aliases;
}

absl::Status UnknownAliasError(const ImportFact& fact, const AliasReference& reference) {
  const bool is_policy = std::holds_alternative<PolicyRecord>(fact.record.body);
  const std::string field = reference.index == AliasReference::kSubject ? "asset"
                            : is_policy ? StrCat("absolute_terms[", reference.index, "].asset")
                                        : StrCat("edges[", reference.index, "].input");
  return FieldError(absl::StatusCode::kNotFound, field, Quoted(reference.alias),
                    "an asset id (64 lowercase hex digits), or an alias of this import or ledger");
}

// --- References ---

// Where the facts of a batch stand that others may need.
struct FactMap {
  absl::flat_hash_map<Digest, FactIndex> assets;  // the first fact of each
  absl::flat_hash_map<std::string, FactIndex> parties;
  absl::flat_hash_map<std::string, FactIndex> currencies;
  absl::flat_hash_map<Digest, FactIndex> records;      // by record id
  absl::flat_hash_map<Digest, FactIndex> derivations;  // by generated asset, the first of each
};

FactMap MapFacts(const ImportBatch& batch) {
  FactMap map;
  for (FactIndex i = 0; i < batch.facts.size(); ++i) {
    const ImportFact& fact = batch.facts[i];
    map.records.emplace(fact.record_id, i);
    if (const auto* asset = std::get_if<AssetRecord>(&fact.record.body)) {
      map.assets.emplace(asset->asset, i);
    } else if (const auto* party = std::get_if<PartyRecord>(&fact.record.body)) {
      map.parties.emplace(party->party, i);
    } else if (const auto* currency = std::get_if<CurrencyRecord>(&fact.record.body)) {
      map.currencies.emplace(currency->code, i);
    } else if (const auto* derivation = DerivationOf(fact)) {
      map.derivations.emplace(derivation->generated, i);
    }
  }
  return map;
}

// What must be recorded before a fact, beside the inputs of its edges.
struct Needs {
  std::vector<Digest> assets;
  std::vector<std::string> parties;
  std::vector<std::string> currencies;
  std::vector<Digest> records;  // ids
};

void AddNeeds(const HoldersRecord& holders, Needs* needs) {
  for (const Holder& holder : holders.holders) needs->parties.push_back(holder.party);
}
void AddNeeds(const ConsentRecord& consent, Needs* needs) {
  needs->parties.push_back(consent.party);
}
void AddNeeds(const PolicyRecord& policy, Needs* needs) {
  for (const AbsoluteTerm& term : policy.absolute_terms) needs->assets.push_back(term.asset);
  for (const Fee& fee : policy.fees) {
    needs->parties.push_back(fee.party);
    if (!fee.currency.empty()) needs->currencies.push_back(fee.currency);
  }
}
void AddNeeds(const SaleRecord& sale, Needs* needs) {
  needs->currencies.push_back(sale.currency);
  if (sale.policy.has_value()) needs->records.push_back(*sale.policy);
}
void AddNeeds(const EscrowRecord& escrow, Needs* needs) { needs->records.push_back(escrow.sale); }
void AddNeeds(const ReversalRecord& reversal, Needs* needs) {
  needs->records.push_back(reversal.sale);
}
void AddNeeds(const CorrectionRecord& correction, Needs* needs) {
  needs->records.push_back(correction.sale);
  if (correction.policy.has_value()) needs->records.push_back(*correction.policy);
}
void AddNeeds(const HoldRecord& hold, Needs* needs) {
  for (const std::string& party : {hold.party, hold.claimant}) {
    if (!party.empty()) needs->parties.push_back(party);
  }
  for (const std::optional<Digest>& record : {hold.derivation, hold.sale}) {
    if (record.has_value()) needs->records.push_back(*record);
  }
}
void AddNeeds(const HoldReleaseRecord& release, Needs* needs) {
  needs->records.push_back(release.hold);
  for (const Holder& holder : release.recipients) needs->parties.push_back(holder.party);
}
void AddNeeds(const MandateRecord& mandate, Needs* needs) {
  needs->parties.insert(needs->parties.end(), {mandate.party, mandate.collector});
}
void AddNeeds(const AssignmentRecord& assignment, Needs* needs) {
  needs->parties.insert(needs->parties.end(), {assignment.party, assignment.assignee});
}
void AddNeeds(const PartyMergeRecord& merge, Needs* needs) {
  needs->parties.push_back(merge.party);
  if (!merge.into.empty()) needs->parties.push_back(merge.into);
}
void AddNeeds(const PayoutStateRecord& state, Needs* needs) {
  needs->records.push_back(state.batch);
  if (!state.party.empty()) needs->parties.push_back(state.party);
}
// Of other types the subject says it all.
template <typename Body>
void AddNeeds(const Body&, Needs*) {}

Needs NeedsOf(const ImportFact& fact) {
  Needs needs;
  const RecordBody& body = fact.record.body;
  const Digest* subject = SubjectOf(body);
  if (subject != nullptr && !std::holds_alternative<AssetRecord>(body)) {
    needs.assets.push_back(*subject);
  }
  if (fact.record.supersedes.has_value()) needs.records.push_back(*fact.record.supersedes);
  std::visit([&needs](const auto& typed) { AddNeeds(typed, &needs); }, body);
  return needs;
}

// Calls `on_fact` with the index of each fact of the batch that must come before fact `index`; with
// `derivations_too` also the derivations of its inputs, which the server then need not search for a
// cycle.
template <typename OnFact>
void ForEachPredecessor(const ImportBatch& batch, const FactMap& map, FactIndex index,
                        bool derivations_too, OnFact&& on_fact) {
  const ImportFact& fact = batch.facts[index];
  const auto call_if_found = [&](const auto& facts, const auto& key) {
    if (const auto found = facts.find(key); found != facts.end() && found->second != index) {
      on_fact(found->second);
    }
  };
  const Needs needs = NeedsOf(fact);
  for (const Digest& asset : needs.assets) call_if_found(map.assets, asset);
  for (const Edge& edge : fact.edges) call_if_found(map.assets, edge.input);
  for (const std::string& party : needs.parties) call_if_found(map.parties, party);
  for (const std::string& code : needs.currencies) call_if_found(map.currencies, code);
  for (const Digest& record : needs.records) call_if_found(map.records, record);
  if (!derivations_too) return;
  for (const Edge& edge : fact.edges) call_if_found(map.derivations, edge.input);
}

// Whether a record of this type can change what a sale gives whom.
bool IsLineage(const RecordBody& body) {
  return std::holds_alternative<AssetRecord>(body) || std::holds_alternative<HoldersRecord>(body) ||
         std::holds_alternative<DerivationRecord>(body);
}

bool IsOfTable(const ImportBatch& batch, const ImportFact& fact) {
  constexpr std::string_view kEnding = ".csv";
  const std::string_view file = batch.files.at(fact.origin.file);
  return file.size() >= kEnding.size() && file.substr(file.size() - kEnding.size()) == kEnding;
}

bool IsInOrder(const ImportBatch& batch, const FactMap& map) {
  bool in_order = true;
  for (FactIndex i = 0; i < batch.facts.size() && in_order; ++i) {
    ForEachPredecessor(batch, map, i, /*derivations_too=*/false,
                       [&](FactIndex before) { in_order &= before < i; });
  }
  if (!in_order) return false;
  // A sale that names no tree size is valued where it lands. Lines of facts say what came before
  // what; a table of sales does not, so these come after all lineage that comes with them.
  bool has_sale = false;
  for (const ImportFact& fact : batch.facts) {
    const RecordBody& body = fact.record.body;
    if (const auto* sale = std::get_if<SaleRecord>(&body)) {
      has_sale = has_sale || (!sale->tree_size.has_value() && IsOfTable(batch, fact));
    } else if (has_sale && IsLineage(body)) {
      return false;
    }
  }
  return true;
}

// Place of a record's type in an order made here.
std::size_t RankOf(const Record& record) { return record.body.index(); }

// A topological order, smallest (type, place in the input) first; shorter than the batch where
// predecessors form a cycle.
std::vector<FactIndex> SortedOrder(const ImportBatch& batch, const FactMap& map,
                                   bool derivations_too) {
  const std::size_t count = batch.facts.size();
  std::vector<std::uint32_t> open_count(count);
  std::vector<std::vector<FactIndex>> followers(count);
  for (FactIndex i = 0; i < count; ++i) {
    ForEachPredecessor(batch, map, i, derivations_too, [&](FactIndex before) {
      followers[before].push_back(i);
      ++open_count[i];
    });
  }
  using Entry = std::pair<std::size_t, FactIndex>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
  for (FactIndex i = 0; i < count; ++i) {
    if (open_count[i] == 0) ready.emplace(RankOf(batch.facts[i].record), i);
  }
  std::vector<FactIndex> order;
  while (!ready.empty()) {
    const FactIndex next = ready.top().second;
    ready.pop();
    order.push_back(next);
    for (const FactIndex follower : followers[next]) {
      if (--open_count[follower] == 0)
        ready.emplace(RankOf(batch.facts[follower].record), follower);
    }
  }
  return order;
}

// --- Cycles ---

// A cycle among the derivations of the batch, each fact's generated asset an input of the one
// before; empty if there is none. Depth-first without recursion: chains may be long.
std::vector<FactIndex> FindCycle(const ImportBatch& batch, const FactMap& map) {
  enum class Mark : std::uint8_t { kNew, kOnPath, kDone };
  std::vector<Mark> marks(batch.facts.size(), Mark::kNew);
  std::vector<std::pair<FactIndex, std::size_t>> path;  // fact and its next edge
  for (const auto& [generated, start] : map.derivations) {
    if (marks[start] != Mark::kNew) continue;
    path.emplace_back(start, 0);
    marks[start] = Mark::kOnPath;
    while (!path.empty()) {
      auto& [fact, next_edge] = path.back();
      if (next_edge == batch.facts[fact].edges.size()) {
        marks[fact] = Mark::kDone;
        path.pop_back();
        continue;
      }
      const auto input = map.derivations.find(batch.facts[fact].edges[next_edge++].input);
      if (input == map.derivations.end() || marks[input->second] == Mark::kDone) continue;
      if (marks[input->second] == Mark::kNew) {
        marks[input->second] = Mark::kOnPath;
        path.emplace_back(input->second, 0);
        continue;
      }
      std::vector<FactIndex> cycle;
      for (auto step = path.rbegin(); step != path.rend(); ++step) {
        cycle.insert(cycle.begin(), step->first);
        if (step->first == input->second) return cycle;
      }
    }
  }
  return {};
}

void CheckCycles(ImportBatch* batch) {
  for (const ImportFact& fact : batch->facts) {
    if (DerivationOf(fact) != nullptr && fact.record.supersedes.has_value()) return;
  }
  std::vector<FactIndex> cycle = FindCycle(*batch, MapFacts(*batch));
  if (cycle.empty()) return;
  // The same cycle is told the same way whatever the order in which it was found.
  std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
  std::string path;
  for (const FactIndex i : cycle) {
    StrAppend(&path, batch->Where(batch->facts[i].origin), " -> ");
  }
  path.append(batch->Where(batch->facts[cycle[0]].origin));
  batch->AddProblem(
      batch->facts[cycle[0]].origin,
      FieldError(absl::StatusCode::kFailedPrecondition, "edges",
                 StrCat("derivations that close a cycle: ", path), "lineage without cycles"));
}

void CheckIdentities(ImportBatch* batch) {
  absl::flat_hash_map<std::string, FactIndex> first_of;
  for (FactIndex i = 0; i < batch->facts.size(); ++i) {
    const ImportFact& fact = batch->facts[i];
    const auto [found, is_new] = first_of.emplace(IdentityOf(fact.record.body), i);
    if (is_new || fact.record.supersedes.has_value()) continue;
    const ImportFact& first = batch->facts[found->second];
    if (first.record_id == fact.record_id || first.record.supersedes.has_value()) continue;
    batch->AddProblem(
        fact.origin,
        FieldError(absl::StatusCode::kAlreadyExists, "line",
                   StrCat("another content than ", batch->Where(first.origin), " for the same ",
                          TypeName(fact.record.body)),
                   "one content, or supersedes with the id of the record that it replaces"));
  }
}

}  // namespace

std::string ImportBatch::Where(Origin origin) const {
  return StrCat(files.at(origin.file), ":", origin.line);
}

absl::Status ReadJsonLines(const std::string& path, ImportBatch* batch) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const std::string message = StrCat(path, ": ", std::strerror(errno));
    return errno == ENOENT ? absl::NotFoundError(message) : absl::UnavailableError(message);
  }
  const auto file_index = static_cast<std::uint32_t>(batch->files.size());
  batch->files.push_back(path);
  Origin origin{file_index, 0};
  for (std::string line; std::getline(file, line);) {
    ++origin.line;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    if (line.size() > kLineSizeMax) {
      batch->AddProblem(origin, InvalidField("line", StrCat(line.size(), " bytes"),
                                             StrCat("at most ", kLineSizeMax)));
      continue;
    }
    absl::StatusOr<ImportFact> fact = FactFromLine(line, batch->ledger);
    if (!fact.ok()) {
      batch->AddProblem(origin, fact.status());
      continue;
    }
    fact->origin = origin;
    batch->facts.push_back(*std::move(fact));
  }
  return file.bad() ? absl::UnavailableError(StrCat(path, ": reading failed")) : absl::OkStatus();
}

absl::Status ResolveAliases(const AliasLookup& lookup, ImportBatch* batch) {
  AliasMap known = AliasesOf(*batch);
  absl::flat_hash_set<std::string> unknown;
  for (ImportFact& fact : batch->facts) {
    std::vector<AliasReference> left;
    for (const AliasReference& reference : fact.references) {
      auto found = known.find(reference.alias);
      if (found == known.end() && !unknown.contains(reference.alias)) {
        absl::StatusOr<Digest> asset = lookup(reference.alias);
        if (asset.ok())
          found = known.emplace(reference.alias, *asset).first;
        else if (absl::IsNotFound(asset.status()))
          unknown.insert(reference.alias);
        else
          return asset.status();
      }
      if (found == known.end()) {
        batch->AddProblem(fact.origin, UnknownAliasError(fact, reference));
        left.push_back(reference);
      } else if (reference.index == AliasReference::kSubject) {
        *SubjectOf(&fact.record.body) = found->second;
      } else if (auto* policy = std::get_if<PolicyRecord>(&fact.record.body)) {
        policy->absolute_terms[reference.index].asset = found->second;
      } else {
        fact.edges[reference.index].input = found->second;
      }
    }
    fact.references = std::move(left);
  }
  return absl::OkStatus();
}

void PrepareFacts(ImportBatch* batch) {
  for (ImportFact& fact : batch->facts) {
    if (!fact.references.empty()) continue;  // told already
    if (absl::Status status = PrepareFact(&fact); !status.ok()) {
      batch->AddProblem(fact.origin, std::move(status));
    }
  }
}

void CheckBatch(ImportBatch* batch) {
  CheckIdentities(batch);
  CheckCycles(batch);
}

void OrderFacts(ImportBatch* batch) {
  const FactMap map = MapFacts(*batch);
  if (IsInOrder(*batch, map)) return;
  std::vector<FactIndex> order = SortedOrder(*batch, map, /*derivations_too=*/true);
  if (order.size() < batch->facts.size()) {
    // Only derivations that supersede one another in turn get here; the needs alone have no cycle.
    order = SortedOrder(*batch, map, /*derivations_too=*/false);
  }
  std::vector<ImportFact> sorted;
  sorted.reserve(order.size());
  for (const FactIndex i : order) sorted.push_back(std::move(batch->facts[i]));
  batch->facts = std::move(sorted);
}

std::vector<OutsideReference> FindOutsideReferences(const ImportBatch& batch) {
  const FactMap map = MapFacts(batch);
  std::vector<OutsideReference> outside;
  absl::flat_hash_set<Digest> assets;
  absl::flat_hash_set<std::string> parties;
  for (const ImportFact& fact : batch.facts) {
    const Needs needs = NeedsOf(fact);
    const auto add_asset = [&](const Digest& asset) {
      if (map.assets.contains(asset) || !assets.insert(asset).second) return;
      outside.push_back({.origin = fact.origin, .party = {}, .asset = asset});
    };
    for (const Digest& asset : needs.assets) add_asset(asset);
    for (const Edge& edge : fact.edges) add_asset(edge.input);
    for (const std::string& party : needs.parties) {
      if (map.parties.contains(party) || !parties.insert(party).second) continue;
      outside.push_back({.origin = fact.origin, .party = party, .asset = {}});
    }
  }
  return outside;
}

std::string FormatProblems(const ImportBatch& batch, std::size_t count_max) {
  std::vector<const ImportProblem*> problems;
  for (const ImportProblem& problem : batch.problems) problems.push_back(&problem);
  std::stable_sort(
      problems.begin(), problems.end(), [](const ImportProblem* a, const ImportProblem* b) {
        return std::tie(a->origin.file, a->origin.line) < std::tie(b->origin.file, b->origin.line);
      });
  std::string text;
  for (std::size_t i = 0; i < problems.size() && i < count_max; ++i) {
    if (i > 0) text.push_back('\n');
    StrAppend(&text, batch.Where(problems[i]->origin), ": ",
              FromAbsl(problems[i]->status.message()));
  }
  if (problems.size() > count_max) StrAppend(&text, "\nand ", problems.size() - count_max, " more");
  return text;
}

}  // namespace tributary::cli
