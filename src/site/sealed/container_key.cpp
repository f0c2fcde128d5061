#include "site/sealed/container_key.h"

#include <utility>

#include <fmt/format.h>

#include "site/sealed/key_records.h"

namespace medperf::site {
namespace {

constexpr Bytes kLongestKey{4000};

Result<crypto::Secret> read_key(const fs::path& file) {
  MEDPERF_TRY(std::string text, crypto::read_key_file(file));
  return crypto::Secret(std::move(text));
}

}  // namespace

Result<crypto::Secret> container_key(Site& site, const Container& container,
                                     const fs::path& key_file) {
  if (!key_file.empty()) return read_key(key_file);
  const fs::path kept = site.workspace().container_key(container.id);
  if (container.id && fs::exists(kept)) return read_key(kept);
  if (container.id) {
    MEDPERF_TRY(crypto::Secret granted, granted_key(site, container.id));
    if (!granted.empty()) return granted;
  }
  return make_error(
      ErrorKind::kRefused, fmt::format("container {} '{}'", container.id.value, container.name),
      "it is encrypted, and its key is not here",
      container.id ? fmt::format("ask its owner for the key, and keep it with 'medperf container "
                                 "key {} --key FILE'",
                                 container.id.value)
                   : std::string("name the file of its key with --key"));
}

Status keep_container_key(const Site& site, ContainerId container, const fs::path& file) {
  MEDPERF_TRY(std::string text, read_file(file, kLongestKey));
  const crypto::Secret key(std::move(text));
  if (key.empty()) return make_error(ErrorKind::kInvalid, file.string(), "the key is empty");
  const fs::path kept = site.workspace().container_key(container);
  MEDPERF_CHECK(make_private_folder(kept.parent_path()));
  return crypto::write_new_key_file(kept, key.text());
}

Status forget_container_key(const Site& site, ContainerId container) {
  std::error_code failure;
  if (fs::remove(site.workspace().container_key(container), failure)) return {};
  return make_error(ErrorKind::kNotFound, fmt::format("container {}", container.value),
                    "this site keeps no key of it");
}

}  // namespace medperf::site
