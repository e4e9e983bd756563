// Limits, contents and identity of the records of sales and statements.

#include <functional>
#include <set>
#include <string>

#include "graph/model/record.h"
#include "graph/model/status.h"
#include "tests/graph/model/bounds.h"
#include "tests/graph/model/settlement_samples.h"
#include "tests/support/catch.h"

namespace tributary {
namespace {

using test::Bound;
using test::CheckBounds;
using test::MakeRecord;
using test::Repeated;

constexpr std::uint64_t kIntegerMax = (std::uint64_t{1} << 53) - 1;

// The body of a sample, changed.
template <typename Body>
Record Edited(std::string_view sample_name, const std::function<void(Body*)>& edit) {
  for (test::SampleRecord& sample : test::SettlementSamples()) {
    if (sample.name != sample_name) continue;
    edit(&std::get<Body>(sample.record.body));
    SortLists(&sample.record);
    return sample.record;
  }
  FAIL("no sample " << sample_name);
  return {};
}

template <typename Body>
std::function<Record(std::function<void(Body*)>)> From(std::string_view sample) {
  return [sample](const std::function<void(Body*)>& edit) { return Edited<Body>(sample, edit); };
}

const auto kCurrency = From<CurrencyRecord>("currency_minimal");
const auto kTemplate = From<TemplateRecord>("template_minimal");
const auto kPolicy = From<PolicyRecord>("policy_minimal");
const auto kSale = From<SaleRecord>("sale_minimal");
const auto kCorrection = From<CorrectionRecord>("correction_amount");
const auto kStatement = From<StatementRecord>("statement_first");
const auto kAdjustment = From<AdjustmentRecord>("adjustment_minimal");
const auto kHold = From<HoldRecord>("hold_party");
const auto kRelease = From<HoldReleaseRecord>("holdrelease_rerouted");
const auto kMandate = From<MandateRecord>("mandate_minimal");
const auto kAssignment = From<AssignmentRecord>("assignment_minimal");
const auto kMerge = From<PartyMergeRecord>("partymerge_minimal");
const auto kBatch = From<PayoutBatchRecord>("payoutbatch_minimal");
const auto kState = From<PayoutStateRecord>("payoutstate_minimal");

// Two records that differ in one text or number: at its bound and beyond.
template <typename Body, typename Make, typename Value>
Bound At(std::string field, const Make& make, Value Body::*member, Value allowed, Value refused) {
  return {std::move(field), make([&](Body* body) { body->*member = allowed; }),
          make([&](Body* body) { body->*member = refused; })};
}
template <typename Body, typename Make>
Bound TextAt(std::string field, const Make& make, std::string Body::*member, std::size_t size_max) {
  return At(std::move(field), make, member, Repeated(size_max), Repeated(size_max + 1));
}

TEST_CASE("settlement records: sizes of texts at their bound pass, one more does not", "[model]") {
  CheckBounds({
      TextAt("code", kCurrency, &CurrencyRecord::code, 128),
      At("code", kCurrency, &CurrencyRecord::code, std::string("E"), std::string()),
      TextAt("name", kCurrency, &CurrencyRecord::name, 1024),
      TextAt("template", kTemplate, &TemplateRecord::name, 255),
      TextAt("description", kTemplate, &TemplateRecord::description, 4096),
      TextAt("policy", kPolicy, &PolicyRecord::name, 255),
      TextAt("description", kPolicy, &PolicyRecord::description, 4096),
      TextAt("reference", kSale, &SaleRecord::reference, 255),
      At("reference", kSale, &SaleRecord::reference, std::string("1"), std::string()),
      TextAt("currency", kSale, &SaleRecord::currency, 128),
      TextAt("reason", From<EscrowRecord>("escrow_posted"), &EscrowRecord::reason, 4096),
      TextAt("reason", From<ReversalRecord>("reversal_full"), &ReversalRecord::reason, 4096),
      TextAt("reason", kCorrection, &CorrectionRecord::reason, 4096),
      TextAt("algorithm", kStatement, &StatementRecord::algorithm, 255),
      TextAt("algorithm", kAdjustment, &AdjustmentRecord::algorithm, 255),
      TextAt("reason", kAdjustment, &AdjustmentRecord::reason, 4096),
      TextAt("reference", kHold, &HoldRecord::reference, 255),
      TextAt("party", kHold, &HoldRecord::party, 255),
      TextAt("claimant", kHold, &HoldRecord::claimant, 255),
      TextAt("reason", kHold, &HoldRecord::reason, 4096),
      At("reason", kHold, &HoldRecord::reason, std::string("x"), std::string()),
      TextAt("reason", kRelease, &HoldReleaseRecord::reason, 4096),
      TextAt("party", kMandate, &MandateRecord::party, 255),
      TextAt("collector", kMandate, &MandateRecord::collector, 255),
      TextAt("reason", kMandate, &MandateRecord::reason, 4096),
      TextAt("party", kAssignment, &AssignmentRecord::party, 255),
      TextAt("assignee", kAssignment, &AssignmentRecord::assignee, 255),
      TextAt("reason", kAssignment, &AssignmentRecord::reason, 4096),
      TextAt("party", kMerge, &PartyMergeRecord::party, 255),
      TextAt("into", kMerge, &PartyMergeRecord::into, 255),
      TextAt("reason", kMerge, &PartyMergeRecord::reason, 4096),
      TextAt("reference", kBatch, &PayoutBatchRecord::reference, 255),
      TextAt("currency", kBatch, &PayoutBatchRecord::currency, 128),
      TextAt("party", kState, &PayoutStateRecord::party, 255),
      TextAt("external_reference", kState, &PayoutStateRecord::external_reference, 1024),
      TextAt("reason", kState, &PayoutStateRecord::reason, 4096),
  });
}

std::vector<Fee> Fees(std::size_t count, std::uint64_t ppm = 1) {
  std::vector<Fee> fees;
  for (std::size_t i = 0; i < count; ++i) {
    fees.push_back({.party = "p", .label = std::to_string(i), .ppm = ppm});
  }
  return fees;
}

std::vector<AbsoluteTerm> Terms(std::size_t count, std::uint64_t ppm = 1) {
  std::vector<AbsoluteTerm> terms;
  for (std::size_t i = 0; i < count; ++i) terms.push_back({Sha256(std::to_string(i)), ppm});
  return terms;
}

std::vector<PayoutLine> PayoutLines(std::size_t count, Uint128 amount = 1) {
  std::vector<PayoutLine> lines;
  for (std::size_t i = 0; i < count; ++i) lines.push_back({std::to_string(i), {amount}});
  return lines;
}

std::vector<AdjustmentTotal> Totals(std::size_t count, Grains increase = 0, Grains decrease = 0) {
  std::vector<AdjustmentTotal> totals;
  for (std::size_t i = 0; i < count; ++i) totals.push_back({std::to_string(i), increase, decrease});
  return totals;
}

std::vector<StatementTotal> StatementTotals(std::size_t count) {
  std::vector<StatementTotal> totals(count);
  for (std::size_t i = 0; i < count; ++i) totals[i].currency = std::to_string(i);
  return totals;
}

TEST_CASE("settlement records: counts at their bound pass, one more does not", "[model]") {
  const auto fee_label = [](std::size_t size) {
    return kPolicy(
        [&](auto* policy) { policy->fees = {{.party = "p", .label = Repeated(size), .ppm = 1}}; });
  };
  CheckBounds({
      At("fees", kPolicy, &PolicyRecord::fees, Fees(64), Fees(65)),
      At("fees.ppm", kPolicy, &PolicyRecord::fees, Fees(64, 15'625), Fees(64, 15'626)),
      At("fees.ppm", kPolicy, &PolicyRecord::fees, Fees(1, 1'000'000), Fees(1, 1'000'001)),
      {"fees.label", fee_label(255), fee_label(256)},
      At("absolute_terms", kPolicy, &PolicyRecord::absolute_terms, Terms(4096), Terms(4097)),
      At("absolute_terms.ppm", kPolicy, &PolicyRecord::absolute_terms, Terms(2, 1'000'000),
         Terms(2, 1'000'001)),
      At("absolute_terms.ppm", kPolicy, &PolicyRecord::absolute_terms, Terms(1, 1), Terms(1, 0)),
      At("lines", kBatch, &PayoutBatchRecord::lines, PayoutLines(4096), PayoutLines(4097)),
      At("lines", kBatch, &PayoutBatchRecord::lines, PayoutLines(1), PayoutLines(0)),
      At("lines.amount", kBatch, &PayoutBatchRecord::lines, PayoutLines(1, 1), PayoutLines(1, 0)),
      At("lines.amount", kBatch, &PayoutBatchRecord::lines, PayoutLines(1, kAmountMax),
         PayoutLines(1, kAmountMax + 1)),
      At("totals", kAdjustment, &AdjustmentRecord::totals, Totals(1024), Totals(1025)),
      At("totals.increase", kAdjustment, &AdjustmentRecord::totals, Totals(1, kMoneyGrainsEnd - 1),
         Totals(1, kMoneyGrainsEnd)),
      At("totals.decrease", kAdjustment, &AdjustmentRecord::totals,
         Totals(1, 0, kMoneyGrainsEnd - 1), Totals(1, 0, kMoneyGrainsEnd)),
      At("totals", kStatement, &StatementRecord::totals, StatementTotals(1024),
         StatementTotals(1025)),
  });
}

TEST_CASE("settlement records: numbers and times at their bound pass", "[model]") {
  using Optional = std::optional<std::uint64_t>;
  const auto ending = [](std::uint64_t begin, std::uint64_t end) {
    return kStatement([&](auto* statement) { statement->begin = begin, statement->end = end; });
  };
  const auto mandated = [](std::uint64_t begin, Optional end) {
    return kMandate([&](auto* mandate) { mandate->begin = begin, mandate->end = end; });
  };
  const auto assigned = [](std::uint64_t begin, Optional end) {
    return kAssignment([&](auto* assignment) { assignment->begin = begin, assignment->end = end; });
  };
  const auto numbered = [](std::uint64_t number) {
    return kStatement([&](auto* statement) {
      statement->number = number;
      if (number > 1) statement->previous = Sha256("statement");
    });
  };
  const auto weighing = [](std::uint64_t retained, std::uint64_t weight) {
    return kTemplate([&](auto* record) {
      record->rules[0].retained = retained;
      record->rules[0].roles[0].weight = weight;
    });
  };
  const MinorUnits largest{kAmountMax};
  const MinorUnits too_large{kAmountMax + 1};
  const auto time_max = std::optional(TimeMs{kTimeMsMax});
  const auto too_late = std::optional(TimeMs{kTimeMsMax + 1});
  CheckBounds({
      At("scale", kCurrency, &CurrencyRecord::scale, std::uint64_t{30}, std::uint64_t{31}),
      At("fraction_bits", kCurrency, &CurrencyRecord::fraction_bits, std::uint64_t{1},
         std::uint64_t{0}),
      At("fraction_bits", kCurrency, &CurrencyRecord::fraction_bits, std::uint64_t{64},
         std::uint64_t{65}),
      At("amount", kSale, &SaleRecord::amount, MinorUnits{1}, MinorUnits{0}),
      At("amount", kSale, &SaleRecord::amount, largest, too_large),
      At("tree_size", kSale, &SaleRecord::tree_size, Optional(1), Optional(0)),
      At("tree_size", kSale, &SaleRecord::tree_size, Optional(kIntegerMax),
         Optional(kIntegerMax + 1)),
      At("pending_until", kSale, &SaleRecord::pending_until, time_max, too_late),
      At("sold_at", kSale, &SaleRecord::sold_at, time_max, too_late),
      At("amount", kCorrection, &CorrectionRecord::amount, std::optional(largest),
         std::optional(too_large)),
      At("amount", kCorrection, &CorrectionRecord::amount, std::optional(MinorUnits{1}),
         std::optional(MinorUnits{0})),
      At("tree_size", kCorrection, &CorrectionRecord::tree_size, Optional(1), Optional(0)),
      {"number", numbered(1), numbered(0)},
      {"number", numbered(kIntegerMax), numbered(kIntegerMax + 1)},
      {"end", ending(7, 8), ending(7, 7)},
      {"end", ending(7, kIntegerMax), ending(7, kIntegerMax + 1)},
      {"begin", ending(kIntegerMax - 1, kIntegerMax), ending(kIntegerMax + 1, kIntegerMax + 2)},
      At("tree_size", kAdjustment, &AdjustmentRecord::tree_size, std::uint64_t{1},
         std::uint64_t{0}),
      {"end", mandated(7, 8), mandated(7, 7)},
      {"begin", mandated(kIntegerMax, std::nullopt), mandated(kIntegerMax + 1, std::nullopt)},
      {"end", assigned(7, 8), assigned(7, 7)},
      {"begin", assigned(kIntegerMax, std::nullopt), assigned(kIntegerMax + 1, std::nullopt)},
      At("tree_size", kBatch, &PayoutBatchRecord::tree_size, std::uint64_t{1}, std::uint64_t{0}),
      {"rules", weighing(0, 1), weighing(0, 0)},
      {"rules", weighing(kWeightSumMax - 1, 1), weighing(kWeightSumMax, 1)},
  });
}

StatementTotal Euros(std::uint64_t amount, std::uint64_t paid) {
  StatementTotal total;
  total.currency = "EUR";
  total.amount = {amount};
  total.paid = {paid};
  return total;
}

TEST_CASE("settlement records: figures of a statement must add up", "[model]") {
  const auto with = [](const StatementTotal& total) {
    return kStatement([&](auto* statement) { statement->totals = {total}; });
  };
  StatementTotal total = Euros(100, 99);
  total.carry = Uint128{1} << 64;
  CHECK_STATUS(Validate(with(total)), absl::StatusCode::kOk);
  // One grain or unit more in any figure, and the sum is off.
  const std::vector<std::function<void(StatementTotal*)>> spoils = {
      [](auto* t) { ++t->amount.value; },   [](auto* t) { ++t->opening_carry; },
      [](auto* t) { ++t->opening_debt; },   [](auto* t) { ++t->adjusted_up; },
      [](auto* t) { ++t->adjusted_down; },  [](auto* t) { ++t->paid.value; },
      [](auto* t) { ++t->released.value; }, [](auto* t) { ++t->carry; },
      [](auto* t) { ++t->debt; },           [](auto* t) { --t->fraction_bits; }};
  for (std::size_t i = 0; i < spoils.size(); ++i) {
    CAPTURE(i);
    StatementTotal spoilt = total;
    spoils[i](&spoilt);
    const absl::Status status = Validate(with(spoilt));
    CHECK_STATUS(status, absl::StatusCode::kInvalidArgument);
    CHECK(FieldOf(status) == "totals");
  }
  // Sums that agree modulo 2^128 only: 2^126 minor units of 64 bits are 0 modulo 2^128.
  StatementTotal wrapping = Euros(0, 0);
  wrapping.amount = {Uint128{1} << 125};
  CHECK_STATUS(Validate(with(wrapping)), absl::StatusCode::kInvalidArgument);
}

struct Refused {
  std::string_view name;
  std::string field;
  Record record;
};

std::vector<Refused> RefusedPolicies() {
  const auto fee = [](Fee value) { return kPolicy([&](auto* policy) { policy->fees = {value}; }); };
  return {
      {"a fee of both forms", "fees",
       fee({.party = "p", .ppm = 1, .fixed = {1}, .currency = "EUR"})},
      {"a fee of neither form", "fees", fee({.party = "p"})},
      {"a fixed fee in no currency", "fees.currency", fee({.party = "p", .fixed = {1}})},
      {"a part of gross in one currency", "fees.currency",
       fee({.party = "p", .ppm = 1, .currency = "EUR"})},
      {"a fee for nobody", "fees.party", fee({.party = "", .ppm = 1})},
      {"a fixed fee that is too large", "fees.fixed",
       fee({.party = "p", .fixed = {kAmountMax + 1}, .currency = "EUR"})},
      {"a fee twice", "fees", kPolicy([](auto* policy) {
         policy->fees = {{.party = "p", .ppm = 1}, {.party = "p", .ppm = 1}};
       })},
      {"two terms of one asset", "absolute_terms.asset", kPolicy([](auto* policy) {
         policy->absolute_terms = {{Sha256("a"), 1}, {Sha256("a"), 2}};
       })},
      {"two floors of one role", "floors.role", kPolicy([](auto* policy) {
         policy->floors = {{Role::kPrompt, 1}, {Role::kPrompt, 2}};
       })},
      {"floors above the whole", "floors.ppm", kPolicy([](auto* policy) {
         policy->floors = {{Role::kPrompt, 500'000}, {Role::kCode, 500'001}};
       })},
      {"a floor of nothing", "floors.ppm", kPolicy([](auto* policy) {
         policy->floors = {{Role::kPrompt, 0}};
       })},
      {"a space in a policy's name", "policy", kPolicy([](auto* policy) { policy->name = "a b"; })},
  };
}

std::vector<Refused> RefusedTemplates() {
  const auto rules = [](const std::function<void(std::vector<TemplateRule>*)>& edit) {
    return kTemplate([&](auto* record) { edit(&record->rules); });
  };
  return {
      {"a template without rules", "rules", rules([](auto* all) { all->clear(); })},
      {"a rule without roles", "rules.roles", rules([](auto* all) { all->at(0).roles.clear(); })},
      {"two rules of one kind", "rules.generated", rules([](auto* all) {
         all->push_back(all->at(0));
         all->back().retained = 7;
       })},
      {"two weights of one role", "rules.roles.role", rules([](auto* all) {
         auto& roles = all->at(0).roles;
         roles.push_back(roles[0]);
         roles.back().weight = 7;
       })},
  };
}

std::vector<Refused> RefusedOthers() {
  return {
      {"a colon is fine in a code, a space is not", "code",
       kCurrency([](auto* currency) { currency->code = "E R"; })},
      {"a line feed in a reference", "reference",
       kSale([](auto* sale) { sale->reference = "a\nb"; })},
      {"pairs out of order", "attributes",
       [] {
         Record sale = kSale([](auto*) {});
         std::get<SaleRecord>(sale.body).attributes = {{"b", ""}, {"a", ""}};
         return sale;
       }()},
      {"a correction of nothing", "correction",
       kCorrection([](auto* correction) { correction->amount.reset(); })},
      {"a first statement with one before it", "previous",
       kStatement([](auto* statement) { statement->previous = Sha256("x"); })},
      {"a second statement without one", "previous",
       kStatement([](auto* statement) { statement->number = 2; })},
      {"no lines under a root of some", "lines_root",
       kStatement([](auto* statement) { statement->lines_root = Sha256("x"); })},
      {"no lines under a root of some in an adjustment", "lines_root",
       kAdjustment([](auto* adjustment) { adjustment->lines_root = Sha256("x"); })},
      {"a currency twice", "totals.currency", kAdjustment([](auto* adjustment) {
         adjustment->totals = {{"EUR", 1, 0}, {"EUR", 0, 1}};
       })},
      {"a hold on nothing", "hold", kHold([](auto* hold) { hold->party.clear(); })},
      {"a hold on two things", "hold", kHold([](auto* hold) { hold->sale = Sha256("sale"); })},
      {"recipients of a plain release", "recipients",
       kRelease([](auto* release) { release->outcome = HoldOutcome::kReleased; })},
      {"a new route to nobody", "recipients",
       kRelease([](auto* release) { release->recipients.clear(); })},
      {"a recipient twice", "recipients.party",
       kRelease([](auto* release) { release->recipients.push_back(release->recipients[0]); })},
      {"a mandate to oneself", "collector",
       kMandate([](auto* mandate) { mandate->collector = mandate->party; })},
      {"an assignment to oneself", "assignee",
       kAssignment([](auto* assignment) { assignment->assignee = assignment->party; })},
      {"a merge with oneself", "into", kMerge([](auto* merge) { merge->into = merge->party; })},
      {"a merge with nobody", "into", kMerge([](auto* merge) { merge->into.clear(); })},
      {"a payee twice in a batch", "lines.party", kBatch([](auto* batch) {
         batch->lines = {{"mira", {1}}, {"mira", {2}}};
       })},
  };
}

TEST_CASE("settlement records: contents that a schema refuses", "[model]") {
  for (const auto& all : {RefusedPolicies(), RefusedTemplates(), RefusedOthers()}) {
    for (const Refused& refused : all) {
      CAPTURE(refused.name);
      const absl::Status status = Validate(refused.record);
      CHECK_STATUS(status, absl::StatusCode::kInvalidArgument);
      CHECK(FieldOf(status) == refused.field);
    }
  }
}

TEST_CASE("settlement records: sets out of order are refused", "[model]") {
  for (const std::string name : {"template_full", "policy_full", "statement_full",
                                 "adjustment_full", "holdrelease_rerouted", "payoutbatch_full"}) {
    for (test::SampleRecord& sample : test::SettlementSamples()) {
      if (sample.name != name) continue;
      CAPTURE(name);
      const Record sorted = sample.record;
      RecordBody& body = sample.record.body;
      if (auto* rules = std::get_if<TemplateRecord>(&body)) {
        std::swap(rules->rules[0], rules->rules[1]);
      } else if (auto* policy = std::get_if<PolicyRecord>(&body)) {
        std::swap(policy->fees[0], policy->fees[1]);
      } else if (auto* statement = std::get_if<StatementRecord>(&body)) {
        std::swap(statement->totals[0], statement->totals[1]);
      } else if (auto* adjustment = std::get_if<AdjustmentRecord>(&body)) {
        std::swap(adjustment->totals[0], adjustment->totals[1]);
      } else if (auto* release = std::get_if<HoldReleaseRecord>(&body)) {
        std::swap(release->recipients[0], release->recipients[1]);
      } else {
        auto& lines = std::get<PayoutBatchRecord>(body).lines;
        std::swap(lines[0], lines[1]);
      }
      CHECK_STATUS(Validate(sample.record), absl::StatusCode::kInvalidArgument);
      SortLists(&sample.record);
      CHECK(sample.record == sorted);
    }
  }
}

TEST_CASE("settlement records: what is final is never superseded", "[model]") {
  const std::set<std::string_view> open = {"template",   "policy",      "correction",  "mandate",
                                           "assignment", "party_merge", "payout_state"};
  for (test::SampleRecord& sample : test::SettlementSamples()) {
    CAPTURE(sample.name);
    std::string_view type = TypeName(sample.record.body);
    type.remove_prefix(std::string_view("tributary/").size());
    type.remove_suffix(std::string_view("/v1").size());
    sample.record.supersedes = Sha256("before");
    CHECK(Validate(sample.record).ok() == open.contains(type));
  }
}

TEST_CASE("settlement records: identity is one per subject", "[model]") {
  std::set<std::string> identities;
  std::size_t count = 0;
  const auto add = [&](const RecordBody& body) {
    identities.insert(IdentityOf(body));
    ++count;
  };
  const Digest a = Sha256("a");
  const Digest b = Sha256("b");
  for (const std::string name : {"a", "b"}) {
    add(CurrencyRecord{.code = name});
    add(TemplateRecord{.name = name});
    add(PolicyRecord{.name = name});
    add(SaleRecord{.reference = name});
    add(HoldRecord{.reference = name});
    add(PayoutBatchRecord{.reference = name});
    add(PartyMergeRecord{.party = name});
    for (const std::uint64_t begin : {0, 1}) {
      add(MandateRecord{.party = name, .begin = begin});
      add(AssignmentRecord{.party = name, .begin = begin});
    }
  }
  for (const Digest& id : {a, b}) {
    add(EscrowRecord{.sale = id});
    add(ReversalRecord{.sale = id});
    add(CorrectionRecord{.sale = id});
    add(HoldReleaseRecord{.hold = id});
    for (const Digest& cause : {a, b}) {
      AdjustmentRecord adjustment;
      adjustment.statement = id;
      adjustment.cause = cause;
      add(adjustment);
    }
    for (const std::string party : {"", "a"}) add(PayoutStateRecord{.batch = id, .party = party});
  }
  for (const std::uint64_t number : {1, 2}) {
    StatementRecord statement;
    statement.number = number;
    add(statement);
  }
  CHECK(identities.size() == count);
  CHECK(IdentityOf(HoldReleaseRecord{.hold = a}) ==
        IdentityOf(HoldReleaseRecord{.hold = a, .outcome = HoldOutcome::kRerouted}));
  CHECK(IdentityOf(SaleRecord{.reference = "a"}) ==
        IdentityOf(SaleRecord{.reference = "a", .asset = b, .currency = "EUR"}));
}

}  // namespace
}  // namespace tributary
