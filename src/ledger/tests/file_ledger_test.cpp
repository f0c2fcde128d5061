#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "base/encoding.h"
#include "base/log.h"
#include "base/tests/temporary_folder.h"
#include "crypto/sha256.h"
#include "ledger/ledger.h"

namespace medperf::ledger {
namespace {

class FileLog : public testing::Test {
 protected:
  void SetUp() override { log::configure(log::Level::kOff); }

  std::unique_ptr<FileLedger> open() { return FileLedger::open(path_, clock_).value(); }
  void fill(int count) {
    const auto log = open();
    for (int i = 1; i <= count; ++i)
      ASSERT_TRUE(log->append({"run", "hospital-a", Json::object({{"step", i}})}).ok());
  }
  std::string content() { return read_file(path_).value(); }
  void replace(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }
  std::int64_t first_bad_line() { return verify_file(path_)->first_bad_line; }

  TemporaryFolder folder_;
  fs::path path_ = folder_.path() / "audit.log";
  ManualClock clock_{Timestamp{1'700'000'000'000'000}};
};

TEST_F(FileLog, AppendsAndVerifies) {
  fill(3);
  fill(2);
  const auto found = verify_file(path_);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->lines, 5);
  EXPECT_EQ(found->first_bad_line, 0) << found->problem;
  const auto text = content();
  const auto last = parse_json(split(text, '\n')[4]);
  EXPECT_EQ(last->get_string("hash"), found->head);
  EXPECT_EQ(last->get_string("v"), "medperf/log/v1");
  EXPECT_EQ(last->get_string("time"), "2023-11-14T22:13:20.000000Z");
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(FileLog, EmptyLogsHold) {
  open();
  const auto found = verify_file(path_);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->lines, 0);
  EXPECT_EQ(found->head, std::string(64, '0'));
  EXPECT_EQ(found->first_bad_line, 0);
  EXPECT_EQ(verify_file(folder_.path() / "none").error().kind, ErrorKind::kNotFound);
}

// The form is a promise to later versions: this line was written by the first one.
TEST_F(FileLog, ReadsTheFirstVersion) {
  fill(1);
  const std::string line = content();
  EXPECT_EQ(line,
            "{\"actor\":\"hospital-a\",\"body\":{\"step\":1},\"hash\":"
            "\"" +
                crypto::sha256_hex(
                    "{\"actor\":\"hospital-a\",\"body\":{\"step\":1},\"kind\":\"run\",\"n\":1,"
                    "\"previous\":\"" +
                    std::string(64, '0') +
                    "\",\"time\":\"2023-11-14T22:13:20.000000Z\",\"v\":\"medperf/log/v1\"}") +
                "\",\"kind\":\"run\",\"n\":1,\"previous\":\"" + std::string(64, '0') +
                "\",\"time\":\"2023-11-14T22:13:20.000000Z\",\"v\":\"medperf/log/v1\"}\n");
}

TEST_F(FileLog, NamesTheLineOfEveryChangedByte) {
  fill(4);
  const std::string good = content();
  std::int64_t line = 1;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    replace(bad);
    EXPECT_EQ(first_bad_line(), line) << "byte " << i;
    if (good[i] == '\n') ++line;
  }
}

TEST_F(FileLog, FindsRemovedInsertedAndSwappedLines) {
  fill(4);
  const std::string text = content();
  const auto lines = split(text, '\n');
  const auto joined = [&](std::initializer_list<int> order) {
    std::string out;
    for (const int i : order) out += std::string(lines[static_cast<std::size_t>(i - 1)]) + "\n";
    return out;
  };
  const std::pair<std::string, int> cases[] = {
      {joined({1, 3, 4}), 2},    {joined({2, 3, 4}), 1},     {joined({1, 2, 2, 3, 4}), 3},
      {joined({1, 3, 2, 4}), 2}, {"\n" + joined({1, 2}), 1}, {joined({1}) + "\n" + joined({2}), 2}};
  for (const auto& [bad, line] : cases) {
    replace(bad);
    EXPECT_EQ(first_bad_line(), line) << bad;
  }
}

TEST_F(FileLog, FindsAReplacedLineWithItsHashMadeNew) {
  fill(3);
  const std::string text = content();
  const auto lines = split(text, '\n');
  Json second = parse_json(lines[1]).value();
  second.set("actor", "somebody-else");
  std::erase_if(second.members(),
                [](const Json::Member& member) { return member.first == "hash"; });
  second.set("hash", crypto::sha256_hex(to_canonical(second)));
  replace(std::string(lines[0]) + "\n" + to_canonical(second) + "\n" + std::string(lines[2]) +
          "\n");
  EXPECT_EQ(first_bad_line(), 3);
  EXPECT_NE(verify_file(path_)->problem.find("that line was replaced"), std::string::npos);
}

TEST_F(FileLog, CutsOffATornLine) {
  fill(2);
  const std::string good = content();
  const std::string third = good.substr(0, good.find('\n'));
  for (const std::size_t length : {std::size_t{1}, std::size_t{5}, third.size()}) {
    replace(good + third.substr(0, length));
    EXPECT_EQ(first_bad_line(), 3);
    open();
    EXPECT_EQ(content(), good);
  }
  replace(good + "{\"actor");
  fill(1);
  EXPECT_EQ(verify_file(path_)->lines, 3);
  EXPECT_EQ(first_bad_line(), 0);
  replace("{\"act");
  fill(1);
  EXPECT_EQ(verify_file(path_)->lines, 1);
}

TEST_F(FileLog, TouchesNoForeignFile) {
  for (const std::string text : {"precious, not a log", "one\ntwo\n", "one\n{\"actor\""}) {
    replace(text);
    EXPECT_EQ(FileLedger::open(path_, clock_).error().kind, ErrorKind::kCorrupt);
    EXPECT_EQ(content(), text);
  }
}

TEST_F(FileLog, RefusesEntriesItCouldNotVerify) {
  const auto log = open();
  EXPECT_EQ(log->append({"run", "a", Json(std::string(2'000'000, 'x'))}).error().kind,
            ErrorKind::kTooLarge);
  Json deep = 1;
  for (int i = 0; i < 70; ++i) deep = Json::array({deep});
  EXPECT_EQ(log->append({"run", "a", deep}).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(content(), "");
  EXPECT_TRUE(log->append({"run", "a\xff", Json(std::string(900'000, '\n'))}).ok() ||
              content().empty());
  EXPECT_TRUE(log->append({"run", "a", Json(std::string(500'000, 'x'))}).ok());
  EXPECT_TRUE(log->append({"run", "a", 0.1}).ok());
  EXPECT_EQ(first_bad_line(), 0);
}

TEST_F(FileLog, ThreadsAndProcessesTakeTurns) {
  std::vector<pid_t> children;
  for (int p = 0; p < 3; ++p) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto log = FileLedger::open(path_, clock_);
      int bad = log.ok() ? 0 : 1;
      for (int i = 0; i < 20 && bad == 0; ++i)
        if (!log.value()->append({"run", "p", i}).ok()) bad = 2;
      ::_exit(bad);
    }
    children.push_back(child);
  }
  const auto log = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) EXPECT_TRUE(log->append({"run", "t", i}).ok());
    });
  for (auto& thread : threads) thread.join();
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(verify_file(path_)->lines, 100);
  EXPECT_EQ(first_bad_line(), 0);
}

TEST_F(FileLog, AFullDiskLeavesNoHalfLine) {
  fill(1);
  const std::string good = content();
  // A limit on file sizes makes the write fall short, as a full disk does.
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{good.size() + 20, good.size() + 20};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto log = FileLedger::open(path_, clock_);
    ::_exit(log.ok() && !log.value()->append({"run", "a", 1}).ok() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(content(), good);
}

TEST_F(FileLog, AKilledWriterLosesNothingAcknowledged) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto log = FileLedger::open(path_, clock_);
    for (int i = 0;; ++i) {
      if (!log.value()->append({"run", "a", i}).ok()) ::_exit(1);
      if (::write(ends[1], "x", 1) != 1) ::_exit(1);
    }
  }
  ::close(ends[1]);
  std::string acknowledged;
  char buffer[4096];
  while (acknowledged.size() < 20 && ::read(ends[0], buffer, 1) == 1) acknowledged += 'x';
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof(buffer))) > 0;)
    acknowledged.append(buffer, static_cast<std::size_t>(count));
  ::close(ends[0]);
  open();
  const auto found = verify_file(path_);
  EXPECT_EQ(found->first_bad_line, 0) << found->problem;
  EXPECT_GE(found->lines, static_cast<std::int64_t>(acknowledged.size()));
  EXPECT_GE(acknowledged.size(), 20U);
}

}  // namespace
}  // namespace medperf::ledger
