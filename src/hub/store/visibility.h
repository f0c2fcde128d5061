#pragma once
// The one rule of who knows of which rows, and of who acts for whom. Repository and standing apply
// it to all that they read; whoever writes SQL of their own takes the conditions from here.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/field.h"
#include "sql/database.h"

namespace medperf::hub {

/// Through whose eyes rows are read. There is no default: every reader says so.
class Sight {
 public:
  /// A signed-in user: what is public, what they act for, and the closed groups they are inside of.
  static Sight of(std::int64_t user) { return Sight(user, false); }
  /// Every row: for platform admins, for all while there is no closed group, and where the hub's
  /// own work tells nobody what it saw.
  static Sight whole() { return Sight(0, true); }
  bool is_whole() const { return whole_; }
  std::int64_t user() const { return user_; }

 private:
  Sight(std::int64_t user, bool whole) : user_(user), whole_(whole) {}
  std::int64_t user_;
  bool whole_;
};

// Conditions below are SQL texts in which "$me" stands for the user's id, as often as it occurs;
// `prefix` ("d." for an alias) goes before each column.

/// Whether the user acts for a row of an entity that has an owner: the owner, or for an
/// organisation's row each present member and nobody else. Never null of a row.
std::string acts_for(domain::Entity entity, std::string_view prefix = {});
/// Which rows of an entity exist for the user; empty when all do.
const std::string& visible_to(domain::Entity entity);
std::string visible_to(domain::Entity entity, std::string_view prefix);
/// The rows of an entity that do not, as a condition on a source of rows with its columns; empty
/// when there can be none. The source holds what belongs to closed groups, by an index: whatever
/// else a statement asks of them, nothing is read of public rows.
struct Hidden {
  std::string source;
  std::string condition;
};
const Hidden& hidden_from(domain::Entity entity);

/// The text with a parameter for each "$me", whose values are added to `params`.
std::string bound(std::string_view text, std::int64_t user, sql::Params& params);

/// Whether a user is inside a closed group.
Result<bool> is_inside(sql::Session& session, std::int64_t user, std::int64_t closed_group);
/// Whether a party is: an organisation, or without one the owner.
Result<bool> party_is_inside(sql::Session& session, std::optional<std::int64_t> organisation,
                             std::int64_t owner, std::int64_t closed_group);

}  // namespace medperf::hub
