#include "client/cli/record_fields.h"

#include <algorithm>
#include <array>
#include <map>

#include "graph/model/canonical_json.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

constexpr std::array<std::string_view, 5> kOfEveryRecord = {"blind", "details_digest", "ledger",
                                                            "supersedes", "type"};
constexpr std::array<std::string_view, 6> kNaming = {"generated", "role",  "asset",
                                                     "label",     "party", "currency"};

class Flattener {
 public:
  // Levels are bounded by kJsonDepthMax: the value was parsed.
  void Add(const std::string& path, const JsonValue& value) {
    if (const std::string* text = value.AsString()) return Put(path, *text);
    if (const std::uint64_t* number = value.AsInteger()) return Put(path, std::to_string(*number));
    if (const JsonValue::Object* object = value.AsObject()) return AddObject(path, *object);
    AddList(path, *value.AsList());
  }

  std::vector<FieldValue> Take() && { return std::move(fields_); }

 private:
  void Put(const std::string& path, std::string value) {
    fields_.push_back({path, std::move(value)});
  }

  void AddObject(const std::string& path, const JsonValue::Object& object) {
    for (const auto& [key, value] : object) Add(StrCat(path, path.empty() ? "" : ".", key), value);
  }

  void AddList(const std::string& path, const JsonValue::List& list) {
    std::map<std::string, std::size_t> count_of;
    for (std::size_t i = 0; i < list.size(); ++i) {
      std::string name = NameOf(list[i], i);
      if (const std::size_t count = ++count_of[name]; count > 1) StrAppend(&name, "#", count);
      Add(StrCat(path, "[", name, "]"), list[i]);
    }
  }

  static std::string NameOf(const JsonValue& item, std::size_t index) {
    if (const JsonValue::Object* object = item.AsObject()) {
      for (const std::string_view key : kNaming) {
        const auto found = object->find(key);
        if (found != object->end() && found->second.AsString() != nullptr) {
          return *found->second.AsString();
        }
      }
    }
    return std::to_string(index);
  }

  std::vector<FieldValue> fields_;
};

const std::string* Find(const std::vector<FieldValue>& fields, const std::string& field) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const FieldValue& each) { return each.field == field; });
  return found == fields.end() ? nullptr : &found->value;
}

}  // namespace

absl::StatusOr<std::vector<FieldValue>> FieldsOf(std::string_view canonical_bytes) {
  const absl::StatusOr<JsonValue> value = ParseCanonicalJson(canonical_bytes);
  if (!value.ok() || value->AsObject() == nullptr) {
    return absl::DataLossError("record: the bytes are not canonical JSON");
  }
  Flattener flattener;
  for (const auto& [key, field] : *value->AsObject()) {
    const bool of_every_record =
        std::find(kOfEveryRecord.begin(), kOfEveryRecord.end(), key) != kOfEveryRecord.end();
    if (!of_every_record) flattener.Add(key, field);
  }
  return std::move(flattener).Take();
}

std::vector<FieldChange> CompareFields(const std::vector<FieldValue>& before,
                                       const std::vector<FieldValue>& after) {
  std::vector<FieldChange> changes;
  for (const FieldValue& old_field : before) {
    const std::string* value = Find(after, old_field.field);
    if (value != nullptr && *value == old_field.value) continue;
    changes.push_back({old_field.field, old_field.value,
                       value == nullptr ? std::nullopt : std::optional(*value)});
  }
  for (const FieldValue& new_field : after) {
    if (Find(before, new_field.field) != nullptr) continue;
    changes.push_back({new_field.field, std::nullopt, new_field.value});
  }
  return changes;
}

}  // namespace tributary::cli
