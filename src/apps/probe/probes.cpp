// Running and listing the probes.

#include "apps/probe/probes.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <set>

namespace medperf::probe {
namespace {

constexpr int kSeconds = 10;

std::array<std::span<const Probe>, 7> tables() {
  return {network_probes(), process_probes(), file_probes(),  mount_probes(),
          device_probes(),  right_probes(),   kernel_probes()};
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return out + "\"";
}

const char* word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHeld:
      return "held";
    case Verdict::kPassed:
      return "passed";
    case Verdict::kUntried:
      return "untried";
  }
  return "untried";
}

// The child answers over a pipe: first letter the verdict, then what it saw.
Finding attempt_apart(const Probe& probe, const Targets& targets) {
  int ends[2];
  if (::pipe(ends) != 0) return untried("pipe " + error_name(errno));
  const pid_t child = ::fork();
  if (child < 0) return untried("fork " + error_name(errno));
  if (child == 0) {
    ::close(ends[0]);
    ::alarm(kSeconds);
    const Finding finding = probe.attempt(targets);
    const std::string answer = word_of(finding.verdict)[0] + finding.seen;
    (void)!::write(ends[1], answer.data(), answer.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string answer;
  char buffer[1024];
  for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof(buffer))) != 0;) {
    if (n > 0) answer.append(buffer, static_cast<std::size_t>(n));
    if (n < 0 && errno != EINTR) break;
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!answer.empty()) {
    const Verdict verdict = answer[0] == 'h'   ? Verdict::kHeld
                            : answer[0] == 'p' ? Verdict::kPassed
                                               : Verdict::kUntried;
    return {verdict, answer.substr(1)};
  }
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    const char* name = ::sigabbrev_np(signal);
    // The filter of system calls may end the caller at once; waiting in vain is failing too.
    if (signal == SIGSYS || signal == SIGALRM || signal == SIGSEGV)
      return held(signal == SIGALRM ? "no answer in 10 s" : "SIG" + std::string(name));
    return untried("SIG" + std::string(name != nullptr ? name : "?"));
  }
  return untried("no answer");
}

}  // namespace

int run_probes(int count, char** words) {
  Targets targets;
  std::set<std::string_view> only;
  for (int i = 0; i < count; ++i) {
    const std::string_view word = words[i];
    const auto equal = word.find('=');
    if (equal == std::string_view::npos) {
      only.insert(word);
    } else {
      targets[std::string(word.substr(0, equal))] = word.substr(equal + 1);
    }
  }
  for (const auto& table : tables()) {
    for (const Probe& probe : table) {
      if (!only.empty() && !only.contains(probe.name)) continue;
      const Finding finding = attempt_apart(probe, targets);
      std::printf("{\"probe\":%s,\"verdict\":\"%s\",\"seen\":%s}\n", quoted(probe.name).c_str(),
                  word_of(finding.verdict), quoted(finding.seen.substr(0, 200)).c_str());
      std::fflush(stdout);
    }
  }
  return 0;
}

int list_probes() {
  for (const auto& table : tables()) {
    for (const Probe& probe : table) {
      std::printf("{\"probe\":%s,\"wall\":%s,\"tries\":%s,\"held\":%s}\n",
                  quoted(probe.name).c_str(), quoted(probe.wall).c_str(),
                  quoted(probe.tries).c_str(), quoted(probe.held).c_str());
    }
  }
  return 0;
}

Finding held(int error) {
  return {Verdict::kHeld, error_name(error)};
}
Finding held(std::string seen) {
  return {Verdict::kHeld, std::move(seen)};
}
Finding passed(std::string seen) {
  return {Verdict::kPassed, std::move(seen)};
}
Finding untried(std::string seen) {
  return {Verdict::kUntried, std::move(seen)};
}
Finding of_call(long result, const char* what) {
  return result < 0 ? held(errno) : passed(what);
}

Finding refused_or(long result, const char* what) {
  if (result < 0 && (errno == EPERM || errno == ENOSYS || errno == EACCES)) return held(errno);
  return passed(std::string(what) + (result < 0 ? ", " + error_name(errno) : ""));
}

std::string target(const Targets& targets, std::string_view key) {
  const auto found = targets.find(std::string(key));
  return found == targets.end() ? std::string() : found->second;
}

std::string error_name(int code) {
  const char* name = strerrorname_np(code);
  return name != nullptr ? name : std::to_string(code);
}

std::string read_text(const std::string& path) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return text;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof(buffer))) > 0 && text.size() < (1u << 20);) {
    text.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return text;
}

std::string status_field(const std::string& status, const char* key) {
  const auto at = status.find(std::string("\n") + key + ":");
  if (at == std::string::npos) return "";
  const auto from = status.find_first_not_of(" \t", at + 2 + std::strlen(key));
  return status.substr(from, status.find('\n', from) - from);
}

void pause_ms(long milliseconds) {
  timespec time{milliseconds / 1000, (milliseconds % 1000) * 1'000'000};
  ::nanosleep(&time, nullptr);
}

}  // namespace medperf::probe
