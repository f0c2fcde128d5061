#include "site/workspace/lease.h"

#include <algorithm>
#include <utility>

namespace medperf::site {
namespace {

bool is_lease_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

}  // namespace

Result<std::unique_ptr<Lease>> Lease::take(const fs::path& folder, const std::string& id) {
  fs::path file = folder / id;
  MEDPERF_TRY(FileLock lock, FileLock::try_acquire(file));
  return std::unique_ptr<Lease>(new Lease(std::move(file), id, std::move(lock)));
}

Lease::~Lease() {
  std::error_code ignored;
  fs::remove(file_, ignored);
}

bool lease_alive(const fs::path& folder, std::string_view id) {
  if (!is_lease_id(id)) return false;
  const fs::path file = folder / id;
  std::error_code failure;
  if (!fs::exists(file, failure)) return false;
  auto lock = FileLock::try_acquire(file);
  return !lock.ok();
}

std::vector<std::string> dead_leases(const fs::path& folder) {
  std::vector<std::string> dead;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    const std::string id = entry.path().filename().string();
    if (is_lease_id(id) && !lease_alive(folder, id)) dead.push_back(id);
  }
  return dead;
}

}  // namespace medperf::site
