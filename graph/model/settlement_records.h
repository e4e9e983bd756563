// Records of sales, statements and what follows from them. docs/formats/records.md is their schema.
//
// All sets are sorted by the bytes of their entries' canonical form; SortLists brings them there.
// Members are all initialized, so that a designated initializer may leave any of them out.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/model/digest.h"
#include "graph/model/money.h"
#include "graph/model/vocabulary.h"

namespace tributary {

inline constexpr std::size_t kReferenceSizeMax = 255;
inline constexpr std::size_t kCurrencyCodeSizeMax = 128;      // a CAIP-19 asset type fits
inline constexpr std::uint64_t kCurrencyScaleMax = 30;        // tokens have up to 27 decimals
inline constexpr std::size_t kTemplateRuleCountMax = 7;       // one for each kind
inline constexpr std::size_t kTemplateRoleCountMax = 11;      // one for each role
inline constexpr std::size_t kFeeCountMax = 64;               // 64 fees of 800 bytes: 50 KiB
inline constexpr std::size_t kAbsoluteTermCountMax = 4096;    // of 95 bytes: 380 KiB
inline constexpr std::size_t kFloorCountMax = 11;             // one for each role
inline constexpr std::size_t kStatementTotalCountMax = 1024;  // currencies, of 800 bytes: 800 KiB
inline constexpr std::size_t kPayoutLineCountMax = 4096;      // of 330 bytes: 1.3 MiB

// A currency is fixed for ever: its record is never superseded.
struct CurrencyRecord {
  std::string code = {};  // ISO 4217, or the CAIP-19 asset type of a token
  std::string name = {};
  std::uint64_t scale = 0;  // decimals of the major unit
  std::uint64_t fraction_bits = 64;
  friend bool operator==(const CurrencyRecord&, const CurrencyRecord&) = default;
};

// --- Weights ---

struct TemplateRole {
  Role role = Role::kOther;
  std::uint64_t weight = 0;  // of all inputs of the role together
  RoleSharing sharing = RoleSharing::kEqual;
  AbsentPart absent = AbsentPart::kKept;  // where the weight goes if no input has the role
  friend bool operator==(const TemplateRole&, const TemplateRole&) = default;
};

// What a template says of one kind of generated asset. All its weights add up to 1..2^63 - 1.
struct TemplateRule {
  AssetKind generated = AssetKind::kOutput;
  std::uint64_t retained = 0;
  std::uint64_t unattributed = 0;
  std::vector<TemplateRole> roles = {};  // a set, each role once
  friend bool operator==(const TemplateRule&, const TemplateRule&) = default;
};

// Weights for those who measured none. Its id is its record id: each version has its own.
struct TemplateRecord {
  std::string name = {};  // the identity
  std::string description = {};
  std::vector<TemplateRule> rules = {};  // a set, each kind once
  friend bool operator==(const TemplateRecord&, const TemplateRecord&) = default;
};

// --- Policy ---

// Exactly one of ppm (of gross) and fixed (for each sale in `currency`) is above zero.
struct Fee {
  std::string party = {};
  std::string label = {};
  std::uint64_t ppm = 0;
  MinorUnits fixed = {};
  std::string currency = {};  // with `fixed` only
  friend bool operator==(const Fee&, const Fee&) = default;
};

// The holders of `asset` get `ppm` of the gross of every sale of an asset downstream of it.
struct AbsoluteTerm {
  Digest asset = {};
  std::uint64_t ppm = 0;
  friend bool operator==(const AbsoluteTerm&, const AbsoluteTerm&) = default;
};

// At least `ppm` of the remainder reaches inputs of `role`.
struct RoleFloor {
  Role role = Role::kTrainingData;
  std::uint64_t ppm = 0;
  friend bool operator==(const RoleFloor&, const RoleFloor&) = default;
};

// How a sale's amount is cut: fees, absolute terms, and the remainder by weights with its floors.
struct PolicyRecord {
  std::string name = {};  // the identity
  std::string description = {};
  std::vector<Fee> fees = {};                     // a set; parts per million add up to 10^6 at most
  std::vector<AbsoluteTerm> absolute_terms = {};  // a set, each asset once
  std::vector<RoleFloor> floors = {};             // a set, each role once; 10^6 at most together
  UndisclosedRule undisclosed = UndisclosedRule::kHeld;
  UnclaimedRule unclaimed = UnclaimedRule::kHeld;
  friend bool operator==(const PolicyRecord&, const PolicyRecord&) = default;
};

// --- Sales ---

struct SaleRecord {
  std::string reference = {};  // the identity
  Digest asset = {};
  MinorUnits amount = {};  // distributable, at least 1
  std::string currency = {};
  std::optional<std::uint64_t> tree_size = {};  // valued at; absent: the sale's own log position
  std::optional<Digest> policy = {};            // record id
  // Present: the sale counts only once an escrow record has posted it, accepted before this time.
  std::optional<TimeMs> pending_until = {};
  std::optional<TimeMs> sold_at = {};  // information
  std::vector<Attribute> attributes = {};
  friend bool operator==(const SaleRecord&, const SaleRecord&) = default;
};

// Ends the pending state of a sale, once.
struct EscrowRecord {
  Digest sale = {};  // record id
  EscrowOutcome outcome = EscrowOutcome::kPosted;
  std::string reason = {};
  friend bool operator==(const EscrowRecord&, const EscrowRecord&) = default;
};

// Takes a sale back whole, once.
struct ReversalRecord {
  Digest sale = {};  // record id
  std::string reason = {};
  friend bool operator==(const ReversalRecord&, const ReversalRecord&) = default;
};

// What a sale should have said. What is absent stays as the sale said it; a later correction
// supersedes this one and starts from the sale again. The currency can not be corrected: such a
// sale is reversed and recorded anew.
struct CorrectionRecord {
  Digest sale = {};  // record id
  std::optional<MinorUnits> amount = {};
  std::optional<Digest> asset = {};
  std::optional<std::uint64_t> tree_size = {};
  std::optional<Digest> policy = {};
  std::string reason = {};
  friend bool operator==(const CorrectionRecord&, const CorrectionRecord&) = default;
};

// --- Statements ---

// One currency of a statement; grains but for `amount`, `paid` and `released`, which are minor
// units. With s fraction bits, exactly:
//   opening_carry - opening_debt + amount * 2^s + adjusted_up - adjusted_down
//     = (paid - released) * 2^s + carry - debt
struct StatementTotal {
  std::string currency = {};
  std::uint64_t fraction_bits = 64;
  std::uint64_t sale_count = 0;
  MinorUnits amount = {};
  Grains opening_carry = 0;
  Grains opening_debt = 0;
  Grains adjusted_up = 0;
  Grains adjusted_down = 0;
  MinorUnits paid = {};
  MinorUnits released = {};  // taken back from lines that pay nobody
  Grains carry = 0;
  Grains debt = 0;
  friend bool operator==(const StatementTotal&, const StatementTotal&) = default;
};

// Closes the log positions [begin, end). Statements of a ledger are one chain.
struct StatementRecord {
  std::uint64_t number = 1;  // the identity: 1, 2, 3, …
  std::optional<Digest> previous =
      {};  // record id of statement number - 1; absent in the first only
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::optional<Digest> policy = {};  // of sales that name none
  std::string algorithm = {};         // such as tributary/settlement/v1
  std::uint64_t line_count = 0;
  Digest lines_root = {};  // over the bytes of its lines: graph/settlement/statement.h
  std::vector<StatementTotal> totals = {};  // a set, each currency once
  friend bool operator==(const StatementRecord&, const StatementRecord&) = default;
};

struct AdjustmentTotal {
  std::string currency = {};
  Grains increase = 0;
  Grains decrease = 0;
  friend bool operator==(const AdjustmentTotal&, const AdjustmentTotal&) = default;
};

// What one later record changes in one closed statement.
struct AdjustmentRecord {
  Digest statement = {};  // record id
  Digest cause = {};  // record id of the derivation, holders, reversal, correction, release, …
  AdjustmentMode mode = AdjustmentMode::kCarriedForward;
  std::uint64_t tree_size = 0;  // valued anew at
  std::string algorithm = {};
  std::uint64_t line_count = 0;
  Digest lines_root = {};                    // graph/settlement/adjustment.h
  std::vector<AdjustmentTotal> totals = {};  // a set, each currency once
  std::string reason = {};
  friend bool operator==(const AdjustmentRecord&, const AdjustmentRecord&) = default;
};

// --- Disputes ---

// Exactly one subject.
struct HoldRecord {
  std::string reference = {};  // the identity
  std::optional<Digest> asset = {};
  std::string party = {};
  std::optional<Digest> derivation = {};  // record id
  std::optional<Digest> sale = {};        // record id
  std::string claimant = {};              // party id
  std::string reason = {};
  std::optional<Digest> evidence_digest = {};
  friend bool operator==(const HoldRecord&, const HoldRecord&) = default;
};

// Ends a hold, once.
struct HoldReleaseRecord {
  Digest hold = {};  // record id
  HoldOutcome outcome = HoldOutcome::kReleased;
  std::vector<Holder> recipients = {};  // with kRerouted only: ascending party id, as holders
  std::string reason = {};
  std::optional<Digest> evidence_digest = {};
  friend bool operator==(const HoldReleaseRecord&, const HoldReleaseRecord&) = default;
};

// --- Payees ---

// `collector` is paid for `party` what statements give it over log positions [begin, end).
struct MandateRecord {
  std::string party = {};
  std::string collector = {};
  std::uint64_t begin = 0;  // with the party, the identity
  std::optional<std::uint64_t> end = {};
  std::string reason = {};
  friend bool operator==(const MandateRecord&, const MandateRecord&) = default;
};

// `assignee` owns what statements give `party` over log positions [begin, end).
struct AssignmentRecord {
  std::string party = {};
  std::string assignee = {};
  std::uint64_t begin = 0;  // with the party, the identity
  std::optional<std::uint64_t> end = {};
  std::string reason = {};
  friend bool operator==(const AssignmentRecord&, const AssignmentRecord&) = default;
};

// `party` was `into` all along. Without `into`, which only a superseding record may be, they are
// two again.
struct PartyMergeRecord {
  std::string party = {};  // the identity
  std::string into = {};
  std::string reason = {};
  friend bool operator==(const PartyMergeRecord&, const PartyMergeRecord&) = default;
};

struct PayoutLine {
  std::string party = {};
  MinorUnits amount = {};  // at least 1
  friend bool operator==(const PayoutLine&, const PayoutLine&) = default;
};

struct PayoutBatchRecord {
  std::string reference = {};  // the identity
  std::string currency = {};
  std::uint64_t tree_size = 0;         // whose balances it pays from
  std::vector<PayoutLine> lines = {};  // a set, each party once
  friend bool operator==(const PayoutBatchRecord&, const PayoutBatchRecord&) = default;
};

// What became of a batch, or of one party's line of it; the newest is in force. Of a line that has
// a state of its own, the batch's says nothing.
struct PayoutStateRecord {
  Digest batch = {};  // record id
  std::string party = {};
  PayoutState state = PayoutState::kSent;
  std::string external_reference = {};
  std::string reason = {};
  friend bool operator==(const PayoutStateRecord&, const PayoutStateRecord&) = default;
};

}  // namespace tributary
