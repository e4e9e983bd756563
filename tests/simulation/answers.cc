#include "tests/simulation/answers.h"

#include <regex>

#include "graph/attribution/attribution.h"
#include "graph/attribution/payees.h"
#include "graph/lineage/subgraph.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/settlement/adjust.h"
#include "graph/settlement/close.h"
#include "server/settlement_view.h"
#include "tests/simulation/settling.h"
#include "tests/support/test_facts.h"

namespace tributary::test {
namespace {

constexpr std::size_t kCountMax = 10'000;
constexpr std::size_t kPageSize = 100;
using Answer = absl::StatusOr<std::string>;

std::string GrainsText(Grains grains) {
  return StrCat(static_cast<std::uint64_t>(grains >> 64), ":", static_cast<std::uint64_t>(grains));
}

Answer Shares(const LedgerView& view, AssetNumber asset) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto subgraph, CollectUpstream(view, asset));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto result, AttributeGrains(subgraph, Grains{1} << 96));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto lines, SplitOverPayees(view, subgraph, result));
  std::string text;
  for (const PayeeLine& line : lines) {
    StrAppend(&text, line.payee.Key(), " ", GrainsText(line.grains), "\n");
  }
  return text;
}

Answer EdgesOf(const LedgerView& view, AssetNumber asset) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto position, view.DerivationPosition(asset));
  if (!position.has_value()) return std::string("none");
  TRIBUTARY_ASSIGN_OR_RETURN(const auto derivation, view.ReadDerivationAt(*position));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto edges,
                             view.ReadEdges(derivation, 0, derivation.edges->count()));
  std::string text;
  for (const Edge& edge : edges) StrAppend(&text, edge.input.ToHex(), " ", edge.weight, "\n");
  return text;
}

Answer ConsumersOf(const LedgerView& view, AssetNumber asset) {
  std::vector<AssetNumber> generated;
  TRIBUTARY_RETURN_IF_ERROR(view.ReadConsumers(asset, kCountMax, &generated));
  std::string text;
  for (const AssetNumber number : generated) StrAppend(&text, number.value, " ");
  TRIBUTARY_ASSIGN_OR_RETURN(const auto edges, view.ListConsumers(asset, LogPosition{}, kCountMax));
  for (const auto& edge : edges) {
    StrAppend(&text, edge.derivation.value, "/", edge.edge_index, " ");
  }
  return text;
}

Answer RecordOf(const LedgerView& view, AssetNumber asset) {
  TRIBUTARY_ASSIGN_OR_RETURN(const LogPosition position, view.AssetRecordPosition(asset));
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, view.ReadRecord(position));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto found, view.FindRecord(record.id));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto superseded, view.SupersededBy(record));
  std::string text = StrCat(record.bytes, found.has_value() ? " found" : " not found",
                            superseded.has_value() ? superseded->ToHex() : "");
  if (record.record.details_digest.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto details, view.ReadDetails(*record.record.details_digest));
    StrAppend(&text, details.has_value() ? details->bytes : "no details");
  }
  return text;
}

Answer ConsentsOf(const LedgerView& view, AssetNumber asset) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto consents, view.ReadConsents(asset));
  std::string text;
  for (const StoredRecord& consent : consents) StrAppend(&text, consent.bytes, "\n");
  return text;
}

Answer AliasesOf(const LedgerView& view, AssetNumber asset) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto aliases, view.ReadAliases(asset, kCountMax));
  std::string text;
  for (const std::string& alias : aliases) StrAppend(&text, alias, "\n");
  return text;
}

Answer PartyAssets(const LedgerView& view, const std::string& party) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto record, view.FindParty(party));
  std::string text = record.has_value() ? record->bytes : "no such party";
  TRIBUTARY_ASSIGN_OR_RETURN(const auto assets,
                             view.ListPartyAssets(party, std::nullopt, kCountMax));
  for (const AssetNumber asset : assets) StrAppend(&text, asset.value, " ");
  return text;
}

Answer AllAliases(const LedgerView& view) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto aliases, view.ListAliases("", "", kCountMax));
  std::string text;
  for (const std::string& alias : aliases) StrAppend(&text, alias, "\n");
  return text;
}

Answer NamedAssets(const LedgerView& view, const std::string& name) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto named, view.FindByName(name, kCountMax));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto like,
                             view.FindByIdPrefix(AssetId(name).ToHex().substr(0, 3), kCountMax));
  std::string text;
  for (const AssetNumber asset : named) StrAppend(&text, asset.value, " ");
  for (const AssetNumber asset : like) StrAppend(&text, "~", asset.value, " ");
  return text;
}

Answer AliasTarget(const LedgerView& view, const std::string& alias) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto record, view.FindAlias(alias));
  return record.has_value() ? record->bytes : std::string("no such alias");
}

Answer Records(const LedgerView& view, std::uint64_t first) {
  std::vector<LogPosition> positions;
  for (std::uint64_t i = first; i < std::min(first + 2000, view.tree_size().value); ++i) {
    positions.push_back({i});
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto records, view.ReadRecords(positions));
  std::string text;
  for (const StoredRecord& record : records) {
    StrAppend(&text, record.id.ToHex(), record.accepted_time.value);
  }
  return text;
}

Answer Assets(const LedgerView& view) {
  std::string text;
  std::optional<LogPosition> at = LogPosition{0};
  while (at.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto page, view.ListAssets(*at, kPageSize, kCountMax));
    for (const AssetSummaryView& asset : page.assets) {
      StrAppend(&text, asset.number.value, asset.id.ToHex(), static_cast<int>(asset.state.kind),
                asset.state.is_derived ? "d" : "-", asset.state.has_holders ? "h" : "-",
                asset.record_position.value, "\n");
    }
    at = page.next;
  }
  return text;
}

Answer Root(const LedgerView& view) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Digest claimed, view.RootHash());
  TRIBUTARY_ASSIGN_OR_RETURN(const Digest root, RootAt(view, view.tree_size().value));
  return StrCat(claimed.ToHex(), " ", root.ToHex());
}

Answer SaleOf(const SettlementReader& reader, const std::string& reference) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto sale,
                             reader.FindInForce(SaleRecord{.reference = reference}));
  if (!sale.has_value()) return std::string("no such sale");
  TRIBUTARY_ASSIGN_OR_RETURN(const SaleState state, ReadSaleState(reader, *sale));
  return StrCat(EncodeRecord(sale->record), " ", static_cast<int>(state.standing), " ",
                state.earned_at.value, " ", ToDecimal(state.amount.value));
}

Answer StoredStatement(const SettlementReader& reader, std::uint64_t number) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto statement, FindStatement(reader, number));
  if (!statement.has_value()) return std::string("no such statement");
  std::string text = EncodeRecord(statement->record);
  TRIBUTARY_RETURN_IF_ERROR(ForEachLine(reader, statement->position, /*cancel=*/nullptr,
                                        [&text](const std::string& line) {
                                          StrAppend(&text, "\n", line);
                                          return absl::OkStatus();
                                        }));
  return text;
}

Answer ComputedStatement(const SettlementReader& reader, std::uint64_t number) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto statement, FindStatement(reader, number));
  if (!statement.has_value()) return std::string("no such statement");
  TRIBUTARY_ASSIGN_OR_RETURN(const ClosedStatement closed, RecomputeStatement(reader, *statement));
  return StrCat(closed.record.lines_root.ToHex(), " over sales ", closed.sale_count);
}

// Those of one statement, with their lines, as recorded.
Answer StoredAdjustments(const SettlementReader& reader, std::uint64_t number) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto statement, FindStatement(reader, number));
  if (!statement.has_value()) return std::string("no such statement");
  TRIBUTARY_ASSIGN_OR_RETURN(const auto adjustments, AdjustmentsOf(reader, statement->id));
  std::string text;
  for (const LoggedRecord& adjustment : adjustments) {
    StrAppend(&text, EncodeRecord(adjustment.record), "\n");
    TRIBUTARY_RETURN_IF_ERROR(ForEachLine(reader, adjustment.position, /*cancel=*/nullptr,
                                          [&text](const std::string& line) {
                                            StrAppend(&text, line, "\n");
                                            return absl::OkStatus();
                                          }));
  }
  return text;
}

void AskAboutMoney(const SettlementReader& reader, const Questions& questions,
                   const std::string& suffix, Answers* answers) {
  for (const std::string& sale : questions.sales) {
    answers->emplace("sale " + sale + suffix, SaleOf(reader, sale));
  }
  for (const std::uint64_t number : questions.statements) {
    answers->emplace(StrCat("statement ", number, suffix), StoredStatement(reader, number));
    answers->emplace(StrCat("statement computed ", number, suffix),
                     ComputedStatement(reader, number));
    answers->emplace(StrCat("adjustments of ", number, suffix), StoredAdjustments(reader, number));
  }
  for (const std::string& party : questions.parties) {
    answers->emplace("balance of " + party + suffix, BalanceText(reader, party));
  }
}

void AskAboutAsset(const LedgerView& view, const std::string& name, const std::string& suffix,
                   bool finding_lists, Answers* answers) {
  const auto number = view.FindAsset(AssetId(name));
  if (!number.ok() || !number->has_value()) {
    answers->emplace("number of " + name + suffix,
                     number.ok() ? Answer("not recorded") : Answer(number.status()));
    return;
  }
  using Question = Answer (*)(const LedgerView&, AssetNumber);
  std::vector<std::pair<std::string, Question>> asked = {
      {"shares in ", Shares},   {"edges of ", EdgesOf},       {"consumers of ", ConsumersOf},
      {"record of ", RecordOf}, {"consents on ", ConsentsOf},
  };
  if (finding_lists) asked.push_back({"aliases of ", AliasesOf});
  answers->emplace("number of " + name + suffix, StrCat((*number)->value));
  for (const auto& [question, answer] : asked) {
    answers->emplace(question + name + suffix, answer(view, **number));
  }
}

}  // namespace

Answers Ask(const Ledger& ledger, const Questions& questions) {
  Answers answers;
  for (const std::uint64_t tree_size : questions.tree_sizes) {
    const std::string suffix = StrCat(" at ", tree_size);
    const auto opened = ledger.ViewAt(TreeSize{tree_size});
    if (!opened.ok()) {
      answers.emplace("view" + suffix, opened.status());
      continue;
    }
    const LedgerView& view = **opened;
    answers.emplace("view" + suffix, std::string("there"));
    answers.emplace("root" + suffix, Root(view));
    if (!questions.scans_once || tree_size == questions.tree_sizes.front()) {
      answers.emplace("assets" + suffix, Assets(view));
      for (std::uint64_t first = questions.first_record; first < tree_size; first += 2000) {
        answers.emplace(StrCat("records from ", first, suffix), Records(view, first));
      }
    }
    for (const std::string& name : questions.assets) {
      AskAboutAsset(view, name, suffix, questions.finding_lists, &answers);
    }
    for (const std::string& alias : questions.aliases) {
      answers.emplace("alias " + alias + suffix, AliasTarget(view, alias));
    }
    AskAboutMoney(server::SettlementView(*opened), questions, suffix, &answers);
    if (!questions.finding_lists) continue;
    answers.emplace("aliases" + suffix, AllAliases(view));
    for (const std::string& party : questions.parties) {
      answers.emplace("assets of " + party + suffix, PartyAssets(view, party));
    }
    for (const std::string& name : questions.assets) {
      answers.emplace("assets named " + name + suffix, NamedAssets(view, name));
    }
  }
  return answers;
}

bool NamesDamage(const std::string& message) {
  static const std::regex kPlace(
      R"([0-9]{6}\.(sst|log)|MANIFEST-[0-9]+|CURRENT|OPTIONS-[0-9]+|IDENTITY|/anchor)"
      R"(|family [a-z]+|CF [a-z]+|file #[0-9]+|row |log position [0-9]+|asset number [0-9]+|statement [0-9]+)"
      R"(|tree size [0-9]+|[0-9a-f]{64})");
  return std::regex_search(message, kPlace);
}

bool IsRefusal(const absl::Status& status) {
  return (absl::IsDataLoss(status) || absl::IsUnavailable(status)) &&
         NamesDamage(std::string(status.message()));
}

Comparison Compare(const Answers& right, const Answers& given) {
  Comparison comparison;
  for (const auto& [question, answer] : given) {
    const auto known = right.find(question);
    if (!answer.ok() && IsRefusal(answer.status())) {
      comparison.refused.push_back(question + ": " + answer.status().ToString());
    } else if (!answer.ok()) {
      comparison.wrong.push_back(question + ": " + answer.status().ToString());
    } else if (known == right.end() || !known->second.ok() || *known->second != *answer) {
      comparison.wrong.push_back(question);
    }
  }
  return comparison;
}

}  // namespace tributary::test
