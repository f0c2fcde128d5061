#pragma once
// A lease says that a command is alive: a file locked as long as its process lives. Containers
// carry its id; those of a dead lease are removed at the next start.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace medperf::site {

class Lease {
 public:
  /// `id`: random, made of [0-9a-f].
  static Result<std::unique_ptr<Lease>> take(const fs::path& folder, const std::string& id);
  const std::string& id() const { return id_; }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease();

 private:
  Lease(fs::path file, std::string id, FileLock lock)
      : file_(std::move(file)), id_(std::move(id)), lock_(std::move(lock)) {}
  fs::path file_;
  std::string id_;
  FileLock lock_;
};

/// Whether a living process holds the lease. Unknown ids are dead.
bool lease_alive(const fs::path& folder, std::string_view id);
/// Ids of leases whose process died without giving them back.
std::vector<std::string> dead_leases(const fs::path& folder);

}  // namespace medperf::site
