#pragma once
// The site's sign-ins at registries, as `podman login --authfile FILE` and docker write them. They
// are read only, never written, and leave in an Authorization header alone.

#include <string>
#include <string_view>

#include "base/result.h"

namespace medperf::site {

/// What a WWW-Authenticate header asks for (RFC 9110, section 11.6.1; the token specification of
/// the distribution registry). Empty where the header says nothing.
struct Challenge {
  std::string scheme;  ///< "basic", "bearer": in lower case
  std::string realm;   ///< bearer: where the token is had
  std::string service;
};
Challenge read_challenge(std::string_view header);

/// "Basic ..." for a repository, out of the text of an auth.json: {"auths": {"HOST[:PORT][/PATH]":
/// {"auth": BASE64("USER:PASSWORD")}}}; the longest key that fits counts, as for podman. Docker
/// Hub's key "https://index.docker.io/v1/" counts for "registry-1.docker.io". Empty: no sign-in
/// for it. Errors: invalid (no such document, or a helper or identity token instead of a password);
/// none holds any of the text.
Result<std::string> basic_authorization(std::string_view document, std::string_view registry,
                                        std::string_view repository);

}  // namespace medperf::site
