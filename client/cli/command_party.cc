// tributary party merge, party assign, party mandate: who is paid for whom.

#include "client/cli/commands.h"
#include "client/cli/record_fact.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

struct PartyArguments {
  std::string party;
  std::string other;
  std::optional<std::uint64_t> begin;
  std::optional<std::uint64_t> end;
  std::string reason;
  RecordFlags flags;
};

FactLine LineOf(std::string_view type, std::string_view other_key,
                const PartyArguments& arguments) {
  FactLine line = NewLine(type);
  PutText("party", arguments.party, &line.fields);
  PutText(other_key, arguments.other, &line.fields);
  PutText("reason", arguments.reason, &line.fields);
  return line;
}

// The first log position that no statement has closed: what was closed is not given to others.
absl::StatusOr<std::uint64_t> FirstOpenPosition(Session& session) {
  v1::GetStatementRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  const auto newest = session.client().Call(&v1::SettlementService::Stub::GetStatement, request);
  if (absl::IsNotFound(newest.status())) return 0;
  TRIBUTARY_RETURN_IF_ERROR(newest.status());
  return newest->statement().statement().end();
}

absl::StatusOr<FactLine> RangedLineOf(Session& session, std::string_view type,
                                      std::string_view other_key, const PartyArguments& arguments) {
  FactLine line = LineOf(type, other_key, arguments);
  std::uint64_t begin = arguments.begin.value_or(0);
  if (!arguments.begin.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(begin, FirstOpenPosition(session));
  }
  line.fields.emplace("begin", begin);
  if (arguments.end.has_value()) line.fields.emplace("end", *arguments.end);
  return line;
}

absl::Status Merge(Session& session, const PartyArguments& arguments) {
  return RecordFact(session, LineOf(TypeName(PartyMergeRecord{}), "into", arguments),
                    arguments.flags);
}

absl::Status Assign(Session& session, const PartyArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(
      FactLine line, RangedLineOf(session, TypeName(AssignmentRecord{}), "assignee", arguments));
  return RecordFact(session, std::move(line), arguments.flags);
}

absl::Status Mandate(Session& session, const PartyArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(
      FactLine line, RangedLineOf(session, TypeName(MandateRecord{}), "collector", arguments));
  return RecordFact(session, std::move(line), arguments.flags);
}

void AddRange(CLI::App* command, PartyArguments* arguments) {
  command->add_option(
      "--begin", arguments->begin,
      "First log position that it holds for; absent: the first that no statement closed");
  command->add_option("--end", arguments->end,
                      "Log position before which it ends; absent: until further notice");
}

}  // namespace

void AddPartyCommand(CLI::App* app, Session* session) {
  CLI::App* party =
      app->add_subcommand("party", "Who is paid for whom; `record party` records a party itself");
  party->require_subcommand(1);

  CLI::App* merge =
      AddCommand(party, "merge", "Record that two parties are one",
                 {"tributary party merge ana-old ana --reason 'recorded twice'",
                  "tributary party merge ana-old --supersedes RECORD_ID   (they are two again)"});
  auto arguments = std::make_shared<PartyArguments>();
  merge->add_option("PARTY", arguments->party, "Party that is another one")->required();
  merge->add_option("INTO", arguments->other, "The party that it is");
  merge->add_option("--reason", arguments->reason, "Why");
  OnChosen(merge, session, arguments, &Merge);

  CLI::App* assign = AddCommand(party, "assign", "Record to whom a party assigned its claims",
                                {"tributary party assign ana bank --begin 1200 --reason 'loan 7'"});
  arguments = std::make_shared<PartyArguments>();
  assign->add_option("PARTY", arguments->party, "Party whose claims are assigned")->required();
  assign->add_option("ASSIGNEE", arguments->other, "Party that owns them")->required();
  AddRange(assign, arguments.get());
  assign->add_option("--reason", arguments->reason, "Why");
  OnChosen(assign, session, arguments, &Assign);

  CLI::App* mandate =
      AddCommand(party, "mandate", "Record who collects for a party",
                 {"tributary party mandate ana society",
                  "tributary party mandate ana society --end 5000 --supersedes RECORD_ID"});
  arguments = std::make_shared<PartyArguments>();
  mandate->add_option("PARTY", arguments->party, "Party that is represented")->required();
  mandate->add_option("COLLECTOR", arguments->other, "Party that is paid for it")->required();
  AddRange(mandate, arguments.get());
  mandate->add_option("--reason", arguments->reason, "Why");
  OnChosen(mandate, session, arguments, &Mandate);
}

}  // namespace tributary::cli
