#include "base/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/encoding.h"
#include "base/tests/temporary_folder.h"

namespace medperf {
namespace {

Command shell(const std::string& script) {
  Command command;
  command.argv = {"sh", "-c", script};
  command.environment = {{"PATH", "/usr/bin:/bin"}};
  return command;
}

/// True once no process has this id; false when one still has it after a minute.
bool is_gone(pid_t pid) {
  for (int i = 0; i < 6000; ++i) {
    if (::kill(pid, 0) != 0) return true;
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
    if (text.find(") Z ") != std::string::npos) return true;  // dead, its adopter has not reaped it
    ::usleep(10'000);
  }
  return false;
}

TEST(Process, GivesOutputErrorsAndCode) {
  const auto outcome = run_process(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(outcome->output, "out\n");
  EXPECT_EQ(outcome->errors, "err\n");
  EXPECT_EQ(outcome->exit_code, 3);
  EXPECT_FALSE(outcome->success());
  EXPECT_TRUE(run_process(shell("true"))->success());
}

TEST(Process, GivesFilesAtTheirNumbers) {
  const TemporaryFolder folder;
  const fs::path in = folder.path() / "in", out = folder.path() / "out";
  ASSERT_TRUE(write_file_atomically(in, "content").ok());
  const FileHandle reading(::open(in.c_str(), O_RDONLY | O_CLOEXEC));
  const FileHandle writing(::open(out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  Command command = shell("cat; cat <&7; echo said >&2; ls /proc/self/fd | wc -l >&2");
  command.input = "input";
  command.files = {{reading.get(), 7}, {writing.get(), 1}};
  const auto outcome = run_process(command);
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(*read_file(out), "inputcontent");
  EXPECT_EQ(outcome->output, "") << "standard output went to the file";
  EXPECT_EQ(outcome->errors, "said\n5\n") << "0, 1, 2, 7 and ls's own folder";
}

TEST(Process, EndsWhoWritesTooLargeAFile) {
  const TemporaryFolder folder;
  const fs::path out = folder.path() / "out";
  const FileHandle writing(::open(out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  Command command = shell("exec head -c 100000 /dev/zero");
  command.files = {{writing.get(), 1}};
  command.file_limit = Bytes{50'000};
  const auto outcome = run_process(command);
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(outcome->signal, SIGXFSZ);
  EXPECT_EQ(fs::file_size(out), 50'000);
  ASSERT_EQ(::lseek(writing.get(), 0, SEEK_SET), 0);
  command.file_limit = Bytes{100'000};
  EXPECT_TRUE(run_process(command)->success());
}

TEST(Process, InheritsNothing) {
  ::setenv("MEDPERF_TEST_SECRET", "x", 1);
  const int open_here = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, on purpose
  Command command = shell("env; ls /proc/self/fd | wc -l");
  command.environment["ONLY"] = "this";
  const auto outcome = run_process(command);
  ::close(open_here);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->output.find("MEDPERF_TEST_SECRET"), std::string::npos);
  EXPECT_NE(outcome->output.find("ONLY=this"), std::string::npos);
  EXPECT_EQ(trim(split(trim(outcome->output), '\n').back()), "4") << "0, 1, 2 and ls's own folder";
}

TEST(Process, ArgumentsAreNotAShell) {
  Command command;
  command.argv = {"printf", "%s", "$(id) ; `x` *"};
  const auto outcome = run_process(command);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->output, "$(id) ; `x` *");
}

TEST(Process, GivesInput) {
  Command command = shell("wc -c");
  command.input = std::string(1'000'000, 'x');
  EXPECT_EQ(trim(run_process(command)->output), "1000000");
  Command ignoring = shell("true");
  ignoring.input = std::string(1'000'000, 'x');
  EXPECT_TRUE(run_process(ignoring)->success()) << "a program that does not read must not block";
  EXPECT_EQ(run_process(shell("cat"))->output, "");
}

TEST(Process, BoundsOutputButShowsAll) {
  Command command = shell("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2");
  command.output_limit = Bytes{1000};
  std::size_t seen = 0;
  command.on_output = [&](std::string_view piece) { seen += piece.size(); };
  const auto outcome = run_process(command);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->output.size(), 1000U);
  EXPECT_EQ(outcome->errors.size(), 1000U);
  EXPECT_EQ(seen, 600'000U);
}

TEST(Process, SaysWhatCannotStart) {
  Command missing;
  missing.argv = {"no-such-program-here"};
  EXPECT_EQ(run_process(missing).error().kind, ErrorKind::kNotFound);
  missing.argv = {"/no/such/program"};
  EXPECT_EQ(run_process(missing).error().kind, ErrorKind::kNotFound);
  missing.argv = {"/etc/hostname"};
  EXPECT_EQ(run_process(missing).error().kind, ErrorKind::kUnavailable);
  Command folder = shell("true");
  folder.working_folder = "/no/such/folder";
  EXPECT_EQ(run_process(folder).error().where, "/no/such/folder");
  folder.working_folder = "/";
  EXPECT_TRUE(run_process(folder)->success());
}

TEST(Process, DeadlineEndsTheWholeGroup) {
  Command command = shell("sleep 100 & echo $!; wait");
  command.deadline = Seconds(2);  // time enough to say its number, on a busy machine too
  const auto outcome = run_process(command);
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome->timed_out);
  EXPECT_EQ(outcome->signal, SIGTERM);
  EXPECT_GE(outcome->elapsed.count(), 2.0);
  EXPECT_LT(outcome->elapsed.count(), 50.0);  // of 100
  ASSERT_FALSE(outcome->output.empty()) << "it did not begin within its deadline";
  EXPECT_TRUE(is_gone(std::stoi(outcome->output)));
}

TEST(Process, DeadlineKillsWhatIgnoresTheTerm) {
  Command command = shell("trap '' TERM; echo deaf; while :; do sleep 1; done");
  command.deadline = Seconds(2);  // time enough to become deaf, on a busy machine too
  const auto outcome = run_process(command);
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome->timed_out);
  EXPECT_EQ(outcome->output, "deaf\n");
  EXPECT_EQ(outcome->signal, SIGKILL);
  EXPECT_GE(outcome->elapsed.count(), 4.0) << "the term is given two seconds";
}

TEST(Process, DeadlineHoldsAgainstEndlessOutput) {
  Command command = shell("exec cat /dev/zero");
  command.deadline = Seconds(0.2);
  const auto outcome = run_process(command);
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome->timed_out);
}

TEST(Process, WaitsForTheExitNotForEndOfOutput) {
  const auto outcome = run_process(shell("sleep 100 & echo $!"));
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome->success());
  EXPECT_LT(outcome->elapsed.count(), 50.0);
  ::kill(std::stoi(outcome->output), SIGKILL);
}

TEST(Process, JoinsControlGroupsBeforeItRuns) {
  const TemporaryFolder folder;
  const fs::path first = folder.path() / "memory";
  const fs::path second = folder.path() / "pids";
  ASSERT_TRUE(write_file_atomically(first, "").ok());
  ASSERT_TRUE(write_file_atomically(second, "").ok());
  Command command = shell("cat " + first.string() + " " + second.string());
  command.join_cgroups = {first, second};
  EXPECT_EQ(run_process(command)->output, "00");
  command.join_cgroups = {first, folder.path() / "none"};
  const auto failed = run_process(command);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(failed.error().where, (folder.path() / "none").string());
}

TEST(Process, DiesWithItsParent) {
  const TemporaryFolder folder;
  const fs::path note = folder.path() / "pid";
  const pid_t parent = ::fork();
  if (parent == 0) {
    (void)run_process(shell("echo $$ > " + note.string() + "; exec sleep 100"));
    ::_exit(0);
  }
  std::string text;
  for (int i = 0; i < 6000 && text.find('\n') == std::string::npos; ++i) {
    ::usleep(10'000);
    text = read_file(note).value_or("");
  }
  ASSERT_FALSE(text.empty());
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(is_gone(std::stoi(text)));
}

TEST(Process, RunsInManyThreads) {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i)
        if (run_process(shell("echo " + std::to_string(t)))->output == std::to_string(t) + "\n")
          ++good;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 20);
}

/// Runs in a process of its own, since the stop flag stays set.
int stop_child(bool by_signal) {
  install_stop_handlers();
  std::atomic<bool> begun{false};  // what has not begun is not started any more
  std::thread stopper([&begun, by_signal] {
    while (!begun) ::usleep(1000);
    if (by_signal)
      ::kill(::getpid(), SIGINT);
    else
      request_stop();
  });
  Command command = shell("echo begun; exec sleep 100");
  command.on_output = [&begun](std::string_view) { begun = true; };
  const auto outcome = run_process(command);
  begun = true;  // also when it could not be started
  stopper.join();
  if (!outcome.ok() || !outcome->interrupted || outcome->elapsed > Seconds(50)) return 1;
  if (run_process(shell("true")).ok()) return 2;
  Command clean = shell("echo clean");
  clean.ignore_stop = true;
  if (run_process(clean)->output != "clean\n" || !stop_requested()) return 3;
  return 0;
}

TEST(Process, StopsWhenAsked) {
  for (const bool by_signal : {true, false}) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(stop_child(by_signal));
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
}

}  // namespace
}  // namespace medperf
