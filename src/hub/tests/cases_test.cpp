// Runs tests/api/*.yaml: requests written down with the status and the part of the body that they
// must get. Each file is one test for each database, on a fresh hub; tests/api/README.md describes
// the form.

#include <optional>
#include <set>

#include "hub/tests/case_files.h"
#include "hub/tests/count.h"
#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

class CaseFileTest : public HubTest {
 public:
  CaseFileTest(sql::Dialect dialect, fs::path file) : dialect_(dialect), file_(std::move(file)) {}
  sql::Dialect dialect() const override { return dialect_; }

  void TestBody() override {
    SCOPED_TRACE(file_.filename().string());
    try {
      const Json document = read_cases(file_);
      given(document);
      bodies_ = document.find("bodies");
      each_case(*document.find("cases"), [this](const Json& one) { run_case(one); });
    } catch (const CaseMistake& mistake) {
      ADD_FAILURE() << mistake.what;
    }
    count_cases(file_.filename().string(), dialect_, cases_, failed_);
  }

 private:
  void given(const Json& document) {
    Settings settings;
    if (const Json* wanted = document.find("settings"); wanted != nullptr) {
      trust_forwarded_ = wanted->get_bool("trust_forwarded");
      if (const Json* emails = wanted->find("auto_approved_emails"); emails != nullptr) {
        for (const auto& email : emails->items()) {
          settings.auto_approved_emails.push_back(email.as_string());
        }
      }
      make_hub(settings);
    }
    if (const Json* names = document.find("accounts"); names != nullptr) {
      for (const auto& name : names->items()) add(name.as_string(), false);
    }
    for (const auto& [name, id] : users_) variables_[name + "_id"] = id;
    variables_["uid"] = kUid;
    variables_["api"] = "https://" + kHost + std::string(kApiPrefix);
    if (document.get_string("given") == "world") add_world();
  }

  void add_world() {
    const World world = make_world();
    variables_["preparation"] = world.preparation;
    variables_["evaluator"] = world.evaluator;
    variables_["reference"] = world.reference;
    variables_["benchmark"] = world.benchmark;
    variables_["dataset"] = world.dataset;
    variables_["model"] = world.model;
  }

  Reply call(const Json& one, const std::string& request) const {
    net::Headers headers;
    if (const Json* given = one.find("headers"); given != nullptr) {
      for (const auto& [name, value] : given->members()) {
        headers[name] = filled(shown(value), variables_);
      }
    }
    const auto space = request.find(' ');
    Sent sent{one.get_string("as"), request.substr(0, space), request.substr(space + 1), {}, {}};
    if (const Json* raw = one.find("raw"); raw != nullptr) {
      sent.raw = filled(raw->as_string(), variables_);
    } else {
      sent.body = filled(body_of(one, bodies_), variables_);
    }
    return send(sent, headers);
  }

  void run_case(const Json& one) {
    SCOPED_TRACE(one.get_string("it"));
    ++cases_;
    variables_["n"] = cases_;
    const std::string request = filled(one.get_string("do"), variables_);
    const Reply reply = call(one, request);
    const auto problem = wrong_in(one, reply);
    if (problem) {
      ++failed_;
      ADD_FAILURE() << request << "\n" << *problem << "\n" << reply.response.body;
    }
    save(one, reply);
  }

  std::optional<std::string> wrong_in(const Json& one, const Reply& reply) const {
    const auto status = one.get_int("status");
    if (reply.status != status) {
      return "status " + std::to_string(reply.status) + ", not " + std::to_string(status);
    }
    if (status == 204 && !reply.response.body.empty()) return "204 with a body";
    if (auto problem = wrong_in_headers(one, reply)) return problem;
    if (const Json* ids = one.find("ids"); ids != nullptr) {
      const Json* rows = reply.body.find("results");
      Json found = Json::array();
      if (rows != nullptr) {
        for (const auto& row : rows->items()) found.push(row.get_int("id"));
      }
      const Json wanted = filled(*ids, variables_);
      if (!(wanted == found)) return "ids are " + to_text(found) + ", not " + to_text(wanted);
    }
    const auto answer = wanted_answer(one, static_cast<int>(status));
    if (!answer) return std::nullopt;
    return difference(filled(*answer, variables_), &reply.body, "body", status >= 400);
  }

  std::optional<std::string> wrong_in_headers(const Json& one, const Reply& reply) const {
    const auto& response = reply.response;
    if (response.content_type != "application/json") return "type is " + response.content_type;
    if (response.body.ends_with('\n')) return "the body ends with a line end";
    Json wanted = Json::object();
    if (reply.status == 401) wanted.set("www-authenticate", "Bearer realm=\"api\"");
    if (const Json* named = one.find("answer_headers"); named != nullptr) {
      for (const auto& [name, value] : named->members()) {
        wanted.set(name, filled(shown(value), variables_));
      }
    }
    for (const auto& [name, value] : wanted.members()) {
      const auto found = reply.response.headers.find(name);
      if (found == reply.response.headers.end()) return "header " + name + " is missing";
      if (found->second != shown(value)) return "header " + name + " is " + found->second;
    }
    return std::nullopt;
  }

  /// What a refusal says goes without saying.
  static std::optional<Json> wanted_answer(const Json& one, int status) {
    if (const Json* answer = one.find("answer"); answer != nullptr) return *answer;
    if (status == 403) {
      return Json::object({{"detail", "You do not have permission to perform this action."}});
    }
    if (status == 404) return Json::object({{"detail", "Not found."}});
    return std::nullopt;
  }

  void save(const Json& one, const Reply& reply) {
    const Json* wanted = one.find("save");
    if (wanted == nullptr) return;
    for (const auto& [name, path] : wanted->members()) {
      const Json* value = &reply.body;
      for (const auto key : split(path.as_string(), '.')) {
        value = value == nullptr ? nullptr : value->find(key);
      }
      if (value == nullptr) throw CaseMistake{"nothing to save as " + name};
      variables_[name] = *value;
    }
  }

  const sql::Dialect dialect_;
  const fs::path file_;
  const Json* bodies_ = nullptr;
  Variables variables_;
  int cases_ = 0;
  int failed_ = 0;
};

/// One test a file and database: `CaseFiles/<file>.<database>`.
bool register_files() {
  for (const auto& file : case_files()) {
    for (const auto dialect : {sql::Dialect::kSqlite, sql::Dialect::kPostgres}) {
      const std::string database = dialect == sql::Dialect::kSqlite ? "sqlite" : "postgres";
      testing::RegisterTest(("CaseFiles/" + file.stem().string()).c_str(), database.c_str(),
                            nullptr, nullptr, __FILE__, __LINE__, [dialect, file]() -> HubTest* {
                              return new CaseFileTest(dialect, file);
                            });
    }
  }
  return true;
}
const bool kRegistered = register_files();

testing::Environment* const kPrintCounted =
    testing::AddGlobalTestEnvironment(new PrintCounted);  // GoogleTest deletes it

TEST(CaseFiles, AreRegistered) {
  EXPECT_TRUE(kRegistered && kPrintCounted != nullptr);
}

}  // namespace
}  // namespace medperf::hub
