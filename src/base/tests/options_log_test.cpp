#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "base/options.h"
#include "base/tests/temporary_folder.h"
#include "base/yaml.h"

namespace medperf {
namespace {

constexpr std::array<Option, 6> kTable = {{
    {"http.port", OptionType::kInteger, "", "8080", "TEST_PORT", false, "The port."},
    {"name", OptionType::kText, "", "", "", false, "A name."},
    {"http.timeout", OptionType::kSeconds, "", "30s", "", false, "How long to wait."},
    {"http.body_limit", OptionType::kBytes, "", "8 MiB", "", false, "The largest body."},
    {"tls", OptionType::kBoolean, "", "true", "", false, "Whether to use TLS."},
    {"password", OptionType::kText, "", "", "", true, "The password."},
}};

TEST(Options, DefaultsFileAndEnvironment) {
  const auto plain = Options::load(kTable, "", {});
  ASSERT_TRUE(plain.ok()) << plain.error().text();
  EXPECT_EQ(plain->integer("http.port"), 8080);
  EXPECT_EQ(plain->integer("http.timeout"), 30);
  EXPECT_EQ(plain->integer("http.body_limit"), 8 << 20);
  EXPECT_TRUE(plain->boolean("tls"));
  const std::string yaml = "http:\n  port: 9\n  timeout: 2m\ntls: false\nname: 12\n";
  const auto file = Options::load(kTable, yaml, {{"TEST_PORT", "7"}});
  ASSERT_TRUE(file.ok()) << file.error().text();
  EXPECT_EQ(file->integer("http.port"), 7);
  EXPECT_EQ(file->integer("http.timeout"), 120);
  EXPECT_FALSE(file->boolean("tls"));
  EXPECT_EQ(file->text("name"), "12");
  EXPECT_THROW(static_cast<void>(file->text("nope")), std::logic_error);
}

TEST(Options, RefusesUnknownAndWrong) {
  EXPECT_EQ(Options::load(kTable, "http: {prt: 1}", {}).error().where, "http.prt");
  EXPECT_EQ(Options::load(kTable, "http: {port: many}", {}).error().where, "http.port");
  EXPECT_EQ(Options::load(kTable, "", {{"TEST_PORT", "1x"}}).error().where, "http.port");
  EXPECT_FALSE(Options::load(kTable, "tls: 1", {}).ok());
  EXPECT_FALSE(Options::load(kTable, "http: {timeout: -1}", {}).ok());
  EXPECT_FALSE(Options::load(kTable, "http: {body_limit: 9999999 TiB}", {}).ok());
  EXPECT_FALSE(Options::load(kTable, "name: [a]", {}).ok());
  EXPECT_FALSE(Options::load(kTable, "http.port: 1\nhttp: {port: 2}", {}).ok());
  EXPECT_FALSE(Options::load(kTable, "just text", {}).ok());
  EXPECT_FALSE(Options::load(kTable, "a: [", {}).ok());
}

TEST(Options, SecretsComeFromPrivateFilesAndStayHidden) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "secret";
  ASSERT_TRUE(write_file_atomically(file, "hunter2\n").ok());
  const std::string yaml = "password: " + file.string();
  const auto options = Options::load(kTable, yaml, {});
  ASSERT_TRUE(options.ok()) << options.error().text();
  EXPECT_EQ(options->text("password"), "hunter2");
  const std::string printed = options->print(kTable);
  EXPECT_EQ(printed.find("hunter2"), std::string::npos);
  EXPECT_NE(printed.find("password: \"(set)\""), std::string::npos);
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  EXPECT_EQ(Options::load(kTable, yaml, {}).error().kind, ErrorKind::kRefused);
}

TEST(Options, SampleAndPrintAreReadableAgain) {
  const std::string sample = annotated_sample(kTable);
  EXPECT_NE(sample.find("  # How long to wait. Unit: seconds."), std::string::npos) << sample;
  const auto again = Options::load(kTable, sample, {});
  ASSERT_TRUE(again.ok()) << again.error().text() << sample;
  const auto printed = parse_yaml(again->print(kTable));
  ASSERT_TRUE(printed.ok()) << again->print(kTable);
  EXPECT_EQ(printed->find_path({"http", "port"})->as_int(), 8080);
}

TEST(Log, WritesOneJsonLineAnEvent) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "log";
  log::configure(log::Level::kInfo, file);
  log::debug("hidden");
  log::info("start", {{"user", "a\nb"}, {"n", 3}});
  log::error("bad");
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto text = read_file(file);
  ASSERT_TRUE(text.ok());
  const auto end = text->find('\n');
  const auto first = parse_json(text->substr(0, end));
  ASSERT_TRUE(first.ok()) << *text;
  EXPECT_EQ(first->get_string("event"), "start");
  EXPECT_EQ(first->get_string("user"), "a\nb");
  EXPECT_EQ(first->get_int("n"), 3);
  EXPECT_EQ(first->get_string("level"), "info");
  EXPECT_EQ(std::count(text->begin(), text->end(), '\n'), 2);
  log::configure(log::Level::kOff);
}

}  // namespace
}  // namespace medperf
