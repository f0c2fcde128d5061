// Runs tests/api/*.yaml: declared requests with the status and the part of the body that they must
// get, each file on a fresh hub of both databases. tests/api/README.md describes the form.

#include <algorithm>
#include <optional>

#include "base/yaml.h"
#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

using Variables = std::map<std::string, Json>;

std::string shown(const Json& value) {
  return value.is_string() ? value.as_string() : to_text(value);
}

/// Replaces ${name} in a text.
std::string filled(std::string text, const Variables& variables) {
  for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", at)) {
    const auto end = text.find('}', at);
    const auto found = variables.find(text.substr(at + 2, end - at - 2));
    if (found == variables.end()) {
      ADD_FAILURE() << "unknown variable in " << text;
      return text;
    }
    text.replace(at, end - at + 1, shown(found->second));
  }
  return text;
}

/// A text that is one variable alone becomes its value, with its type.
Json filled(const Json& value, const Variables& variables) {
  if (value.is_string()) {
    const std::string& text = value.as_string();
    if (text.starts_with("${") && text.find('}') == text.size() - 1) {
      const auto found = variables.find(text.substr(2, text.size() - 3));
      if (found != variables.end()) return found->second;
    }
    return filled(text, variables);
  }
  if (value.is_array()) {
    Json items = Json::array();
    for (const auto& item : value.items()) items.push(filled(item, variables));
    return items;
  }
  if (!value.is_object()) return value;
  Json members = Json::object();
  for (const auto& [key, member] : value.members()) members.set(key, filled(member, variables));
  return members;
}

/// The first place where `found` lacks a part of `wanted`. In texts '*' at the end stands for
/// anything; the text "<any>" for any value, "<none>" for an absent member.
std::optional<std::string> difference(const Json& wanted, const Json* found,
                                      const std::string& place) {
  const bool word = wanted.is_string();
  if (word && wanted.as_string() == "<none>") {
    return found == nullptr ? std::nullopt : std::optional(place + " is there");
  }
  if (found == nullptr) return place + " is missing";
  if (word && wanted.as_string() == "<any>") return std::nullopt;
  if (wanted.is_object() && found->is_object()) {
    for (const auto& [key, member] : wanted.members()) {
      if (auto problem = difference(member, found->find(key), place + "." + key)) return problem;
    }
    return std::nullopt;
  }
  if (wanted.is_array() && found->is_array() && wanted.items().size() == found->items().size()) {
    for (std::size_t i = 0; i < wanted.items().size(); ++i) {
      const std::string item = place + "[" + std::to_string(i) + "]";
      if (auto problem = difference(wanted.items()[i], &found->items()[i], item)) return problem;
    }
    return std::nullopt;
  }
  if (word && wanted.as_string().ends_with('*') && found->is_string()) {
    const std::string_view start(wanted.as_string().data(), wanted.as_string().size() - 1);
    if (found->as_string().starts_with(start)) return std::nullopt;
  }
  if (wanted == *found) return std::nullopt;
  return place + " is " + to_text(*found) + ", not " + to_text(wanted);
}

class CasesTest : public HubTest {
 protected:
  void run_file(const fs::path& file) {
    SCOPED_TRACE(file.filename().string());
    auto text = read_file(file);
    ASSERT_TRUE(text.ok()) << text.error().text();
    auto document = parse_yaml(*text);
    ASSERT_TRUE(document.ok()) << document.error().text();
    Variables variables;
    for (const auto& [name, id] : users_) variables[name + "_id"] = id;
    variables["uid"] = kUid;
    if (document->get_string("given") == "world") add_world(variables);
    for (const auto& one : document->find("cases")->items()) run_case(one, variables);
  }

  void add_world(Variables& variables) {
    const World world = make_world();
    variables["preparation"] = world.preparation;
    variables["evaluator"] = world.evaluator;
    variables["reference"] = world.reference;
    variables["benchmark"] = world.benchmark;
    variables["dataset"] = world.dataset;
    variables["model"] = world.model;
  }

  void run_case(const Json& one, Variables& variables) {
    SCOPED_TRACE(one.get_string("it"));
    ++cases_;
    const std::string call = filled(one.get_string("do"), variables);
    const auto space = call.find(' ');
    net::Headers headers;
    if (const Json* given = one.find("headers"); given != nullptr) {
      for (const auto& [name, value] : given->members()) headers[name] = shown(value);
    }
    const Json* body = one.find("body");
    const Reply reply = send(one.get_string("as"), call.substr(0, space), call.substr(space + 1),
                             body == nullptr ? Json() : filled(*body, variables), headers);
    EXPECT_EQ(reply.status, one.get_int("status")) << call << "\n" << reply.response.body;
    if (const Json* answer = one.find("answer"); answer != nullptr) {
      const auto problem = difference(filled(*answer, variables), &reply.body, "body");
      EXPECT_FALSE(problem) << call << "\n" << *problem << "\n" << reply.response.body;
    }
    if (const Json* save = one.find("save"); save != nullptr) {
      for (const auto& [name, key] : save->members()) {
        const Json* value = reply.body.find(key.as_string());
        if (value != nullptr) variables[name] = *value;
      }
    }
  }

  int cases_ = 0;
};

TEST_P(CasesTest, EveryFileOfTestsApi) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(MEDPERF_SOURCE_DIR) / "tests/api")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  ASSERT_FALSE(files.empty());
  bool first = true;
  for (const auto& file : files) {
    if (!first) {
      HubTest::TearDown();
      HubTest::SetUp();
    }
    first = false;
    run_file(file);
  }
  EXPECT_GT(cases_, 100);
}

INSTANTIATE_TEST_SUITE_P(Engines, CasesTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
