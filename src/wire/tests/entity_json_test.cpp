#include "wire/entity_json.h"

#include <gtest/gtest.h>

#include <map>

#include "domain/names.h"

namespace medperf::wire {
namespace {

using domain::Entity;
using domain::JsonText;
using domain::Record;

Json parse(std::string_view text) {
  auto json = parse_json(text);
  EXPECT_TRUE(json.ok()) << text;
  return json.value_or(Json());
}

constexpr std::string_view kContainerBody =
    R"({"name":"cnn","container_config":{"a":1},"parameters_config":null,"image_hash":"sha256:00",
        "additional_files_tarball_hash":""})";

// The body above with one key set to another JSON value.
Json container_with(std::string_view key, std::string_view value) {
  Json body = parse(kContainerBody);
  body.set(key, parse(value));
  return body;
}

template <typename T>
std::map<std::string, std::string> messages(const Result<T>& result) {
  std::map<std::string, std::string> found;
  if (result.ok()) return found;
  EXPECT_EQ(result.error().kind, ErrorKind::kInvalid);
  for (const FieldError& error : result.error().fields) found[error.field] = error.message;
  return found;
}

std::string container_message(std::string_view key, std::string_view value) {
  const auto found = messages(read_create(Entity::kContainer, container_with(key, value)));
  const auto at = found.find(std::string(key));
  return at == found.end() ? "" : at->second;
}

std::string container_text(std::string_view key, std::string_view value) {
  const auto record = read_create(Entity::kContainer, container_with(key, value));
  EXPECT_TRUE(record.ok()) << key << " = " << value;
  return record.ok() ? record->text(key) : "";
}

TEST(ReadCreate, TakesDefaultsAndIgnoresReadOnlyAndUnknownKeys) {
  Json body = parse(kContainerBody);
  for (const auto* key : {"id", "owner", "created_at", "modified_at", "for_test", "nonsense"}) {
    body.set(key, nullptr);
  }
  const auto record = read_create(Entity::kContainer, body);
  ASSERT_TRUE(record.ok()) << record.error().text();
  EXPECT_EQ(record->text("state"), "DEVELOPMENT");
  EXPECT_TRUE(record->boolean("is_valid"));
  EXPECT_TRUE(record->is_null("parameters_config"));
  EXPECT_EQ(std::get<JsonText>(record->get("metadata")).bytes, "{}");
  EXPECT_EQ(record->id(), 0);
}

TEST(ReadCreate, ReadOnlyOnCreateIsIgnoredForDatasetStateAndBenchmarkApproval) {
  const auto dataset =
      read_create(Entity::kDataset,
                  parse(R"({"name":"d","input_data_hash":"a","generated_uid":"b","split_seed":"7",
                "data_preparation_mlcube":"3","submitted_as_prepared":"false","state":null})"));
  ASSERT_TRUE(dataset.ok()) << dataset.error().text();
  EXPECT_EQ(dataset->text("state"), "DEVELOPMENT");
  EXPECT_EQ(dataset->integer("split_seed"), 7);
  EXPECT_EQ(dataset->integer("data_preparation_mlcube"), 3);
  EXPECT_FALSE(dataset->boolean("submitted_as_prepared"));
}

TEST(ReadCreate, ReportsEveryFieldTogether) {
  const auto found = messages(
      read_create(Entity::kBenchmark, parse(R"({"name":"  ","demo_dataset_tarball_url":null,
      "demo_dataset_tarball_hash":[],"reference_model":"x","state":"ON","is_active":"maybe",
      "dataset_auto_approval_allow_list":null})")));
  const std::map<std::string, std::string> expected = {
      {"name", "This field may not be blank."},
      {"demo_dataset_tarball_url", "This field may not be null."},
      {"demo_dataset_tarball_hash", "Not a valid string."},
      {"demo_dataset_generated_uid", "This field is required."},
      {"data_preparation_mlcube", "This field is required."},
      {"reference_model", "Incorrect type. Expected pk value, received str."},
      {"data_evaluator_mlcube", "This field is required."},
      {"state", "\"ON\" is not a valid choice."},
      {"is_active", "Must be a valid boolean."},
      {"dataset_auto_approval_allow_list", "This field may not be null."},
  };
  EXPECT_EQ(found, expected);
}

TEST(ReadCreate, KeysThatMustBeThereEvenIfEmpty) {
  Json body = parse(R"({"name":"cnn","container_config":1,"image_hash":"h"})");
  const auto found = messages(read_create(Entity::kContainer, body));
  EXPECT_EQ(found.size(), 2U);
  EXPECT_EQ(found.at("parameters_config"), "This field is required.");
  EXPECT_EQ(found.at("additional_files_tarball_hash"), "This field is required.");
}

TEST(ReadCreate, Text) {
  EXPECT_EQ(container_text("name", R"("\t  a b\u00a0\u2003\n")"), "a b");
  EXPECT_EQ(container_text("name", "12"), "12");
  EXPECT_EQ(container_text("name", "-3"), "-3");
  EXPECT_EQ(container_text("name", "1.0"), "1.0");
  EXPECT_EQ(container_text("name", "1e22"), "1e+22");
  EXPECT_EQ(container_text("name", "0.00001"), "1e-05");
  EXPECT_EQ(container_text("name", "0.1"), "0.1");
  EXPECT_EQ(container_text("additional_files_tarball_url", "\"  \""), "");
  for (const auto* value : {"true", "[]", "{}"}) {
    EXPECT_EQ(container_message("name", value), "Not a valid string.") << value;
  }
  EXPECT_EQ(container_message("name", "\"\""), "This field may not be blank.");
  EXPECT_EQ(container_message("image_hash", "\" \""), "This field may not be blank.");
  EXPECT_EQ(container_message("name", "null"), "This field may not be null.");
  EXPECT_EQ(container_message("name", R"("a\u0000b")"), "Null characters are not allowed.");
}

TEST(ReadCreate, LengthCountsCharactersNotBytes) {
  std::string just_right;
  for (int i = 0; i < 128; ++i) just_right += "\xC3\xA4";
  EXPECT_EQ(container_text("name", "\"" + just_right + "\""), just_right);
  EXPECT_EQ(container_message("name", "\"" + just_right + "b\""),
            "Ensure this field has no more than 128 characters.");
}

TEST(ReadCreate, Boolean) {
  for (const auto* value : {"true", "\"true\"", "\"True\"", "1", "\"1\"", "1.0"}) {
    const auto record = read_create(Entity::kContainer, container_with("is_valid", value));
    ASSERT_TRUE(record.ok()) << value;
    EXPECT_TRUE(record->boolean("is_valid")) << value;
  }
  for (const auto* value : {"false", "\"false\"", "0", "\"0\""}) {
    const auto record = read_create(Entity::kContainer, container_with("is_valid", value));
    ASSERT_TRUE(record.ok()) << value;
    EXPECT_FALSE(record->boolean("is_valid")) << value;
  }
  for (const auto* value : {"2", "\"ja\"", "[]", "\"\""}) {
    EXPECT_EQ(container_message("is_valid", value), "Must be a valid boolean.") << value;
  }
}

std::string seed_message(std::string_view value) {
  const auto found =
      messages(read_create(Entity::kDataset, Json::object({{"split_seed", parse(value)}})));
  const auto at = found.find("split_seed");
  return at == found.end() ? "" : at->second;
}

TEST(ReadCreate, Integer) {
  for (const auto* value : {"0", "-5", "\" 12 \"", "\"+4\"", "3.0", "\"3.00\"", "2147483647"}) {
    EXPECT_EQ(seed_message(value), "") << value;
  }
  for (const auto* value :
       {"1.5", "\"\"", "\"x\"", "true", "[]", "\"0x1\"", "\"+-1\"", "\"1 2\""}) {
    EXPECT_EQ(seed_message(value), "A valid integer is required.") << value;
  }
  EXPECT_EQ(seed_message("2147483648"), "Ensure this value is less than or equal to 2147483647.");
  EXPECT_EQ(seed_message("\"-99999999999999999999\""),
            "Ensure this value is greater than or equal to -2147483648.");
}

std::string reference_message(std::string_view value) {
  const auto found = messages(
      read_create(Entity::kDataset, Json::object({{"data_preparation_mlcube", parse(value)}})));
  const auto at = found.find("data_preparation_mlcube");
  return at == found.end() ? "" : at->second;
}

TEST(ReadCreate, Reference) {
  EXPECT_EQ(reference_message("4"), "");
  EXPECT_EQ(reference_message("\"4\""), "");
  EXPECT_EQ(reference_message("true"), "Incorrect type. Expected pk value, received bool.");
  EXPECT_EQ(reference_message("{}"), "Incorrect type. Expected pk value, received dict.");
  EXPECT_EQ(reference_message("[4]"), "Incorrect type. Expected pk value, received list.");
  EXPECT_EQ(reference_message("\"\""), "This field may not be null.");
}

TEST(ReadCreate, JsonIsAnyValueAndKeepsItsKeyOrder) {
  for (const auto* value : {"[1,2]", "\"text\"", "7", "true", R"({"z":1,"a":{"y":0.5,"b":[]}})"}) {
    const auto record = read_create(Entity::kContainer, container_with("metadata", value));
    ASSERT_TRUE(record.ok()) << value;
    EXPECT_EQ(std::get<JsonText>(record->get("metadata")).bytes, value);
  }
  EXPECT_EQ(container_message("container_config", "null"), "This field may not be null.");
  EXPECT_EQ(container_message("metadata", "null"), "");
}

TEST(ReadCreate, BodyMustBeAnObject) {
  EXPECT_EQ(messages(read_create(Entity::kAsset, parse("[]"))).at("non_field_errors"),
            "Invalid data. Expected a dictionary, but got list.");
  EXPECT_EQ(messages(read_create(Entity::kAsset, parse("\"a\""))).at("non_field_errors"),
            "Invalid data. Expected a dictionary, but got str.");
}

TEST(ReadCreate, StoreChecksAreReportedWithTheOthers) {
  const FieldCheck check = [](Entity, const domain::Field& field,
                              const domain::FieldValue& value) -> std::optional<std::string> {
    if (field.unique && std::get<std::string>(value) == "cnn") return "taken";
    return std::nullopt;
  };
  const auto found =
      messages(read_create(Entity::kContainer, container_with("image_hash", "\"\""), check));
  EXPECT_EQ(found, (std::map<std::string, std::string>{
                       {"name", "taken"}, {"image_hash", "This field may not be blank."}}));
}

TEST(ReadUpdate, IsPartialAndNamesWhatWasSent) {
  const auto stored = read_create(Entity::kContainer, parse(kContainerBody));
  ASSERT_TRUE(stored.ok());
  const auto update =
      read_update(*stored, parse(R"({"name":" new ","id":99,"owner":3,"created_at":null,"x":1})"));
  ASSERT_TRUE(update.ok());
  EXPECT_EQ(update->record.text("name"), "new");
  EXPECT_EQ(update->record.text("image_hash"), "sha256:00");
  EXPECT_EQ(update->sent, std::vector<std::string>{"name"});
  EXPECT_TRUE(update->has("name"));
  EXPECT_FALSE(update->has("id"));
  EXPECT_EQ(update->record.id(), 0);
  EXPECT_EQ(messages(read_update(*stored, parse(R"({"name":"","state":"X"})"))).size(), 2U);
}

TEST(ReadUpdate, ImmutableFieldsOfResultsAreIgnored) {
  Record stored(Entity::kResult);
  stored.set("model", std::int64_t{4});
  const auto update = read_update(stored, parse(R"({"model":5,"results":{"auc":1}})"));
  ASSERT_TRUE(update.ok());
  EXPECT_EQ(update->record.integer("model"), 4);
  EXPECT_EQ(update->sent, std::vector<std::string>{"results"});
}

TEST(ReadUpdate, NullUserMetadataIsNoChange) {
  Record stored(Entity::kUser);
  stored.set("metadata", JsonText{R"({"a":1})"});
  const auto update = read_update(stored, parse(R"({"metadata":null})"));
  ASSERT_TRUE(update.ok());
  EXPECT_TRUE(update->sent.empty());
  EXPECT_EQ(update->record.json("metadata").get_int("a"), 1);
}

TEST(Write, KeepsStoredBytesAndHidesPrivateFields) {
  Record dataset(Entity::kDataset);
  dataset.set("id", std::int64_t{3});
  dataset.set("name", std::string("a \"b\"\n"));
  dataset.set("report", JsonText{R"({"secret": true})"});
  dataset.set("generated_metadata", JsonText{R"({"x":  1.50})"});
  dataset.set("created_at", Timestamp{1'767'323'045'123'456});
  const std::string full = write_text(dataset, Form::kFull);
  const std::string open = write_text(dataset, Form::kPublic);
  EXPECT_NE(full.find(R"("generated_metadata":{"x":  1.50})"), std::string::npos);
  EXPECT_NE(full.find(R"("report":{"secret": true})"), std::string::npos);
  EXPECT_EQ(open.find("report"), std::string::npos);
  EXPECT_NE(full.find(R"("created_at":"2026-01-02T03:04:05.123456Z")"), std::string::npos);
  EXPECT_NE(full.find(R"("owner":null)"), std::string::npos);
  EXPECT_EQ(parse(full), write_json(dataset, Form::kFull));
  EXPECT_EQ(parse(open), write_json(dataset, Form::kPublic));
}

TEST(Write, AnswersReadBackAsTheSameRecord) {
  for (const Entity entity : domain::all_entities()) {
    Record record(entity);
    record.set("id", std::int64_t{12});
    if (record.table().find("created_at") != nullptr) record.set("created_at", Timestamp{99});
    const auto back = read_answer(entity, parse(write_text(record, Form::kFull)));
    ASSERT_TRUE(back.ok()) << back.error().text();
    for (std::size_t i = 0; i < record.table().fields.size(); ++i) {
      EXPECT_EQ(back->at(i), record.at(i)) << record.table().fields[i].name;
    }
  }
}

TEST(ReadAnswer, ForeignHubsMayLackOrAddFieldsButNotChangeTypes) {
  const auto record = read_answer(
      Entity::kResult, parse(R"({"id":4,"benchmark":2,"script_report":{},"owner":null})"));
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->id(), 4);
  EXPECT_TRUE(record->boolean("is_valid"));
  const auto bad = read_answer(Entity::kResult, parse(R"({"id":"4"})"));
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(bad.error().where, "results.id");
  EXPECT_FALSE(read_answer(Entity::kResult, parse("[]")).ok());
}

constexpr std::string_view kModelBody = R"({"name":"m","type":"CONTAINER","id":null,
    "container":{"name":"c","container_config":{},"parameters_config":{},"image_hash":"h",
                 "additional_files_tarball_hash":"","id":null,"owner":null},"asset":null})";

TEST(Model, CreatesWithItsNestedObject) {
  const auto model = read_model_create(parse(kModelBody));
  ASSERT_TRUE(model.ok()) << model.error().text();
  EXPECT_EQ(model->model.text("type"), "CONTAINER");
  ASSERT_TRUE(model->container.has_value());
  EXPECT_EQ(model->container->text("image_hash"), "h");
  EXPECT_FALSE(model->asset.has_value());
}

TEST(Model, NestedErrorsNest) {
  Json body = parse(kModelBody);
  body.find("container")->set("name", "");
  body.set("type", "BOTH");
  const auto model = read_model_create(body);
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(to_text(field_errors_json(model.error().fields)),
            R"({"type":["\"BOTH\" is not a valid choice."],)"
            R"("container":{"name":["This field may not be blank."]}})");
  body.set("container", "text");
  const auto second = read_model_create(body);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(to_text(*field_errors_json(second.error().fields).find("container")),
            R"({"non_field_errors":["Invalid data. Expected a dictionary, but got str."]})");
}

TEST(Model, WholeObjectRulesComeAfterTheFields) {
  Json body = parse(kModelBody);
  body.set("type", "ASSET");
  EXPECT_EQ(messages(read_model_create(body)).count("non_field_errors"), 1U);
  body = parse(kModelBody);
  body.find("container")->set("state", "OPERATION");
  EXPECT_NE(messages(read_model_create(body)).at("non_field_errors").find("state"),
            std::string::npos);
  body = parse(kModelBody);
  body.find("container")->set("additional_files_tarball_hash", "abc");
  EXPECT_EQ(messages(read_model_create(body)).count("container.non_field_errors"), 1U);
}

TEST(Model, AnswersNestAndReadBack) {
  auto model = read_model_create(parse(kModelBody));
  ASSERT_TRUE(model.ok());
  model->model.set("id", std::int64_t{7});
  model->container->set("id", std::int64_t{8});
  model->model.set("container", std::int64_t{8});
  const std::string text = write_text(*model);
  const auto back = read_model_answer(parse(text));
  ASSERT_TRUE(back.ok()) << back.error().text();
  EXPECT_EQ(back->model.integer("container"), 8);
  EXPECT_EQ(back->container->text("name"), "c");
  EXPECT_FALSE(back->asset.has_value());
  EXPECT_TRUE(parse(text).find("asset")->is_null());
  const auto flat = read_model_answer(parse(write_text(model->model, Form::kFull)));
  ASSERT_TRUE(flat.ok());
  EXPECT_EQ(flat->model.integer("container"), 8);
  EXPECT_FALSE(flat->container.has_value());
}

TEST(FieldErrors, SeveralMessagesAndMixedDepths) {
  EXPECT_EQ(
      to_text(field_errors_json({{"a", "1"}, {"a", "2"}, {"b.c", "3"}, {"b", "4"}, {"a.x", "5"}})),
      R"({"a":["1","2","5"],"b":{"c":["3"],"non_field_errors":["4"]}})");
}

}  // namespace
}  // namespace medperf::wire
