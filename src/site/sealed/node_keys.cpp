#include "site/sealed/node_keys.h"

#include "crypto/rsa_box.h"

namespace medperf::site {

Result<std::string> NodeKeys::seal(const FileDigest& archive,
                                   const std::string& certificate) const {
  const auto found = keys_.find(archive);
  if (found == keys_.end()) {
    return make_error(ErrorKind::kRefused, "key of " + archive.prefixed(),
                      "a task asks for it, and this command has not admitted that container",
                      "run the command again");
  }
  MEDPERF_TRY(const crypto::CertificateKey holder, crypto::CertificateKey::from_pem(certificate));
  return holder.encrypt(found->second);
}

}  // namespace medperf::site
