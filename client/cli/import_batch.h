// All facts of one import: read, completed, checked and put in order before anything is sent.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/import_fact.h"

namespace tributary::cli {

// Something wrong with one fact, found before it was sent or told by the server.
struct ImportProblem {
  Origin origin;
  absl::Status status;
};

struct ImportBatch {
  std::string ledger;
  std::vector<std::string> files;  // names, for messages
  std::vector<ImportFact> facts;
  std::vector<ImportProblem> problems;

  void AddProblem(Origin origin, absl::Status status) {
    problems.push_back({origin, std::move(status)});
  }
  // "holders.csv:12"
  std::string Where(Origin origin) const;
};

// Reads the facts of one file of JSON lines. Lines that are wrong become problems; empty lines are
// skipped. Errors: kNotFound, kUnavailable: the file cannot be read.
absl::Status ReadJsonLines(const std::string& path, ImportBatch* batch);

// Says which asset an alias of the ledger points to. Errors: kNotFound, and those of the call.
using AliasLookup = std::function<absl::StatusOr<Digest>(const std::string& alias)>;

// Fills in assets that are named by alias: by an alias line of the batch, else by `lookup`. What
// cannot be resolved becomes a problem. Errors: `lookup` failed in another way than kNotFound.
absl::Status ResolveAliases(const AliasLookup& lookup, ImportBatch* batch);

// Completes facts whose assets are all known: brings edges into order, computes their root, and the
// id of every record. Facts that break a rule become problems.
void PrepareFacts(ImportBatch* batch);

// Checks what only the batch as a whole shows: two different facts under one identity, and
// derivations that close a cycle. With superseding derivations in the batch which of them are in
// force together depends on the order, so cycles are then left to the server.
void CheckBatch(ImportBatch* batch);

// Puts facts in an order in which each stands behind what it needs. An order that serves already is
// kept, so that what was exported is imported as it was; else parties come first, then assets,
// aliases, holders, consents and derivations, inputs' derivations before those that use them, and
// then currencies, templates, policies, sales and what names them: a sale sees all lineage.
void OrderFacts(ImportBatch* batch);

// Assets and parties that facts of the batch name and none of it records.
struct OutsideReference {
  Origin origin;      // where it is named first
  std::string party;  // empty: an asset
  Digest asset;
};
std::vector<OutsideReference> FindOutsideReferences(const ImportBatch& batch);

// The problems, one a line, in order of file and line; at most `count_max`, then how many more.
std::string FormatProblems(const ImportBatch& batch, std::size_t count_max);

}  // namespace tributary::cli
