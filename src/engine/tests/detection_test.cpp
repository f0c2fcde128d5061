// Images that are bad in a known way, and good ones that nearly look so: which checks find what.
// The table in docs/gate-detection.md is made here (MEDPERF_WRITE_DOCS=1), and a check that gets
// worse than it fails.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/process.h"
#include "engine/image/rpm_database.h"
#include "engine/tests/archive_maker.h"

namespace medperf::engine {
namespace {

using testing::ImageMaker;
using testing::read;
using testing::tar_of;
using testing::typed_entry;

constexpr std::string_view kToday = "2026-11-26";

struct Seeded {
  std::string name;
  std::function<void(ImageMaker&)> make;
  std::set<std::string> expected;  ///< checks of notice or graver that are to speak
};

std::function<void(ImageMaker&)> with_file(std::string path, std::string content,
                                           unsigned mode = 0644) {
  return [=](ImageMaker& maker) { maker.layers = {tar_entry(path, content, mode) + tar_end()}; };
}

std::function<void(ImageMaker&)> with_entries(std::string entries) {
  return [=](ImageMaker& maker) { maker.layers = {entries + tar_end()}; };
}

std::function<void(ImageMaker&)> with_run(std::string key, Json value) {
  return [=](ImageMaker& maker) { maker.run.set(key, value); };
}

std::function<void(ImageMaker&)> with_step(std::string command) {
  return [=](ImageMaker& maker) { maker.history = {command}; };
}

// Built from pieces, so that this file is not itself a file with secrets in it.
std::string private_key(const std::string& kind) {
  return "-----BEGIN " + kind + "PRIVATE KEY-----\n" + std::string(64, 'M') + "\n" +
         std::string(64, 'i') + "\n-----END " + kind + "PRIVATE KEY-----\n";
}
const std::string kCloudKey = std::string("AK") + "IA2E0A8F3B244C9986";
const std::string kHubToken = std::string("gh") + "p_" + "16C7e42F292c6912E7710c838347Ae178B4a";

std::vector<Seeded> bad_images() {
  return {
      {"root by name", with_run("User", "root"), {"CIS 4.1 user"}},
      {"root by number and group", with_run("User", "0:0"), {"CIS 4.1 user"}},
      {"no user named", with_run("User", ""), {"CIS 4.1 user"}},
      {"setuid program", with_file("usr/bin/tool", "x", 04755), {"CIS 4.8 setuid"}},
      {"setgid program", with_file("opt/app/tool", "x", 02755), {"CIS 4.8 setuid"}},
      {"password in the environment",
       with_run("Env", Json::array({"DB_PASSWORD=hunter2"})),
       {"CIS 4.10 environment"}},
      {"cloud key under a harmless name",
       with_run("Env", Json::array({"SETTING=" + kCloudKey})),
       {"CIS 4.10 environment"}},
      {"private key by its name", with_file("root/.ssh/id_ed25519", "x", 0600), {"CIS 4.10 files"}},
      {"registry credentials", with_file("home/app/.docker/config.json", "{}"), {"CIS 4.10 files"}},
      {"private key by its content",
       with_file("app/settings.txt", private_key("RSA ")),
       {"CIS 4.10 contents"}},
      {"EC key inside a script",
       with_file("app/run.sh", "#!/bin/sh\ncat <<E\n" + private_key("EC ") + "E\n"),
       {"CIS 4.10 contents"}},
      {"cloud key in a configuration",
       with_file("app/config.ini", "key = " + kCloudKey + "\n"),
       {"CIS 4.10 contents"}},
      {"token in a source file",
       with_file("app/fetch.py", "TOKEN='" + kHubToken + "'\n"),
       {"CIS 4.10 contents"}},
      {"secret given as build argument",
       with_step("RUN |1 NPM_TOKEN=abcdef /bin/sh -c npm install"),
       {"CIS 4.10 history"}},
      {"secret set by ENV while building",
       with_step("/bin/sh -c #(nop)  ENV API_KEY=abcdef"),
       {"CIS 4.10 history"}},
      {"ADD from an address",
       with_step("/bin/sh -c #(nop) ADD https://x.example/a.tgz /opt/"),
       {"CIS 4.9 add"}},
      {"fetched and run at once",
       with_step("RUN /bin/sh -c curl -s https://x.example/i | bash"),
       {"CIS 4.11 unverified"}},
      {"lists of packages renewed alone",
       with_step("RUN /bin/sh -c apt-get -qq update # buildkit"),
       {"CIS 4.7 update"}},
      {"renewed alone beside other work",
       with_step("/bin/sh -c cd /tmp && /sbin/apk --no-progress update; ls"),
       {"CIS 4.7 update"}},
      {"package manager left", with_file("usr/bin/apt-get", "x", 0755), {"CIS 4.3 packages"}},
      {"sudo left", with_file("usr/bin/sudo", "x", 0755), {"CIS 4.3 privilege"}},
      {"ssh server", with_file("usr/sbin/sshd", "x", 0755), {"servers"}},
      {"world-writable program folder", with_file("app/run", "x", 0777), {"world-writable"}},
      {"device node", with_entries(typed_entry("dev/sda", '3')), {"devices"}},
      {"name that climbs out", with_entries(tar_entry("../../etc/cron.d/x", "x")), {"file names"}},
      {"absolute name", with_entries(tar_entry("/etc/cron.d/x", "x")), {"file names"}},
      {"Debian past its end",
       with_file("usr/lib/os-release", "ID=debian\nVERSION_ID=\"10\"\n"),
       {"CIS 4.2 base"}},
      {"Alpine past its end",
       with_file("etc/os-release", "VERSION_ID=3.18.4\nID=alpine\n"),
       {"CIS 4.2 base"}},
      {"for another processor",
       [](ImageMaker& maker) { maker.architecture = "riscv64"; },
       {"platform"}},
      {"wants to serve",
       with_run("ExposedPorts", Json::object({{"8080/tcp", Json::object()}})),
       {"ports"}},
  };
}

std::vector<Seeded> good_images() {
  return {
      {"plain", [](ImageMaker&) {}, {}},
      {"user by number", with_run("User", "1000:1000"), {}},
      {"public certificate",
       with_file("etc/ssl/certs/ca.pem", "-----BEGIN CERTIFICATE-----\n" + std::string(64, 'M')),
       {}},
      {"program that reads keys",
       with_file("app/keys.py", "if text.startswith('-----BEGIN PRIVATE KEY-----'):\n    pass\n"),
       {}},
      {"made-up key of a manual",
       with_file("app/readme.txt", std::string("AK") + "IAIOSFODNN7EXAMPLE\n"),
       {}},
      {"key of a library's tests",
       with_file("usr/lib/python3/test/keycert.pem", private_key("")),
       {}},
      {"variable named like a token",
       with_run("Env", Json::array({"TOKENIZERS_PARALLELISM=false"})),
       {}},
      {"secret's name without a value", with_run("Env", Json::array({"API_TOKEN="})), {}},
      {"long word with a known beginning", with_file("app/a.txt", "xAK" + kCloudKey.substr(2)), {}},
      {"sticky /tmp",
       [](ImageMaker& maker) {
         std::string folder = tar_entry("tmp/", "", 01777);
         folder[156] = '5';
         folder.replace(148, 8, "        ");
         unsigned sum = 0;
         for (int i = 0; i < 512; ++i) sum += static_cast<unsigned char>(folder[i]);
         folder.replace(148, 7, fmt::format("{:06o}", sum) + std::string(1, '\0'));
         maker.layers = {folder + tar_end()};
       },
       {}},
      {"game whose name begins so", with_file("usr/games/sudoku", "x", 0755), {}},
      {"maintained Debian", with_file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"), {}},
      {"unknown system", with_file("etc/os-release", "ID=wolfi\nVERSION_ID=2023\n"), {}},
      {"fetch with its digest checked",
       with_step("RUN /bin/sh -c curl -sO https://x.example/a && sha256sum -c a.sha256"),
       {}},
      {"renewed and installed in one step",
       with_step("RUN /bin/sh -c apt-get update && apt-get -y install python3"),
       {}},
      {"installed without a renewal",
       with_step("RUN /bin/sh -c dnf -y update && dnf clean all"),
       {}},
      {"a program's own update", with_step("RUN /bin/sh -c conda update --all"), {}},
      {"build argument given by name", with_step("RUN /bin/sh -c login --password=$PASSWORD"), {}},
      {"ADD of a local archive", with_step("/bin/sh -c #(nop) ADD file:8b8864b in /"), {}},
      {"piped to something harmless",
       with_step("RUN /bin/sh -c wget -qO- https://x.example/a | tar x"),
       {}},
      {"bill of materials",
       with_file("usr/share/sbom/app.spdx.json", R"({"spdxVersion":"SPDX-2.3","packages":[{}]})"),
       {}},
  };
}

struct Score {
  int found = 0, missed = 0, wrong = 0;
  int seeded() const { return found + missed; }
};

std::set<std::string> checks_of(const Seeded& seeded) {
  ImageMaker maker;
  seeded.make(maker);
  const auto image = read(maker.docker());
  EXPECT_TRUE(image.ok()) << seeded.name << ": " << image.error().text();
  std::set<std::string> out;
  if (!image.ok()) return out;
  for (const auto& finding : inspect(*image, kToday)) {
    if (finding.severity >= Severity::kNotice) out.insert(finding.check);
    EXPECT_FALSE(finding.severity >= Severity::kNotice && finding.advice.empty()) << finding.check;
  }
  return out;
}

std::map<std::string, Score> measure(const std::vector<Seeded>& images) {
  std::map<std::string, Score> scores;
  for (const auto& seeded : images) {
    const auto found = checks_of(seeded);
    for (const auto& check : seeded.expected) {
      if (found.contains(check))
        ++scores[check].found;
      else
        ++scores[check].missed;
      EXPECT_TRUE(found.contains(check)) << seeded.name << " was not found by " << check;
    }
    for (const auto& check : found) {
      if (seeded.expected.contains(check)) continue;
      ++scores[check].wrong;
      ADD_FAILURE() << seeded.name << " was taken for " << check;
    }
  }
  return scores;
}

std::string page(const std::map<std::string, Score>& scores, std::size_t bad, std::size_t good) {
  std::string out = fmt::format(
      "# What the inspection of an image finds\n\n"
      "Made by `src/engine/tests/detection_test.cpp`, which seeds {} images that are bad in one "
      "known way and {} good ones that nearly look so.\n"
      "Recall is the share of seeded faults that were found, precision the share of findings "
      "(notice or graver) that were seeded.\n"
      "They show that each check works and what it leaves alone; they are no promise about other "
      "images.\n\n"
      "| check | seeded | found | false alarms | recall | precision |\n| --- | --- | --- | --- | "
      "--- | --- |\n",
      bad, good);
  Score sum;
  const auto line = [](const std::string& name, const Score& one) {
    return fmt::format("| {} | {} | {} | {} | {:.2f} | {:.2f} |\n", name, one.seeded(), one.found,
                       one.wrong, static_cast<double>(one.found) / std::max(1, one.seeded()),
                       static_cast<double>(one.found) / std::max(1, one.found + one.wrong));
  };
  for (const auto& [check, score] : scores) {
    out += line(check, score);
    sum.found += score.found;
    sum.missed += score.missed;
    sum.wrong += score.wrong;
  }
  return out + line("all", sum) +
         "\nThe numbers of the checks are those of the CIS Docker Benchmark v1.6.0, section 4. "
         "Secrets are looked for in files of at most 64 KiB.\n";
}

TEST(Detection, SeededImagesAreFoundAndGoodOnesLeftAlone) {
  const auto bad = bad_images();
  const auto good = good_images();
  ASSERT_GE(bad.size(), 20U);
  auto all = bad;
  all.insert(all.end(), good.begin(), good.end());
  const std::string made = page(measure(all), bad.size(), good.size());
  const fs::path file = fs::path(MEDPERF_SOURCE_DIR) / "docs" / "gate-detection.md";
  if (std::getenv("MEDPERF_WRITE_DOCS") != nullptr) {
    ASSERT_TRUE(write_file_atomically(file, made).ok());
  }
  const auto committed = read_file(file);
  ASSERT_TRUE(committed.ok()) << committed.error().text();
  EXPECT_EQ(*committed, made) << "run this test with MEDPERF_WRITE_DOCS=1 and read the difference";
}

TEST(Detection, BillsOfMaterialsAndPackagesAreCounted) {
  ImageMaker maker;
  maker.layers = {
      tar_of({{"a.cdx.json", R"({"bomFormat":"CycloneDX","components":[{},{}]})"},
              {"b.spdx.json", "not json"},
              {"var/lib/dpkg/status", "Package: a\n\nPackage: b\nDepends: Package: c\n"}})};
  const auto image = read(maker.docker());
  ASSERT_TRUE(image.ok());
  ASSERT_EQ(image->contents.bills.size(), 1U);
  EXPECT_EQ(image->contents.bills[0], "a.cdx.json: CycloneDX, 2 packages");
  EXPECT_EQ(image->contents.packages, 2U);
}

// What SQLite itself writes, with tables as rpm has them, so many that their list has several
// pages.
constexpr const char* kMakeDatabase = R"py(
import os, sqlite3, sys
name, rows, table, page = sys.argv[1:]
db = sqlite3.connect(name)
db.execute("PRAGMA page_size=" + page)
for i in range(60):
    db.execute("CREATE TABLE T%d (key_%s TEXT NOT NULL)" % (i, "k" * 200))
db.execute("CREATE TABLE '%s' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)" % table)
db.executemany("INSERT INTO '%s'(blob) VALUES (?)" % table, ((os.urandom(i % 9000 + 20),) for i in range(int(rows))))
db.commit()
)py";

std::string rpm_database(int rows, const std::string& table = "Packages", int page = 4096) {
  std::string name = ::testing::TempDir() + "rpmdb-XXXXXX";
  const int file = ::mkstemp(name.data());
  if (file >= 0) ::close(file);
  Command command;
  command.argv = {"python3",           "-c", kMakeDatabase, name, std::to_string(rows), table,
                  std::to_string(page)};
  command.environment = {{"PATH", "/usr/bin:/bin"}};
  const auto done = run_process(command);
  const bool made = done.ok() && done->success();
  EXPECT_TRUE(!done.ok() || made) << done->errors;
  std::string bytes = made ? read_file(name).value() : std::string();
  ::unlink(name.c_str());
  return bytes;
}

std::uint64_t packages_in(const std::string& path, const std::string& bytes) {
  ImageMaker maker;
  maker.layers = {tar_of({{path, bytes}})};
  const auto image = read(maker.docker());
  EXPECT_TRUE(image.ok());
  return image.ok() ? image->contents.packages : 0;
}

TEST(Detection, RpmPackagesAreCountedInItsSqliteDatabase) {
  const std::string few = rpm_database(3), many = rpm_database(2500),
                    small = rpm_database(700, "Packages", 512);
  if (few.empty()) GTEST_SKIP() << "needs python3";
  EXPECT_EQ(packages_in("var/lib/rpm/rpmdb.sqlite", few), 3U);
  EXPECT_EQ(packages_in("usr/lib/sysimage/rpm/rpmdb.sqlite", many), 2500U) << "several levels";
  EXPECT_EQ(packages_in("var/lib/rpm/rpmdb.sqlite", small), 700U);
  EXPECT_EQ(packages_in("opt/rpmdb.sqlite", few), 0U);
  EXPECT_EQ(count_rpm_packages(rpm_database(0)), 0U);
  EXPECT_FALSE(count_rpm_packages(rpm_database(3, "Other")));
}

TEST(Detection, DamagedDatabasesCountNothingAndEnd) {
  const std::string whole = rpm_database(2500);
  if (whole.empty()) GTEST_SKIP() << "needs python3";
  EXPECT_FALSE(count_rpm_packages(whole.substr(0, 5000)));
  EXPECT_FALSE(count_rpm_packages(""));
  std::string circle = whole;
  for (std::size_t page = 4096; page + 12 <= circle.size(); page += 4096)
    if (circle[page] == 5) circle.replace(page + 8, 4, std::string("\0\0\0\1", 4));
  EXPECT_FALSE(count_rpm_packages(circle)) << "its pages point back";
  for (std::size_t at = 0; at < 8192; at += 7) {
    std::string changed = whole.substr(0, 65536);
    changed[at] = static_cast<char>(changed[at] ^ 0xff);
    (void)count_rpm_packages(changed);
  }
}

TEST(Detection, OtherListsOfPackagesAreNamedAsNotCounted) {
  ImageMaker maker;
  maker.layers = {tar_of({{"var/lib/rpm/Packages", "x"},
                          {"usr/lib/sysimage/rpm/Packages.db", "x"},
                          {"var/lib/rpm/rpmdb.sqlite", "SQLite format 3"}})};
  const auto image = read(maker.docker());
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->contents.uncounted,
            (std::vector<std::string>{"var/lib/rpm/Packages (Berkeley DB)",
                                      "usr/lib/sysimage/rpm/Packages.db (ndb)",
                                      "var/lib/rpm/rpmdb.sqlite (damaged)"}));
  std::string said;
  for (const auto& finding : inspect(*image, kToday))
    if (finding.check == "bill of materials") said += finding.what;
  EXPECT_NE(said.find("not counted"), std::string::npos) << said;
}

TEST(Detection, LargeAndBinaryFilesAreNotRead) {
  ImageMaker maker;
  maker.layers = {tar_of({{"big.txt", std::string(70'000, 'x') + private_key("")},
                          {"binary", std::string(10, '\0') + private_key("")}})};
  const auto image = read(maker.docker());
  ASSERT_TRUE(image.ok());
  EXPECT_TRUE(image->contents.secret_contents.empty());
}

}  // namespace
}  // namespace medperf::engine
