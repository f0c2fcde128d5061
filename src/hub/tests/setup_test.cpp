// A hub made by `init` and reached over TLS, as clients reach it.

#include <sys/stat.h>

#include "hub/options.h"
#include "hub/store/schema.h"
#include "hub/tests/test_hub.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/tests/loopback.h"

namespace medperf::hub {
namespace {

class SetupTest : public testing::Test {
 protected:
  void SetUp() override {
    InitAnswers answers;
    answers.folder = place_.path() / "data";
    answers.public_url = "https://localhost:8443";
    auto file = initialise(answers, clock_);
    ASSERT_TRUE(file.ok()) << file.error().text();
    auto text = read_file(*file);
    ASSERT_TRUE(text.ok());
    auto options = Options::load(option_table(), *text, {});
    ASSERT_TRUE(options.ok()) << options.error().text();
    options_ = std::move(*options);
    auto database = open_database(options_, answers.folder);
    ASSERT_TRUE(database.ok()) << database.error().text();
    database_ = std::move(*database);
  }

  net::TemporaryFolder place_;
  SystemClock clock_;
  Options options_;
  std::unique_ptr<sql::Database> database_;
};

TEST_F(SetupTest, SecretsArePrivateAndARepeatKeepsThem) {
  const fs::path key = place_.path() / "data" / "jwt.pem";
  struct stat info {};
  ASSERT_EQ(stat(key.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const std::string before = read_file(key).value();
  InitAnswers again;
  again.folder = place_.path() / "data";
  EXPECT_TRUE(initialise(again, clock_).ok());
  EXPECT_EQ(read_file(key).value(), before);
  EXPECT_EQ(options_.text("http.public_url"), "https://localhost:8443");
  EXPECT_TRUE(Options::load(option_table(), annotated_sample(option_table()), {}).ok());
}

TEST_F(SetupTest, ChecksItsDatabaseAndFindsAChangedLogLine) {
  ASSERT_TRUE(
      add_user(*database_, {"reader", "r@example.com", false, "long enough for it"}, clock_).ok());
  EXPECT_EQ(add_user(*database_, {"reader", "r@example.com", false, "long enough for it"}, clock_)
                .error()
                .kind,
            ErrorKind::kConflict);
  EXPECT_EQ(add_user(*database_, {"other", "r@example.com", false, "short"}, clock_).error().kind,
            ErrorKind::kInvalid);
  auto report = check_database(*database_);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->log_lines, 2);
  EXPECT_EQ(report->schema, static_cast<int>(migrations().size()));
  auto changed = database_->write([](sql::Session& session) {
    return session.execute("UPDATE log_lines SET line = replace(line, 'reader', 'nobody')");
  });
  ASSERT_TRUE(changed.ok()) << changed.error().text() << changed.error().cause;
  auto broken = check_database(*database_);
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(broken.error().where, "log line 2");
}

TEST_F(SetupTest, AnswersOverTls) {
  ASSERT_TRUE(net::make_certificate(place_.path(), "hub"));
  ASSERT_TRUE(
      add_user(*database_, {"reader", "r@example.com", false, "long enough for it"}, clock_).ok());
  const Hub hub({*database_, clock_, test_tokens(), {}, false, nullptr});
  net::ServerOptions server_options;
  server_options.certificate = place_.path() / "hub.pem";
  server_options.private_key = place_.path() / "hub.key";
  auto server = net::HttpServer::start(
      server_options, [&hub](const net::Request& request) { return hub.handle(request); });
  ASSERT_TRUE(server.ok()) << server.error().text();
  const std::string base = "https://localhost:" + std::to_string((*server)->port());

  net::ClientOptions client_options;
  client_options.ca_file = place_.path() / "hub.pem";
  net::HttpClient client(client_options);
  net::Call login;
  login.method = "POST";
  login.url = base + "/api/v0/auth/login";
  login.headers["content-type"] = "application/json";
  login.body = R"({"username": "reader", "password": "long enough for it"})";
  auto reply = client.call(login);
  ASSERT_TRUE(reply.ok()) << reply.error().text();
  ASSERT_EQ(reply->status, 200) << reply->body;
  net::Call me;
  me.url = base + "/api/v0/me/";
  me.headers["authorization"] = "Bearer " + parse_json(reply->body).value().get_string("access");
  reply = client.call(me);
  ASSERT_TRUE(reply.ok()) << reply.error().text();
  EXPECT_EQ(parse_json(reply->body).value().get_string("username"), "reader");
  (*server)->drain(Seconds(1));
}

}  // namespace
}  // namespace medperf::hub
