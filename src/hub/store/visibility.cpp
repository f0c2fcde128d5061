#include "hub/store/visibility.h"

#include <map>

#include "domain/names.h"
#include "hub/store/columns.h"

namespace medperf::hub {

using domain::Entity;

namespace {

constexpr std::string_view kMark = "$me";

std::string inside(std::string_view column) {
  return std::string(column) +
         " IN (SELECT closed_group FROM closed_group_insiders WHERE member = $me)";
}

/// Whether rows of the entity may belong to a closed group.
bool may_be_closed(Entity entity) {
  return domain::table_of(entity).find(domain::kClosedGroupField) != nullptr;
}

/// A row of a closed group exists for those inside, and for whoever registered it.
std::string inside_or_own(Entity entity, const std::string& prefix) {
  std::string text = inside(prefix + "closed_group");
  if (domain::table_of(entity).find(domain::kOwnerField) != nullptr) {
    text += " OR " + acts_for(entity, prefix);
  }
  return text;
}

}  // namespace

std::string acts_for(Entity entity, std::string_view prefix) {
  const std::string p(prefix);
  if (domain::table_of(entity).find(domain::kOrganisationField) == nullptr) {
    return p + "owner = $me";
  }
  return "((" + p + "organisation IS NULL AND " + p + "owner = $me) OR (" + p +
         "organisation IS NOT NULL AND " + p +
         "organisation IN (SELECT organisation FROM acting_members WHERE member = $me)))";
}

namespace {

std::string make_visible(Entity entity, std::string_view prefix) {
  const std::string p(prefix);
  switch (entity) {
    case Entity::kClosedGroup:
      return "(" + inside(p + "id") + " OR " + acts_for(entity, p) + ")";
    case Entity::kClosedGroupMember:
      return "(" + inside(p + "closed_group") + ")";
    default:
      break;
  }
  if (!may_be_closed(entity)) return {};
  return "(" + p + "closed_group IS NULL OR " + inside_or_own(entity, p) + ")";
}

Hidden make_hidden(Entity entity) {
  const std::string table(sql_table(entity));
  if (entity == Entity::kClosedGroup || entity == Entity::kClosedGroupMember) {
    return {table, "NOT " + make_visible(entity, {})};
  }
  if (!may_be_closed(entity)) return {};
  // The limit keeps planners from merging the two questions and choosing another index.
  return {"(SELECT * FROM " + table +
              " WHERE closed_group IS NOT NULL LIMIT 9000000000000000000) AS closed_rows",
          "NOT (" + inside_or_own(entity, {}) + ")"};
}

/// The texts of an entity: the same for every request.
struct Texts {
  std::string visible;
  Hidden hidden;
};

const Texts& texts_of(Entity entity) {
  static const auto kTexts = [] {
    std::map<Entity, Texts> texts;
    for (const Entity one : domain::all_entities()) {
      texts.emplace(one, Texts{make_visible(one, {}), make_hidden(one)});
    }
    return texts;
  }();
  return kTexts.at(entity);
}

}  // namespace

const std::string& visible_to(Entity entity) {
  return texts_of(entity).visible;
}

std::string visible_to(Entity entity, std::string_view prefix) {
  return make_visible(entity, prefix);
}

const Hidden& hidden_from(Entity entity) {
  return texts_of(entity).hidden;
}

std::string bound(std::string_view text, std::int64_t user, sql::Params& params) {
  std::string out;
  out.reserve(text.size());
  for (;;) {
    const auto at = text.find(kMark);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += '?';
    params.emplace_back(user);
    text.remove_prefix(at + kMark.size());
  }
}

Result<bool> is_inside(sql::Session& session, std::int64_t user, std::int64_t closed_group) {
  MEDPERF_TRY(auto rows, session.query("SELECT 1 FROM closed_group_insiders WHERE member = ? AND "
                                       "closed_group = ?",
                                       {user, closed_group}));
  return !rows.empty();
}

Result<bool> party_is_inside(sql::Session& session, std::optional<std::int64_t> organisation,
                             std::int64_t owner, std::int64_t closed_group) {
  if (!organisation) return is_inside(session, owner, closed_group);
  MEDPERF_TRY(auto rows, session.query("SELECT 1 FROM closed_group_members WHERE organisation = ? "
                                       "AND closed_group = ?",
                                       {*organisation, closed_group}));
  return !rows.empty();
}

}  // namespace medperf::hub
