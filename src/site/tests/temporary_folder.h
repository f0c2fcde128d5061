#pragma once
// A folder that goes with the test.

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/files.h"

namespace medperf::site {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    // In memory where there is such a disk: the tests sync hundreds of times.
    const fs::path memory = "/dev/shm";
    const fs::path base = fs::is_directory(memory) ? memory : fs::temp_directory_path();
    std::string name = (base / "medperf-site-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace medperf::site
