// Canonical bytes of the records of sales and statements. Internal to graph/model.

#pragma once

#include <string>
#include <string_view>

#include "graph/model/record.h"
#include "graph/model/record_fields.h"

namespace tributary::internal {

void WriteBody(const CurrencyRecord& currency, ObjectWriter* out);
void WriteBody(const TemplateRecord& record, ObjectWriter* out);
void WriteBody(const PolicyRecord& policy, ObjectWriter* out);
void WriteBody(const SaleRecord& sale, ObjectWriter* out);
void WriteBody(const EscrowRecord& escrow, ObjectWriter* out);
void WriteBody(const ReversalRecord& reversal, ObjectWriter* out);
void WriteBody(const CorrectionRecord& correction, ObjectWriter* out);
void WriteBody(const StatementRecord& statement, ObjectWriter* out);
void WriteBody(const AdjustmentRecord& adjustment, ObjectWriter* out);
void WriteBody(const HoldRecord& hold, ObjectWriter* out);
void WriteBody(const HoldReleaseRecord& release, ObjectWriter* out);
void WriteBody(const MandateRecord& mandate, ObjectWriter* out);
void WriteBody(const AssignmentRecord& assignment, ObjectWriter* out);
void WriteBody(const PartyMergeRecord& merge, ObjectWriter* out);
void WriteBody(const PayoutBatchRecord& batch, ObjectWriter* out);
void WriteBody(const PayoutStateRecord& state, ObjectWriter* out);

// Canonical bytes of one entry of a set, by which the set is sorted.
std::string EntryBytes(const TemplateRole& role);
std::string EntryBytes(const TemplateRule& rule);
std::string EntryBytes(const Fee& fee);
std::string EntryBytes(const AbsoluteTerm& term);
std::string EntryBytes(const RoleFloor& floor);
std::string EntryBytes(const StatementTotal& total);
std::string EntryBytes(const AdjustmentTotal& total);
std::string EntryBytes(const PayoutLine& line);

// Reads the body that `type` names; false if no type of sales and statements has that name.
bool ReadSettlementBody(std::string_view type, ObjectReader* in, RecordBody* body);

}  // namespace tributary::internal
