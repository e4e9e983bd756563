// The subcommands. Each adds itself to the parser and sets session->action when it is chosen; the
// session outlives the parser.

#pragma once

#include "client/cli/session.h"

namespace tributary::cli {

void AddLedgerCommand(CLI::App* app, Session* session);
void AddRecordCommand(CLI::App* app, Session* session);
void AddDerivationRecord(CLI::App* record, Session* session);  // `record derivation`
void AddImportCommand(CLI::App* app, Session* session);
void AddExportCommand(CLI::App* app, Session* session);
void AddReplayCommand(CLI::App* app, Session* session);
void AddShowCommand(CLI::App* app, Session* session);
void AddLineageCommand(CLI::App* app, Session* session);
void AddImpactCommand(CLI::App* app, Session* session);
void AddAttributeCommand(CLI::App* app, Session* session);
void AddQuoteCommand(CLI::App* app, Session* session);
void AddCurrencyCommand(CLI::App* app, Session* session);
void AddTemplateCommand(CLI::App* app, Session* session);
void AddPolicyCommand(CLI::App* app, Session* session);
void AddSaleCommand(CLI::App* app, Session* session);
void AddSaleRecordCommands(CLI::App* sale, Session* session);  // parts of `sale`
void AddHoldCommand(CLI::App* app, Session* session);
void AddStatementCommand(CLI::App* app, Session* session);
void AddStatementLinesCommand(CLI::App* statement, Session* session);   // `statement lines`
void AddStatementVerifyCommand(CLI::App* statement, Session* session);  // `statement verify`
void AddAdjustmentCommand(CLI::App* app, Session* session);
void AddBalanceCommand(CLI::App* app, Session* session);
void AddPayoutCommand(CLI::App* app, Session* session);
void AddPartyCommand(CLI::App* app, Session* session);
void AddWhyCommand(CLI::App* app, Session* session);
void AddStatusCommand(CLI::App* app, Session* session);
void AddVerifyStoreCommand(CLI::App* app, Session* session);
void AddBackupCommands(CLI::App* app, Session* session);
void AddVersionCommand(CLI::App* app, Session* session);

}  // namespace tributary::cli
