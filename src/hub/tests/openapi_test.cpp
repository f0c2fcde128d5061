// The OpenAPI document and the page of permissions: whole, and true to the tables they come from.
// That answers are as described is seen in every other test (conformance.h).

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"
#include "hub/api/permissions_page.h"
#include "hub/api/schemas.h"
#include "hub/tests/conformance.h"

namespace medperf::hub {
namespace {

const Json* operation_of(const Endpoint& row) {
  std::string method(row.method);
  std::transform(method.begin(), method.end(), method.begin(), ::tolower);
  const Json* path = served_document().find("paths")->find(full_path(row));
  return path == nullptr ? nullptr : path->find(method);
}

/// Every "$ref" of the document leads somewhere.
void check_references(const Json& value) {
  if (value.is_array()) {
    for (const auto& item : value.items()) check_references(item);
  }
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.members()) {
    if (key == "$ref") {
      const std::string& path = member.as_string();
      const auto last = path.rfind('/');
      const auto kind = path.substr(0, last);
      const auto section = kind.substr(kind.rfind('/') + 1);
      EXPECT_NE(served_document().find_path({"components", section, path.substr(last + 1)}),
                nullptr)
          << path;
    }
    check_references(member);
  }
}

/// Every property of every schema says what it is; counts them.
int check_descriptions(const Json& value, const std::string& place) {
  int count = 0;
  if (value.is_array()) {
    for (const auto& item : value.items()) count += check_descriptions(item, place);
  }
  if (!value.is_object()) return count;
  for (const auto& [key, member] : value.members()) {
    if (key == "example" || key == "examples") continue;
    if (key == "properties" && member.is_object()) {
      for (const auto& [name, property] : member.members()) {
        ++count;
        if (property.contains("$ref")) continue;
        EXPECT_FALSE(property.get_string("description").empty()) << place << ": " << name;
      }
    }
    count += check_descriptions(member, place + "/" + key);
  }
  return count;
}

void expect_valid(const Json& schema, const Json& value, std::string_view place) {
  const auto checked = compiled(schema);
  ASSERT_NE(checked, nullptr) << place;
  for (const auto& violation : checked->violations(value)) {
    ADD_FAILURE() << place << " " << violation.field << ": " << violation.message;
  }
}

TEST(OpenApi, EveryRowIsAnOperationWithEverythingSaid) {
  EXPECT_EQ(served_document().get_string("openapi"), "3.1.0");
  for (const auto& row : all_endpoints()) {
    SCOPED_TRACE(row.operation);
    const Json* operation = operation_of(row);
    ASSERT_NE(operation, nullptr);
    EXPECT_EQ(operation->get_string("operationId"), row.operation);
    EXPECT_FALSE(operation->get_string("summary").empty());
    for (const auto& parameter : operation->find("parameters")->items()) {
      EXPECT_FALSE(parameter.get_string("description").empty());
      EXPECT_TRUE(parameter.contains("schema"));
    }
    for (const int status : possible_statuses(row)) {
      const Json* responses = operation->find("responses");
      ASSERT_TRUE(responses->contains(std::to_string(status))) << status;
      const bool body = status >= 400 || (status != 304 && row.shape != Shape::kNone);
      if (body) {
        EXPECT_FALSE(answer_schema_of(row, status).members().empty()) << status;
      }
    }
    EXPECT_EQ(operation->contains("requestBody"), row.method == "POST" || row.method == "PUT");
    EXPECT_EQ(operation->contains("security"), row.open != nullptr);
  }
  check_references(served_document());
}

TEST(OpenApi, EveryPropertyIsDescribed) {
  EXPECT_GT(check_descriptions(served_document(), ""), 500);
}

TEST(OpenApi, ExamplesFitTheirSchemas) {
  int examples = 0;
  for (const auto& row : all_endpoints()) {
    const Json* media =
        operation_of(row)->find_path({"requestBody", "content", "application/json"});
    if (media == nullptr) continue;
    ASSERT_TRUE(media->contains("example")) << row.operation;
    expect_valid(*media->find("schema"), *media->find("example"), row.operation);
    ++examples;
  }
  for (const auto& [name, schema] :
       served_document().find("components")->find("schemas")->members()) {
    const Json* given = schema.find("examples");
    if (given == nullptr) continue;
    for (const auto& example : given->items()) expect_valid(schema_reference(name), example, name);
    ++examples;
  }
  EXPECT_GT(examples, 40);
}

TEST(OpenApi, SchemasAreThoseOfTheFieldTables) {
  const Json* required =
      served_document().find_path({"components", "schemas", "mlcubes_create", "required"});
  ASSERT_NE(required, nullptr);
  EXPECT_EQ(to_text(*required), R"(["name","container_config","parameters_config","image_hash",)"
                                R"("additional_files_tarball_hash"])");
  const Json* shown = served_document().find_path({"components", "schemas", "datasets_public"});
  ASSERT_NE(shown, nullptr);
  EXPECT_FALSE(shown->find("properties")->contains("report"));
  const Json* name = served_document().find_path(
      {"components", "schemas", "mlcubes_create", "properties", "name"});
  ASSERT_NE(name, nullptr);
  EXPECT_EQ(name->get_int("maxLength"), 128);
  EXPECT_EQ(name->get_int("minLength"), 1);
}

TEST(OpenApi, AWrongAnswerIsNoticed) {
  const std::string path = "/api/v0/me/";
  const std::string good = R"({"id":1,"username":"u","email":"","first_name":"","last_name":"",)"
                           R"("metadata":{}})";
  EXPECT_EQ(undescribed("GET", path, 200, good), "");
  EXPECT_NE(undescribed("GET", path, 200, R"({"id":1})"), "");
  EXPECT_NE(undescribed("GET", path, 418, good), "");
  EXPECT_NE(undescribed("GET", path, 401, R"({"error":"no"})"), "");
}

TEST(Permissions, ThePageIsFresh) {
  const fs::path file = fs::path(MEDPERF_SOURCE_DIR) / "docs/permissions.md";
  const auto stored = read_file(file);
  ASSERT_TRUE(stored.ok()) << stored.error().text();
  EXPECT_EQ(*stored, permissions_page(all_endpoints()))
      << "Make it again: medperf-hub permissions > docs/permissions.md";
}

}  // namespace
}  // namespace medperf::hub
