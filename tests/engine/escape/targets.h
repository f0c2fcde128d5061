#pragma once
// What stands on the host for hostile code to reach: listeners, a marked process, files with
// telling names, a terminal, an open descriptor.

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"

namespace medperf::engine::escape {

class HostTargets {
 public:
  /// Makes everything below `folder` and in `home`. `probe` is the static program, which serves as
  /// the marked process too. Throws nothing; what could not be made is not in words().
  HostTargets(const fs::path& folder, const fs::path& home, const fs::path& probe);
  ~HostTargets();
  HostTargets(const HostTargets&) = delete;
  HostTargets& operator=(const HostTargets&) = delete;

  /// The "key=value" words for `medperf-probe escape`, with `input` and `output` as seen by it.
  std::vector<std::string> words(const std::string& input, const std::string& output) const;
  const fs::path& input() const { return input_; }
  const fs::path& output() const { return output_; }
  const std::string& token() const { return token_; }

 private:
  void make_files(const fs::path& folder, const fs::path& home);
  void listen(int family, int type, const char* key);
  void listen_unix(const std::string& name, const char* key);
  void answer(FileHandle socket, bool stream);
  void mark_process(const fs::path& probe);

  std::string token_;
  fs::path input_, output_, home_file_, socket_;
  std::vector<std::string> words_;
  std::vector<std::thread> threads_;
  std::vector<int> sockets_;
  FileHandle inherited_;
  pid_t marked_ = 0;
};

/// Starts a session of its own with a terminal, in a child; the parent waits and returns its exit
/// code. So that containers are started by a client that has a terminal.
int with_terminal(int (*body)(int, char**), int argc, char** argv);

}  // namespace medperf::engine::escape
