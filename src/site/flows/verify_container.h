#pragma once
// A container, or a model's files, checked without running anything: is it the registered one,
// whole, signed, and would this site's policy let it run. For a registered one, or a container that
// lies here.

#include <string>
#include <string_view>
#include <vector>

#include "site/gate/gate.h"

namespace medperf::site {

struct Verdict {
  std::string what;  ///< digest, key, signature, files, configuration, policy, requests
  bool good = true;
  std::string text;                  ///< what was seen, or why it is not good
  ErrorKind kind = ErrorKind::kBug;  ///< of one that is not good
};

struct Verification {
  std::string name;            ///< of the container or its archive
  std::string archive, image;  ///< digests; empty: not known
  std::vector<Verdict> verdicts;
  bool good() const;
};

/// `archive`: a copy that came another way than from where the owner serves it; empty: fetched, or
/// hashed anew when it is here. `key`: of an encrypted one; empty: the kept or granted key, and
/// without any its digest alone is judged. What does not hold is a verdict. Errors: not_found
/// (container), unavailable, refused (no policy).
Result<Verification> verify_registered(Site& site, ContainerId id, const fs::path& archive,
                                       const fs::path& key = {});

/// A model given as files; `archive` as above. They are unpacked as for a run.
Result<Verification> verify_files(Site& site, AssetId id, const fs::path& archive);

struct OwnVerification {
  fs::path archive;
  fs::path config;         ///< empty: not checked
  std::string image_hash;  ///< what it must be: SHA-256 of the archive, hex; empty: not compared
  fs::path signature;      ///< as `container sign` writes it; empty: unsigned
  fs::path key{};          ///< of an encrypted archive
};
/// No hub is needed. A signature counts by the keys of any publisher of the policy.
Result<Verification> verify_own(Site& site, const OwnVerification& own);

}  // namespace medperf::site
