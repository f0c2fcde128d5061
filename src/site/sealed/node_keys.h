#pragma once
// Keys of encrypted images, kept by the client for the tasks of a cluster that ask for them.

#include <map>
#include <string>

#include "base/ids.h"
#include "crypto/secret.h"

namespace medperf::site {

class NodeKeys {
 public:
  bool has(const FileDigest& archive) const { return keys_.contains(archive); }
  void keep(const FileDigest& archive, crypto::Secret key) {
    keys_.insert_or_assign(archive, std::move(key));
  }
  /// The key of this archive, for the holder of the certificate (PEM) alone. Errors: refused (it is
  /// not kept here), invalid (certificate).
  Result<std::string> seal(const FileDigest& archive, const std::string& certificate) const;

 private:
  std::map<FileDigest, crypto::Secret> keys_;
};

}  // namespace medperf::site
