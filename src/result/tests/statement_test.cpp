#include "result/statement.h"

#include "base/encoding.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "example.h"

namespace medperf::result {
namespace {

Statement example_statement() {
  Statement statement;
  statement.benchmark = 2;
  statement.dataset = 3;
  statement.model = 4;
  statement.hub = "https://hub.example:8443";
  statement.dataset_uid = crypto::digest_of<FolderUid>("uid");
  statement.dataset_digest = crypto::digest_of<DatasetDigest>("dataset");
  statement.containers = {{7, "model", crypto::digest_of<FileDigest>("archive"),
                           crypto::digest_of<ImageId>("image"), crypto::sha256_hex("parameters")},
                          {8, "evaluator", {}, crypto::digest_of<ImageId>("other"), ""}};
  statement.envelope_digest = crypto::sha256_hex("envelope");
  statement.result_schema_digest = crypto::sha256_hex("schema");
  statement.policy = crypto::digest_of<PolicyDigest>("policy");
  statement.approver = "hospital-a";
  statement.approved_at = Timestamp{1'767'323'045'123'456};
  statement.run_at = Timestamp{1'767'323'000'000'000};
  statement.software = "medperf 0.1.0";
  return statement;
}

Registered example_registered() {
  const Statement statement = example_statement();
  return {statement.benchmark,
          statement.dataset,
          statement.model,
          statement.dataset_uid,
          statement.dataset_digest,
          statement.envelope_digest,
          statement.result_schema_digest,
          statement.containers};
}

TEST(Statement, SignedAndReadBackIsTheSame) {
  const auto key = crypto::SigningKey::generate();
  const Statement statement = example_statement();
  const Json dsse = sign_statement(statement, key);
  // Through text, as it travels.
  const auto back = verify_statement(parse(to_text(dsse)), key.verify_key());
  ASSERT_TRUE(back.ok()) << back.error().text();
  EXPECT_EQ(to_json(*back), to_json(statement));
  EXPECT_EQ(back->approved_at, statement.approved_at);
  EXPECT_EQ(back->containers.size(), 2U);
  EXPECT_TRUE(back->containers[1].archive.empty());
}

TEST(Statement, FitsThePublishedSchema) {
  const auto published = JsonSchema::compile(parse(source_text("docs/schemas/statement-v1.json")));
  ASSERT_TRUE(published.ok()) << published.error().text();
  EXPECT_TRUE(published->violations(to_json(example_statement())).empty());
}

TEST(Statement, AnotherKeyIsRefused) {
  const Json dsse = sign_statement(example_statement(), crypto::SigningKey::generate());
  const auto back = verify_statement(dsse, crypto::SigningKey::generate().verify_key());
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.error().kind, ErrorKind::kCorrupt);
}

TEST(Statement, AnAlteredByteIsRefused) {
  const auto key = crypto::SigningKey::generate();
  const Json dsse = sign_statement(example_statement(), key);
  const std::string payload = from_base64(dsse.get_string("payload")).value_or("");
  ASSERT_FALSE(payload.empty());
  for (std::size_t i = 0; i < payload.size(); i += 7) {
    std::string altered = payload;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    Json forged = dsse;
    forged.set("payload", to_base64(altered));
    EXPECT_FALSE(verify_statement(forged, key.verify_key()).ok()) << i;
  }
}

// The example with one place of its JSON changed, signed rightly.
Result<Statement> signed_with(std::initializer_list<std::string_view> path, Json value) {
  Json document = to_json(example_statement());
  Json* place = &document;
  for (auto key = path.begin(); key + 1 != path.end(); ++key) place = place->find(*key);
  place->set(*(path.end() - 1), std::move(value));
  const auto key = crypto::SigningKey::generate();
  return verify_statement(crypto::sign_dsse(to_canonical(document), kPayloadType, key),
                          key.verify_key());
}

TEST(Statement, OtherVersionsAndUnknownKeysAreRefused) {
  const auto invalid = [](const Result<Statement>& statement) {
    return !statement.ok() && statement.error().kind == ErrorKind::kInvalid;
  };
  EXPECT_TRUE(invalid(signed_with({"predicateType"}, "medperf/evaluation/v0")));
  EXPECT_TRUE(invalid(signed_with({"_type"}, "https://in-toto.io/Statement/v0.1")));
  EXPECT_TRUE(invalid(signed_with({"extra"}, 1)));
  EXPECT_TRUE(invalid(signed_with({"predicate", "extra"}, 1)));
  EXPECT_TRUE(invalid(signed_with({"predicate", "dataset", "name"}, "x")));
  EXPECT_TRUE(invalid(signed_with({"predicate", "benchmark"}, 0)));
  EXPECT_TRUE(invalid(signed_with({"predicate", "benchmark"}, "2")));
  EXPECT_TRUE(invalid(signed_with({"predicate", "run_at"}, "yesterday")));
  EXPECT_TRUE(invalid(signed_with({"predicate", "policy"}, parse(R"({"sha256":"00"})"))));
  EXPECT_TRUE(invalid(signed_with({"predicate", "containers"}, Json::object())));
  EXPECT_TRUE(invalid(signed_with({"predicate", "approval"}, Json())));
  EXPECT_TRUE(invalid(signed_with({"subject"}, Json::array())));
  EXPECT_TRUE(signed_with({"predicate", "software"}, "medperf 0.2.0").ok());
}

TEST(Statement, OfAnotherPayloadTypeIsRefused) {
  const auto key = crypto::SigningKey::generate();
  const Json dsse =
      crypto::sign_dsse(to_canonical(to_json(example_statement())), "application/json", key);
  EXPECT_FALSE(verify_statement(dsse, key.verify_key()).ok());
}

std::vector<std::string> differences(const Statement& statement, const Registered& registered) {
  std::vector<std::string> places;
  const Status status = check_binding(statement, registered);
  if (status.ok()) return places;
  EXPECT_EQ(status.error().kind, ErrorKind::kRefused);
  for (const FieldError& error : status.error().fields) places.push_back(error.field);
  return places;
}

TEST(Binding, EachDifferenceIsNamed) {
  const Statement statement = example_statement();
  EXPECT_TRUE(differences(statement, example_registered()).empty());
  using Places = std::vector<std::string>;
  Registered other = example_registered();
  other.model = 5;
  other.envelope_digest = crypto::sha256_hex("another");
  EXPECT_EQ(differences(statement, other), (Places{"model", "envelope"}));
  other = example_registered();
  other.dataset_uid = crypto::digest_of<FolderUid>("altered");
  other.result_schema_digest.clear();
  EXPECT_EQ(differences(statement, other), (Places{"dataset_uid", "result_schema"}));
  other = example_registered();
  other.containers[0].image = crypto::digest_of<ImageId>("swapped");
  other.containers[1].container = 9;
  EXPECT_EQ(differences(statement, other), (Places{"model.image", "evaluator.container"}));
  other = example_registered();
  other.containers[0].parameters_digest.clear();
  EXPECT_EQ(differences(statement, other), Places{"model.parameters"});
}

TEST(Binding, ARoleMustBeNamedExactlyOnce) {
  Statement statement = example_statement();
  statement.containers.push_back(statement.containers[0]);
  EXPECT_EQ(differences(statement, example_registered()), std::vector<std::string>{"model"});
  statement.containers.clear();
  EXPECT_EQ(differences(statement, example_registered()),
            (std::vector<std::string>{"model", "evaluator"}));
}

// Of a model given as files: the script is the evaluator, and no container is the model.
Statement statement_with_files() {
  Statement statement = example_statement();
  statement.containers.erase(statement.containers.begin());
  statement.model_files = ModelFilesUse{6, crypto::digest_of<FileDigest>("weights")};
  return statement;
}

TEST(Statement, NamesTheFilesOfAModelGivenAsFiles) {
  const auto key = crypto::SigningKey::generate();
  const Json dsse = sign_statement(statement_with_files(), key);
  const auto back = verify_statement(parse(to_text(dsse)), key.verify_key());
  ASSERT_TRUE(back.ok()) << back.error().text();
  ASSERT_TRUE(back->model_files.has_value());
  EXPECT_EQ(to_json(*back), to_json(statement_with_files()));
  const auto published = JsonSchema::compile(parse(source_text("docs/schemas/statement-v1.json")));
  ASSERT_TRUE(published.ok()) << published.error().text();
  EXPECT_TRUE(published->violations(to_json(statement_with_files())).empty());
  for (const char* bad :
       {R"({})", R"({"asset": 6})", R"([])", R"({"asset": 0, "archive": {"sha256": "00"}})"}) {
    EXPECT_FALSE(signed_with({"predicate", "model_files"}, parse(bad)).ok()) << bad;
  }
}

TEST(Binding, TheFilesOfAModelAreTheRegisteredOnes) {
  using Places = std::vector<std::string>;
  Registered registered = example_registered();
  registered.containers.erase(registered.containers.begin());
  registered.model_files = statement_with_files().model_files;
  EXPECT_TRUE(differences(statement_with_files(), registered).empty());
  Statement other = statement_with_files();
  other.model_files->archive = crypto::digest_of<FileDigest>("swapped");
  EXPECT_EQ(differences(other, registered), Places{"model_files.archive"});
  other.model_files->asset = 7;
  EXPECT_EQ(differences(other, registered), (Places{"model_files.asset", "model_files.archive"}));
  other.model_files.reset();
  EXPECT_EQ(differences(other, registered), Places{"model_files"});
  EXPECT_EQ(differences(statement_with_files(), example_registered()),
            (Places{"model_files", "model"}))
      << "files in the place of a registered container";
}

TEST(Binding, WhatTheHubDoesNotKnowIsNotCompared) {
  Registered registered = example_registered();
  registered.dataset_digest = {};
  registered.containers[1].image = {};
  EXPECT_TRUE(differences(example_statement(), registered).empty());
}

}  // namespace
}  // namespace medperf::result
