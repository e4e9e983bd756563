#include "client/cli/log_lines.h"

#include <absl/strings/escaping.h>

#include "client/cli/fact_json.h"
#include "client/lib/convert.h"
#include "graph/model/record_type.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

// Text is handed on in pieces of about this size.
constexpr std::size_t kPieceSize = 1u << 20;

absl::Status Broken(std::uint64_t position, std::string_view what) {
  return absl::DataLossError(StrCat("log position ", position, ": ", what));
}

std::string LeafData(const v1::LogRecord& record) {
  std::string leaf(RecordId(record.canonical_bytes()).view());
  const auto ms = static_cast<std::uint64_t>(record.accepted_ms());
  for (int shift = 56; shift >= 0; shift -= 8) leaf.push_back(static_cast<char>(ms >> shift & 255));
  return leaf;
}

absl::StatusOr<std::string> RequiredText(const JsonValue::Object& fields, std::string_view key) {
  const auto found = fields.find(key);
  if (found == fields.end() || found->second.AsString() == nullptr) {
    return InvalidField(key, "no text", "a text: the key is required");
  }
  return *found->second.AsString();
}

absl::StatusOr<std::uint64_t> RequiredInteger(const JsonValue::Object& fields,
                                              std::string_view key) {
  const auto found = fields.find(key);
  if (found == fields.end() || found->second.AsInteger() == nullptr) {
    return InvalidField(key, "no integer", "an integer: the key is required");
  }
  return *found->second.AsInteger();
}

absl::StatusOr<v1::PrivateDetails> DetailsOf(const JsonValue& value) {
  v1::PrivateDetails details;
  const JsonValue::Object* fields = value.AsObject();
  if (fields == nullptr) return InvalidField("details", "another type", "an object");
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string hex, RequiredText(*fields, "salt"));
  TRIBUTARY_ASSIGN_OR_RETURN(const Digest salt, Digest::FromHex(hex, "details.salt"));
  details.set_salt(std::string(salt.view()));
  if (!fields->contains("bytes")) return details;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string base64, RequiredText(*fields, "bytes"));
  if (!absl::Base64Unescape(base64, details.mutable_content())) {
    return InvalidField("details.bytes", Quoted(base64), "base64");
  }
  return details;
}

constexpr std::string_view kLineBlockStart = "{\"lines_of\":";

// Whether the server alone makes records of this type, or they name one that it makes.
bool IsMadeByServer(const RecordBody& body) {
  return StatedLines(body).has_value() || std::holds_alternative<PayoutBatchRecord>(body) ||
         std::holds_alternative<PayoutStateRecord>(body);
}

}  // namespace

LogLineWriter::LogLineWriter(LogLineOptions options, Write write)
    : options_(std::move(options)), write_(std::move(write)) {}

absl::Status LogLineWriter::WriteHeader(std::string_view ledger) {
  StrAppend(&text_, "{\"format\":\"", kLogFormat, "\",\"ledger\":");
  AppendJsonString(ledger, &text_);
  text_.append("}\n");
  return absl::OkStatus();
}

absl::Status LogLineWriter::Add(const v1::LogItem& item) {
  switch (item.item_case()) {
    case v1::LogItem::kRecord:
      TRIBUTARY_RETURN_IF_ERROR(EndRecord());
      return BeginRecord(item.record());
    case v1::LogItem::kEdges:
      return AddEdges(item.edges());
    case v1::LogItem::kDetails:
      return AddDetails(item.details());
    case v1::LogItem::kLines:
      return AddLines(item.lines());
    default:
      return Broken(record_count_, "an item of an unknown kind");
  }
}

absl::Status LogLineWriter::BeginRecord(const v1::LogRecord& record) {
  if (record.position() != record_count_) {
    return Broken(record_count_, StrCat("found position ", record.position()));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(record_, DecodeRecord(record.canonical_bytes()));
  const Digest id = RecordId(record.canonical_bytes());
  log_.Append(LeafHash(LeafData(record)));
  ++record_count_;
  in_record_ = true;
  edge_count_ = weight_sum_ = 0;
  edges_ = TreeFrontier();
  lines_ = TreeFrontier();
  line_count_ = 0;
  details_.clear();
  const bool is_ledger = std::holds_alternative<LedgerRecord>(record_.body);
  skip_ = !options_.log &&
          (is_ledger || IsMadeByServer(record_.body) ||
           (options_.drop_superseded && options_.superseded.contains(std::string(id.view()))));
  line_is_open_ = !skip_;
  if (skip_) return absl::OkStatus();
  if (options_.log) {
    StrAppend(&text_, "{\"position\":", record.position(), ",\"accepted\":\"",
              FormatTime(TimeMs{static_cast<std::uint64_t>(record.accepted_ms())}), "\",\"id\":\"",
              id.ToHex(), "\",\"record\":", record.canonical_bytes());
    return absl::OkStatus();
  }
  if (!options_.drop_superseded) return AppendFactFields(record.canonical_bytes(), &text_);
  record_.supersedes.reset();
  return AppendFactFields(EncodeRecord(record_), &text_);
}

absl::Status LogLineWriter::AddEdges(const v1::EdgeBlock& block) {
  if (!in_record_ || !std::holds_alternative<DerivationRecord>(record_.body)) {
    return Broken(record_count_, "edges without a derivation");
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<Edge> edges, FromBlock(block));
  std::string bytes;
  for (const Edge& edge : edges) {
    weight_sum_ += edge.weight;
    bytes.clear();
    AppendEdgeBytes(edge, weight_sum_, &bytes);
    edges_.Append(LeafHash(bytes));
    if (!skip_) {
      text_.append(edge_count_ == 0 ? ",\"edges\":[" : ",");
      AppendEdgeObject(edge, &text_);
    }
    ++edge_count_;
  }
  return WriteIfLarge();
}

absl::Status LogLineWriter::AddDetails(const v1::PrivateDetails& details) {
  if (!in_record_ || !details_.empty()) return Broken(record_count_, "details without a record");
  AppendDetails(details.salt(), details.content(), &details_);
  return absl::OkStatus();
}

absl::Status LogLineWriter::EndRecord() {
  if (!in_record_) return absl::OkStatus();
  in_record_ = false;
  if (const auto* derivation = std::get_if<DerivationRecord>(&record_.body)) {
    if (edge_count_ != derivation->edge_count || edges_.Root() != derivation->edges_root) {
      return Broken(record_count_ - 1, "the edges are not those of the derivation");
    }
  }
  if (const auto stated = StatedLines(record_.body); stated.has_value()) {
    if (line_count_ != stated->line_count || lines_.Root() != stated->lines_root) {
      return Broken(record_count_ - 1, "the lines are not those that the record states");
    }
  }
  CloseLine();
  return WriteIfLarge();
}

void LogLineWriter::CloseLine() {
  if (!line_is_open_) return;
  line_is_open_ = false;
  if (edge_count_ > 0) text_.push_back(']');
  if (!details_.empty()) StrAppend(&text_, ",", details_);
  text_.append("}\n");
}

absl::Status LogLineWriter::AddLines(const v1::LineBlock& block) {
  if (!in_record_ || !StatedLines(record_.body).has_value()) {
    return Broken(record_count_, "lines without a statement or an adjustment");
  }
  CloseLine();
  if (!skip_) StrAppend(&text_, kLineBlockStart, record_count_ - 1, ",\"lines\":[");
  bool first = true;
  for (const std::string& line : block.lines()) {
    lines_.Append(LeafHash(line));
    ++line_count_;
    if (!skip_) StrAppend(&text_, first ? "" : ",", line);
    first = false;
  }
  if (!skip_) text_.append("]}\n");
  return WriteIfLarge();
}

absl::Status LogLineWriter::WriteIfLarge() {
  if (text_.size() < kPieceSize) return absl::OkStatus();
  TRIBUTARY_RETURN_IF_ERROR(write_(text_));
  text_.clear();
  return absl::OkStatus();
}

absl::Status LogLineWriter::Finish(const v1::StreamRecordsSummary& summary) {
  TRIBUTARY_RETURN_IF_ERROR(EndRecord());
  const Digest root = log_.Root();
  if (summary.tree_size() != record_count_ || summary.root_hash() != root.view()) {
    return Broken(record_count_,
                  StrCat("the records do not have the log's root: ", root.ToHex(), ", stated ",
                         ToHex(summary.root_hash()), " at ", summary.tree_size()));
  }
  if (options_.log) {
    StrAppend(&text_, "{\"tree_size\":", record_count_, ",\"root_hash\":\"", root.ToHex(), "\"}\n");
  }
  finished_ = true;
  return write_(text_);
}

absl::StatusOr<LogHeader> ParseLogHeader(std::string_view line) {
  TRIBUTARY_ASSIGN_OR_RETURN(const FactLine parsed, ParseFactLine(line));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string format, RequiredText(parsed.fields, "format"));
  if (format != kLogFormat) return InvalidField("format", Quoted(format), kLogFormat);
  LogHeader header;
  TRIBUTARY_ASSIGN_OR_RETURN(header.ledger, RequiredText(parsed.fields, "ledger"));
  return header;
}

absl::StatusOr<LogFooter> ParseLogFooter(std::string_view line) {
  TRIBUTARY_ASSIGN_OR_RETURN(const FactLine parsed, ParseFactLine(line));
  LogFooter footer;
  TRIBUTARY_ASSIGN_OR_RETURN(footer.tree_size, RequiredInteger(parsed.fields, "tree_size"));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string root, RequiredText(parsed.fields, "root_hash"));
  TRIBUTARY_ASSIGN_OR_RETURN(footer.root_hash, Digest::FromHex(root, "root_hash"));
  return footer;
}

absl::StatusOr<LogLine> ParseLogLine(std::string_view line) {
  TRIBUTARY_ASSIGN_OR_RETURN(FactLine parsed, ParseFactLine(line));
  LogLine result;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t position,
                             RequiredInteger(parsed.fields, "position"));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string accepted, RequiredText(parsed.fields, "accepted"));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string id, RequiredText(parsed.fields, "id"));
  const std::optional<TimeMs> time = ParseTime(accepted);
  if (!time.has_value())
    return InvalidField("accepted", Quoted(accepted), "RFC 3339, three decimals");
  const auto record = parsed.fields.find("record");
  if (record == parsed.fields.end()) return InvalidField("record", "no value", "an object");
  result.record.set_position(position);
  result.record.set_accepted_ms(static_cast<std::int64_t>(time->value));
  result.record.set_canonical_bytes(WriteCanonicalJson(record->second));
  const Digest computed = RecordId(result.record.canonical_bytes());
  if (computed.ToHex() != id) {
    return InvalidField("id", id, StrCat(computed.ToHex(), ", as computed from record"));
  }
  if (const auto details = parsed.fields.find("details"); details != parsed.fields.end()) {
    TRIBUTARY_ASSIGN_OR_RETURN(result.details, DetailsOf(details->second));
    result.has_details = true;
  }
  if (!parsed.references.empty()) return InvalidField("edges", "an alias", "asset ids");
  result.edges = std::move(parsed.edges);
  return result;
}

bool IsLogLineBlock(std::string_view line) {
  return line.substr(0, kLineBlockStart.size()) == kLineBlockStart;
}

absl::StatusOr<LogLineBlock> ParseLogLineBlock(std::string_view line) {
  TRIBUTARY_ASSIGN_OR_RETURN(const FactLine parsed, ParseFactLine(line));
  LogLineBlock result;
  TRIBUTARY_ASSIGN_OR_RETURN(result.position, RequiredInteger(parsed.fields, "lines_of"));
  const auto lines = parsed.fields.find("lines");
  if (lines == parsed.fields.end() || lines->second.AsList() == nullptr) {
    return InvalidField("lines", "no list", "a list of lines");
  }
  for (const JsonValue& value : *lines->second.AsList()) {
    *result.block.add_lines() = WriteCanonicalJson(value);
  }
  return result;
}

}  // namespace tributary::cli
