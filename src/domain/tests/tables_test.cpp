// The tables against the contract's own text (hub API v0), and the shape of every
// row.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "domain/field_choices.h"
#include "domain/names.h"
#include "domain/record.h"

namespace medperf::domain {
namespace {

// "C", "U" and "O" as in the contract's column W; "-" is read-only.
std::string writable_text(const Field& field) {
  std::string text;
  if (field.writable & kOnCreate) text += 'C';
  if (field.writable & kOnUpdate) text += 'U';
  if (field.writable & kInOperation) text += 'O';
  return text.empty() ? "-" : text;
}

std::map<std::string, std::string> writable_fields(Entity entity) {
  std::map<std::string, std::string> found;
  for (const Field& field : table_of(entity).fields) {
    const std::string text = writable_text(field);
    if (text != "-") found[std::string(field.name)] = text;
  }
  return found;
}

using Expected = std::map<std::string, std::string>;

/// The contract's fields of what is registered, and the two that this hub adds.
Expected with_groups(Expected fields) {
  fields["organisation"] = "C";
  fields["closed_group"] = "C";
  return fields;
}

TEST(Tables, ChoicesAreOfTheirTables) {
  std::size_t chosen = 0;
  for (const Entity entity : all_entities()) {
    for (const auto choice : {brief_fields(entity), content_fields(entity)}) {
      chosen += choice.size();
      for (const std::string_view field : choice) {
        EXPECT_NE(table_of(entity).find(field), nullptr) << table_of(entity).label << " " << field;
      }
    }
  }
  EXPECT_GT(chosen, 0u);
}

TEST(Tables, WriteRulesAreThoseOfTheContract) {
  EXPECT_EQ(writable_fields(Entity::kContainer),
            with_groups(Expected{{"name", "CU"},
                                 {"container_config", "CU"},
                                 {"parameters_config", "CU"},
                                 {"image_hash", "CU"},
                                 {"additional_files_tarball_url", "CUO"},
                                 {"additional_files_tarball_hash", "CU"},
                                 {"state", "CU"},
                                 {"is_valid", "CUO"},
                                 {"metadata", "CU"},
                                 {"user_metadata", "CUO"}}));
  EXPECT_EQ(writable_fields(Entity::kAsset), with_groups(Expected{{"name", "CU"},
                                                                  {"asset_hash", "CU"},
                                                                  {"asset_url", "CUO"},
                                                                  {"state", "CU"},
                                                                  {"is_valid", "CUO"},
                                                                  {"metadata", "CU"},
                                                                  {"user_metadata", "CUO"}}));
  EXPECT_EQ(writable_fields(Entity::kModel), with_groups(Expected{{"name", "CU"},
                                                                  {"type", "CU"},
                                                                  {"container", "CU"},
                                                                  {"asset", "CU"},
                                                                  {"state", "CU"},
                                                                  {"is_valid", "CUO"},
                                                                  {"metadata", "CU"},
                                                                  {"user_metadata", "CUO"}}));
  EXPECT_EQ(writable_fields(Entity::kBenchmark),
            with_groups(Expected{{"name", "CU"},
                                 {"description", "CU"},
                                 {"docs_url", "CU"},
                                 {"demo_dataset_tarball_url", "CUO"},
                                 {"demo_dataset_tarball_hash", "CU"},
                                 {"demo_dataset_generated_uid", "CU"},
                                 {"data_preparation_mlcube", "CU"},
                                 {"reference_model", "CU"},
                                 {"data_evaluator_mlcube", "CU"},
                                 {"state", "CU"},
                                 {"is_valid", "CUO"},
                                 {"is_active", "CUO"},
                                 {"metadata", "CU"},
                                 {"user_metadata", "CUO"},
                                 {"approval_status", "UO"},
                                 {"dataset_auto_approval_mode", "CUO"},
                                 {"dataset_auto_approval_allow_list", "CUO"},
                                 {"model_auto_approval_mode", "CUO"},
                                 {"model_auto_approval_allow_list", "CUO"}}));
  EXPECT_EQ(writable_fields(Entity::kDataset),
            with_groups(Expected{{"name", "CU"},
                                 {"description", "CU"},
                                 {"location", "CU"},
                                 {"input_data_hash", "CU"},
                                 {"generated_uid", "CU"},
                                 {"split_seed", "CU"},
                                 {"data_preparation_mlcube", "CU"},
                                 {"submitted_as_prepared", "CU"},
                                 {"state", "U"},
                                 {"is_valid", "CUO"},
                                 {"generated_metadata", "CU"},
                                 {"user_metadata", "CUO"},
                                 {"report", "CU"}}));
  EXPECT_EQ(writable_fields(Entity::kResult), (Expected{{"name", "CU"},
                                                        {"benchmark", "C"},
                                                        {"model", "C"},
                                                        {"dataset", "C"},
                                                        {"results", "CU"},
                                                        {"metadata", "CU"},
                                                        {"user_metadata", "CU"},
                                                        {"model_report", "CU"},
                                                        {"evaluation_report", "CU"},
                                                        {"is_valid", "CU"},
                                                        {"approval_status", "U"}}));
  EXPECT_EQ(writable_fields(Entity::kModelAssociation), (Expected{{"model", "C"},
                                                                  {"benchmark", "C"},
                                                                  {"metadata", "C"},
                                                                  {"approval_status", "CU"},
                                                                  {"priority", "U"}}));
  EXPECT_EQ(writable_fields(Entity::kCa), (Expected{{"name", "C"},
                                                    {"config", "C"},
                                                    {"client_mlcube", "C"},
                                                    {"server_mlcube", "C"},
                                                    {"ca_mlcube", "C"},
                                                    {"is_valid", "C"},
                                                    {"metadata", "C"},
                                                    {"closed_group", "C"}}));
  EXPECT_EQ(writable_fields(Entity::kCertificate), (Expected{{"name", "C"},
                                                             {"ca", "C"},
                                                             {"certificate_content_base64", "C"},
                                                             {"key_type", "C"},
                                                             {"is_valid", "CU"}}));
  EXPECT_EQ(writable_fields(Entity::kEncryptedKey), (Expected{{"name", "C"},
                                                              {"certificate", "C"},
                                                              {"container", "C"},
                                                              {"encrypted_key_base64", "CU"},
                                                              {"is_valid", "CU"},
                                                              {"metadata", "C"}}));
  EXPECT_EQ(writable_fields(Entity::kAggregator), (Expected{{"name", "C"},
                                                            {"config", "C"},
                                                            {"aggregation_mlcube", "C"},
                                                            {"is_valid", "C"},
                                                            {"metadata", "C"},
                                                            {"closed_group", "C"}}));
  EXPECT_EQ(writable_fields(Entity::kTraining), (Expected{{"name", "CU"},
                                                          {"description", "CU"},
                                                          {"docs_url", "CU"},
                                                          {"demo_dataset_tarball_url", "CUO"},
                                                          {"demo_dataset_tarball_hash", "CU"},
                                                          {"demo_dataset_generated_uid", "CU"},
                                                          {"data_preparation_mlcube", "CU"},
                                                          {"fl_mlcube", "CU"},
                                                          {"fl_admin_mlcube", "CU"},
                                                          {"plan", "CU"},
                                                          {"aggregator", "CU"},
                                                          {"state", "CU"},
                                                          {"is_valid", "CUO"},
                                                          {"metadata", "CU"},
                                                          {"user_metadata", "CUO"},
                                                          {"approval_status", "UO"},
                                                          {"closed_group", "C"}}));
  EXPECT_EQ(
      writable_fields(Entity::kTrainingAssociation),
      (Expected{
          {"dataset", "C"}, {"training_exp", "C"}, {"metadata", "C"}, {"approval_status", "CU"}}));
  EXPECT_EQ(writable_fields(Entity::kTrainingEvent), (Expected{{"name", "C"},
                                                               {"training_exp", "C"},
                                                               {"participants", "C"},
                                                               {"is_valid", "CU"},
                                                               {"report", "U"}}));
  EXPECT_EQ(writable_fields(Entity::kUser), (Expected{{"metadata", "CUO"}}));
}

TEST(Tables, LengthsAreThoseOfTheContract) {
  const auto length = [](Entity entity, std::string_view name) {
    return table_of(entity).find(name)->max_length;
  };
  EXPECT_EQ(length(Entity::kContainer, "name"), 128);
  EXPECT_EQ(length(Entity::kContainer, "image_hash"), 100);
  EXPECT_EQ(length(Entity::kContainer, "additional_files_tarball_url"), 256);
  EXPECT_EQ(length(Entity::kBenchmark, "docs_url"), 100);
  EXPECT_EQ(length(Entity::kBenchmark, "description"), 256);
  EXPECT_EQ(length(Entity::kBenchmark, "demo_dataset_generated_uid"), 128);
  EXPECT_EQ(length(Entity::kDataset, "location"), 128);
  EXPECT_EQ(length(Entity::kDataset, "input_data_hash"), 128);
  EXPECT_EQ(length(Entity::kAsset, "asset_url"), 256);
}

TEST(Tables, PrivateFieldsAreExactlyTheAllowListsAndTheReport) {
  std::set<std::string> found;
  for (const Entity entity : all_entities()) {
    for (const Field& field : table_of(entity).fields) {
      if (field.visibility == Visibility::kPrivate) found.emplace(field.name);
    }
  }
  EXPECT_EQ(found, (std::set<std::string>{"dataset_auto_approval_allow_list",
                                          "model_auto_approval_allow_list", "report"}));
}

TEST(Tables, OnlyDatasetNamesRepeat) {
  for (const Entity entity :
       {Entity::kContainer, Entity::kAsset, Entity::kModel, Entity::kBenchmark}) {
    EXPECT_TRUE(table_of(entity).find(kName)->unique) << table_of(entity).label;
  }
  EXPECT_FALSE(table_of(Entity::kDataset).find(kName)->unique);
  EXPECT_FALSE(table_of(Entity::kResult).find(kName)->unique);
}

TEST(Tables, EveryRowIsWellFormed) {
  for (const Entity entity : all_entities()) {
    const EntityTable& table = table_of(entity);
    EXPECT_EQ(table.entity, entity);
    std::set<std::string_view> names;
    for (const Field& field : table.fields) {
      const std::string place = std::string(table.label) + "." + std::string(field.name);
      EXPECT_TRUE(names.insert(field.name).second) << place << " twice";
      if (field.type == FieldType::kText) {
        EXPECT_GT(field.max_length, 0) << place;
      }
      EXPECT_EQ(field.type == FieldType::kChoice, !field.choices.empty()) << place;
      if (field.required) {
        EXPECT_NE(field.writable & kOnCreate, 0U) << place;
      }
      // A field that a request may leave out has a value to take instead.
      if ((field.writable & kOnCreate) != 0 && !field.required) {
        const bool given_by_service = field.type == FieldType::kTime;
        EXPECT_TRUE(field.nullable || !field.default_json.empty() || given_by_service) << place;
      }
      if (field.type == FieldType::kChoice && !field.default_json.empty()) {
        const auto text = field.default_json.substr(1, field.default_json.size() - 2);
        EXPECT_NE(std::find(field.choices.begin(), field.choices.end(), text), field.choices.end())
            << place;
      }
      if (table.has_state) {
        EXPECT_NE(table.find(kState), nullptr) << place;
      }
    }
    EXPECT_EQ(table.fields[0].name, kId) << table.label;
  }
}

TEST(Record, StartsAtTheDefaults) {
  const Record dataset(Entity::kDataset);
  EXPECT_EQ(dataset.text("state"), "DEVELOPMENT");
  EXPECT_TRUE(dataset.boolean("is_valid"));
  EXPECT_EQ(std::get<JsonText>(dataset.get("report")).bytes, "{}");
  EXPECT_TRUE(dataset.is_null("split_seed"));
  EXPECT_EQ(dataset.id(), 0);
  const Record row(Entity::kModelAssociation);
  EXPECT_EQ(row.integer("priority"), 0);
  EXPECT_FALSE(row.is_null("priority"));
  EXPECT_TRUE(Record(Entity::kContainer).is_null("parameters_config"));
  EXPECT_FALSE(Record(Entity::kResult).boolean("finalized"));
}

TEST(Record, KeepsJsonAsBytes) {
  Record record(Entity::kContainer);
  record.set("metadata", JsonText{R"({"b": 1.50, "a": 2})"});
  EXPECT_EQ(std::get<JsonText>(record.get("metadata")).bytes, R"({"b": 1.50, "a": 2})");
  EXPECT_EQ(record.json("metadata").get_int("a"), 2);
}

TEST(Record, UnknownNameIsABug) {
  const Record record(Entity::kAsset);
  EXPECT_THROW((void)record.text("image_hash"), std::logic_error);
}

}  // namespace
}  // namespace medperf::domain
