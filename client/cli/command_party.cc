// tributary party merge, party assign, party mandate: who is paid for whom.

#include "client/cli/commands.h"
#include "client/cli/record_fact.h"

namespace tributary::cli {
namespace {

struct PartyArguments {
  std::string party;
  std::string other;
  std::uint64_t begin = 0;
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

FactLine RangedLineOf(std::string_view type, std::string_view other_key,
                      const PartyArguments& arguments) {
  FactLine line = LineOf(type, other_key, arguments);
  line.fields.emplace("begin", arguments.begin);
  if (arguments.end.has_value()) line.fields.emplace("end", *arguments.end);
  return line;
}

absl::Status Merge(Session& session, const PartyArguments& arguments) {
  return RecordFact(session, LineOf(TypeName(PartyMergeRecord{}), "into", arguments),
                    arguments.flags);
}

absl::Status Assign(Session& session, const PartyArguments& arguments) {
  return RecordFact(session, RangedLineOf(TypeName(AssignmentRecord{}), "assignee", arguments),
                    arguments.flags);
}

absl::Status Mandate(Session& session, const PartyArguments& arguments) {
  return RecordFact(session, RangedLineOf(TypeName(MandateRecord{}), "collector", arguments),
                    arguments.flags);
}

void AddRange(CLI::App* command, PartyArguments* arguments) {
  command->add_option("--begin", arguments->begin,
                      "First log position that it holds for; absent: 0, from the beginning");
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
