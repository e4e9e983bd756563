#include "client/cli/csv_facts.h"

#include <map>
#include <vector>

#include "client/cli/csv.h"
#include "client/cli/fact_json.h"
#include "client/cli/file_id.h"
#include "client/cli/money.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

using Fields = JsonValue::Object;

// Names who computed the weights where percentages or fractions were turned into integers. The
// version is that of the rule in written_weights.h, so that a newer program makes the same record.
constexpr std::string_view kConverter = "tributary csv import";
constexpr std::string_view kConverterVersion = "1";

void Put(std::string_view key, std::string_view value, Fields* fields) {
  if (!value.empty()) fields->emplace(key, value);
}

class CsvReader {
 public:
  CsvReader(const CsvTable& table, std::uint32_t file, Rest rest, const SaleOptions& sales,
            ImportBatch* batch)
      : table_(table), file_(file), rest_(rest), sales_(sales), batch_(batch) {}

  absl::Status Read() {
    if (table_.HasColumn("generated")) return ReadEdges();
    if (table_.HasColumn("reference")) return ReadSales();
    if (table_.HasColumn("units")) return ReadHolders();
    if (table_.HasColumn("kind")) return ReadAssets();
    if (table_.HasColumn("party")) return ReadParties();
    return InvalidField("line 1", "other columns",
                        "those of parties (party), assets (asset, kind), holders (asset, party, "
                        "units), edges (generated, input, role, weight) or sales (reference, "
                        "asset, amount, currency)");
  }

 private:
  Origin At(const CsvRow& row) const { return {file_, row.line}; }

  void Add(Origin origin, FactLine line) {
    absl::StatusOr<ImportFact> fact = FactFromFields(std::move(line), batch_->ledger);
    if (!fact.ok()) return batch_->AddProblem(origin, fact.status());
    fact->origin = origin;
    batch_->facts.push_back(*std::move(fact));
  }
  void Add(Origin origin, Fields fields) {
    FactLine line;
    line.fields = std::move(fields);
    Add(origin, std::move(line));
  }

  absl::Status ReadParties() {
    TRIBUTARY_RETURN_IF_ERROR(table_.CheckColumns({"party", "name"}, {"party"}));
    for (const CsvRow& row : table_.rows()) {
      Fields fields{{"type", TypeName(PartyRecord{})}};
      Put("party", table_.Get(row, "party"), &fields);
      Put("name", table_.Get(row, "name"), &fields);
      Add(At(row), std::move(fields));
    }
    return absl::OkStatus();
  }

  absl::Status ReadAssets() {
    TRIBUTARY_RETURN_IF_ERROR(
        table_.CheckColumns({"asset", "kind", "name", "id_method", "namespace", "version",
                             "license", "media_type", "size", "locations", "alias"},
                            {"asset", "kind"}));
    for (const CsvRow& row : table_.rows()) {
      if (absl::Status status = AddAsset(row); !status.ok()) {
        batch_->AddProblem(At(row), std::move(status));
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddAsset(const CsvRow& row) {
    const std::string key = table_.Get(row, "asset");
    const std::string kind = table_.Get(row, "kind");
    Fields fields{{"type", TypeName(AssetRecord{})}};
    Put("kind", kind == "model" ? ToName(AssetKind::kModelCheckpoint) : kind, &fields);
    for (const char* column : {"license", "media_type", "name"}) {
      Put(column, table_.Get(row, column), &fields);
    }
    TRIBUTARY_RETURN_IF_ERROR(PutSize(row, &fields));
    PutLocations(row, &fields);
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string id, PutIdentity(row, key, &fields));
    Add(At(row), std::move(fields));
    if (id != key) AddAlias(row, key, id);
    if (const std::string alias = table_.Get(row, "alias"); !alias.empty())
      AddAlias(row, alias, id);
    return absl::OkStatus();
  }

  absl::Status PutSize(const CsvRow& row, Fields* fields) {
    const std::string text = table_.Get(row, "size");
    if (text.empty()) return absl::OkStatus();
    const auto size = ParseUint64(text);
    if (!size.has_value() || *size > kJsonIntegerMax) {
      return InvalidField("size", Quoted(text), "bytes, from 0 to 2^53 - 1");
    }
    fields->emplace("size", *size);
    return absl::OkStatus();
  }

  void PutLocations(const CsvRow& row, Fields* fields) {
    JsonValue::List locations;
    const std::string text = table_.Get(row, "locations");
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find(' ', at), text.size());
      if (end > at) locations.emplace_back(text.substr(at, end - at));
      at = end + 1;
    }
    if (!locations.empty()) fields->emplace("locations", std::move(locations));
  }

  // An id as given, or for any other text the id of the thing named so. Gives the id.
  absl::StatusOr<std::string> PutIdentity(const CsvRow& row, const std::string& key,
                                          Fields* fields) {
    const std::string method = table_.Get(row, "id_method");
    if (Digest::FromHex(key).ok()) {
      fields->emplace("asset", key);
      fields->emplace("id_method", method.empty() ? std::string(ToName(IdMethod::kBare)) : method);
      return key;
    }
    if (key.empty()) return InvalidField("asset", "no value", "an asset id or a name");
    if (!method.empty() && method != ToName(IdMethod::kNamed)) {
      return InvalidField("asset", Quoted(key), StrCat("64 hex digits with id_method ", method));
    }
    const NamedAs named{.namespace_name = table_.Get(row, "namespace"),
                        .name = key,
                        .version = table_.Get(row, "version")};
    Fields parts;
    Put("namespace", named.namespace_name, &parts);
    Put("name", named.name, &parts);
    Put("version", named.version, &parts);
    fields->emplace("id_method", ToName(IdMethod::kNamed));
    fields->emplace("named_as", std::move(parts));
    const std::string id = NamedAssetId(named).ToHex();
    fields->emplace("asset", id);
    return id;
  }

  void AddAlias(const CsvRow& row, const std::string& alias, const std::string& id) {
    Add(At(row), Fields{{"type", TypeName(AliasRecord{})}, {"alias", alias}, {"asset", id}});
  }

  absl::Status ReadHolders() {
    TRIBUTARY_RETURN_IF_ERROR(
        table_.CheckColumns({"asset", "party", "units"}, {"asset", "party", "units"}));
    for (const auto& rows : GroupBy("asset")) {
      std::vector<std::string> written;
      for (const CsvRow* row : rows) written.push_back(table_.Get(*row, "units"));
      const auto units = ToExactUnits(written);
      if (!units.ok()) {
        batch_->AddProblem(At(*rows[0]), units.status());
        continue;
      }
      JsonValue::List holders;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        holders.push_back(Fields{{"party", table_.Get(*rows[i], "party")},
                                 {"units", std::to_string((*units)[i])}});
      }
      Fields fields{{"type", TypeName(HoldersRecord{})}};
      Put("asset", table_.Get(*rows[0], "asset"), &fields);
      fields.emplace("holders", std::move(holders));
      Add(At(*rows[0]), std::move(fields));
    }
    return absl::OkStatus();
  }

  absl::Status ReadEdges() {
    TRIBUTARY_RETURN_IF_ERROR(table_.CheckColumns({"generated", "input", "role", "weight", "basis"},
                                                  {"generated", "input", "role", "weight"}));
    for (const auto& rows : GroupBy("generated")) {
      if (absl::Status status = AddDerivation(rows); !status.ok()) {
        batch_->AddProblem(At(*rows[0]), std::move(status));
      }
    }
    return absl::OkStatus();
  }

  // Rows with the role `retained` or `unattributed` have no input: they hold the derivation's own
  // parts.
  absl::Status AddDerivation(const std::vector<const CsvRow*>& rows) {
    WrittenWeights written;
    std::vector<const CsvRow*> edge_rows;
    for (const CsvRow* row : rows) {
      const std::string role = table_.Get(*row, "role");
      std::string* own = role == "retained"       ? &written.retained
                         : role == "unattributed" ? &written.unattributed
                                                  : nullptr;
      if (own == nullptr) {
        edge_rows.push_back(row);
        written.edges.push_back(table_.Get(*row, "weight"));
        continue;
      }
      if (!own->empty() || !table_.Get(*row, "input").empty()) {
        return InvalidField("role", StrCat(role, " on line ", row->line),
                            "once for each generated asset, with no input");
      }
      *own = table_.Get(*row, "weight");
    }
    bool has_parts = false;
    for (const std::string& text : written.edges) has_parts |= IsPart(text);
    has_parts |= IsPart(written.retained) || IsPart(written.unattributed);
    TRIBUTARY_ASSIGN_OR_RETURN(const ExactWeights weights,
                               ToExactWeights(written, has_parts ? rest_ : Rest::kRefuse));
    FactLine line;
    TRIBUTARY_RETURN_IF_ERROR(AddEdges(edge_rows, weights, &line));
    line.fields = {{"type", TypeName(DerivationRecord{})},
                   {"retained", std::to_string(weights.retained)},
                   {"unattributed", std::to_string(weights.unattributed)}};
    Put("generated", table_.Get(*rows[0], "generated"), &line.fields);
    if (has_parts) {
      line.fields.emplace("computed_by",
                          Fields{{"name", kConverter}, {"version", kConverterVersion}});
    }
    Add(At(*rows[0]), std::move(line));
    return absl::OkStatus();
  }

  static bool IsPart(const std::string& text) { return text.find_first_of("%./") != text.npos; }

  absl::Status AddEdges(const std::vector<const CsvRow*>& rows, const ExactWeights& weights,
                        FactLine* line) {
    line->has_edges = !rows.empty();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string input = table_.Get(*rows[i], "input");
      const std::string role = table_.Get(*rows[i], "role");
      const std::string basis = table_.Get(*rows[i], "basis");
      const auto parsed_role = FromName<Role>(role);
      const auto parsed_basis = basis.empty() ? Basis::kDeclared : FromName<Basis>(basis);
      const std::string on_line = StrCat(" on line ", rows[i]->line);
      if (input.empty()) return InvalidField("input", "no value" + on_line, "an asset");
      if (!parsed_role.has_value()) {
        return InvalidField("role", Quoted(role) + on_line,
                            AllNames<Role>() + " retained unattributed");
      }
      if (!parsed_basis.has_value()) {
        return InvalidField("basis", Quoted(basis) + on_line, AllNames<Basis>());
      }
      Edge edge{
          .input = {}, .role = *parsed_role, .weight = weights.edges[i], .basis = *parsed_basis};
      const auto id = Digest::FromHex(input);
      if (id.ok())
        edge.input = *id;
      else
        line->references.push_back({i, input});
      line->edges.push_back(edge);
    }
    return absl::OkStatus();
  }

  absl::Status ReadSales() {
    TRIBUTARY_RETURN_IF_ERROR(table_.CheckColumns(
        {"reference", "asset", "amount", "currency", "tree_size", "policy", "sold_at"},
        {"reference", "asset", "amount", "currency"}));
    for (const ImportFact& fact : batch_->facts) {
      const auto* currency = std::get_if<CurrencyRecord>(&fact.record.body);
      if (currency == nullptr) continue;
      imported_scales_.emplace(currency->code, static_cast<unsigned>(currency->scale));
    }
    for (const CsvRow& row : table_.rows()) {
      absl::StatusOr<Fields> fields = SaleFields(row);
      if (fields.ok()) {
        Add(At(row), *std::move(fields));
      } else if (absl::IsInvalidArgument(fields.status()) || absl::IsNotFound(fields.status())) {
        batch_->AddProblem(At(row), fields.status());
      } else {
        return fields.status();
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Fields> SaleFields(const CsvRow& row) {
    Fields fields{{"type", TypeName(SaleRecord{})}};
    for (const char* column : {"reference", "asset", "currency", "sold_at"}) {
      Put(column, table_.Get(row, column), &fields);
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string amount, AmountIn(row));
    Put("amount", amount, &fields);
    if (const std::string text = table_.Get(row, "tree_size"); !text.empty()) {
      const auto tree_size = ParseUint64(text);
      if (!tree_size.has_value() || *tree_size > kJsonIntegerMax) {
        return InvalidField("tree_size", Quoted(text), "a ledger version, from 1 to 2^53 - 1");
      }
      fields.emplace("tree_size", *tree_size);
    }
    if (const std::string text = table_.Get(row, "policy"); !text.empty()) {
      TRIBUTARY_ASSIGN_OR_RETURN(const Digest policy, PolicyIn(text));
      fields.emplace("policy", policy.ToHex());
    }
    return fields;
  }

  // The minor units of a row, as digits. Nothing is rounded.
  absl::StatusOr<std::string> AmountIn(const CsvRow& row) {
    const std::string text = table_.Get(row, "amount");
    if (sales_.in_minor_units) return ParseMinorUnits(text);
    const std::string code = table_.Get(row, "currency");
    const auto known = scales_.find(code);
    if (known != scales_.end()) return ParseAmount(text, known->second);
    TRIBUTARY_ASSIGN_OR_RETURN(const unsigned scale, ScaleOf(code));
    scales_.emplace(code, scale);
    return ParseAmount(text, scale);
  }

  // The ledger's own currency goes before one of this import, which it would refuse.
  absl::StatusOr<unsigned> ScaleOf(const std::string& code) {
    const auto imported = imported_scales_.find(code);
    const bool is_imported = imported != imported_scales_.end();
    if (code.empty() || (sales_.scale_of == nullptr && !is_imported)) {
      return InvalidField("currency", code.empty() ? "no value" : Quoted(code),
                          "a currency of this import or of the ledger");
    }
    if (sales_.scale_of == nullptr) return imported->second;
    const absl::StatusOr<unsigned> found = sales_.scale_of(code);
    if (absl::IsNotFound(found.status()) && is_imported) return imported->second;
    TRIBUTARY_RETURN_IF_ERROR(found.status());
    if (!is_imported || imported->second == *found) return *found;
    return InvalidField("currency",
                        StrCat(code, " with scale ", imported->second, " in this import"),
                        StrCat("scale ", *found, ", as the ledger has it"));
  }

  absl::StatusOr<Digest> PolicyIn(const std::string& text) {
    if (const auto id = Digest::FromHex(text); id.ok()) return *id;
    if (const auto known = policies_.find(text); known != policies_.end()) return known->second;
    if (sales_.policy_of == nullptr) {
      return InvalidField("policy", Quoted(text), "a record id of 64 hex digits");
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const Digest id, sales_.policy_of(text));
    policies_.emplace(text, id);
    return id;
  }

  // Rows that agree in one column, each group in order, groups in order of their first row.
  std::vector<std::vector<const CsvRow*>> GroupBy(std::string_view column) const {
    std::vector<std::vector<const CsvRow*>> groups;
    std::map<std::string, std::size_t> index_of;
    for (const CsvRow& row : table_.rows()) {
      const auto [found, is_new] = index_of.emplace(table_.Get(row, column), groups.size());
      if (is_new) groups.emplace_back();
      groups[found->second].push_back(&row);
    }
    return groups;
  }

  const CsvTable& table_;
  std::uint32_t file_;
  Rest rest_;
  const SaleOptions& sales_;
  ImportBatch* batch_;
  std::map<std::string, unsigned> imported_scales_;  // of currency lines of this import, by code
  std::map<std::string, unsigned> scales_;           // that amounts are read by
  std::map<std::string, Digest> policies_;           // ids, by name
};

}  // namespace

absl::Status ReadCsvFacts(const std::string& path, Rest rest, ImportBatch* batch,
                          const SaleOptions& sales) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kCsvSizeMax));
  const auto file = static_cast<std::uint32_t>(batch->files.size());
  batch->files.push_back(path);
  absl::StatusOr<CsvTable> table = CsvTable::Parse(text);
  absl::Status status = table.status();
  if (status.ok()) status = CsvReader(*table, file, rest, sales, batch).Read();
  if (status.ok()) return status;
  return WithField(
      absl::Status(status.code(), ToAbsl(StrCat(path, ": ", FromAbsl(status.message())))),
      FieldOf(status));
}

}  // namespace tributary::cli
