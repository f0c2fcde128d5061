#pragma once
// What every use case works with. A use case runs inside one transaction, which may be repeated: it
// has no effect outside `session`.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "domain/permission.h"
#include "domain/record.h"
#include "hub/store/visibility.h"
#include "sql/database.h"

namespace medperf::hub {

/// Rules of this installation.
struct Settings {
  std::vector<std::string> auto_approved_emails;  ///< whose benchmarks are approved at once
  std::vector<std::string> auto_approved_training_emails;  ///< the same for training experiments
  std::string public_url;  ///< statements must name it; empty: not checked
};

/// The signed-in user.
struct Caller {
  domain::Record user{domain::Entity::kUser};
  bool admin = false;
  std::int64_t id() const { return user.id(); }
  const std::string& username() const { return user.text("username"); }
  const std::string& email() const { return user.text("email"); }
  /// What exists for them: the platform's admins see every closed group.
  Sight sight() const { return admin ? Sight::whole() : Sight::of(id()); }
};

struct Context {
  sql::Session& session;
  const Caller& caller;
  Timestamp now;
  const Settings& settings;
  Json& notes;                       ///< facts for the log line of this write; no secrets
  domain::Relations relations = {};  ///< the caller's to the subject, with kSignedIn and kAdmin

  Sight sight() const { return caller.sight(); }
};

}  // namespace medperf::hub
