#pragma once
// What preparation and evaluation programs of benchmarks share: their arguments and their output
// file.

#include <map>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/json.h"
#include "base/result.h"

namespace container {

/// The task's name and its --name=path arguments.
class TaskArguments {
 public:
  static medperf::Result<TaskArguments> read(int argc, char** argv);
  const std::string& task() const { return task_; }
  medperf::Result<medperf::fs::path> path(std::string_view name) const;
  /// The YAML file named by --parameters_file.
  medperf::Result<medperf::Json> parameters() const;

 private:
  std::string task_;
  std::map<std::string, std::string, std::less<>> paths_;
};

/// Writes a file that is mounted by itself: in place, since nothing can be renamed over a mount.
medperf::Status write_mounted_file(const medperf::fs::path& file, std::string_view text);

}  // namespace container
