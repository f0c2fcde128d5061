#include "hub/api/subjects.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/encoding.h"
#include "domain/messages.h"

namespace medperf::hub {

namespace {

/// The keys of a body that name a subject; the second only of a pair.
struct BodyKeys {
  std::string_view id;
  std::string_view host;
};

BodyKeys keys_of(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::kDataset:
      return {"dataset", {}};
    case SubjectKind::kDatasetPair:
      return {"dataset", "benchmark"};
    case SubjectKind::kModelPair:
      return {"model", "benchmark"};
    case SubjectKind::kTrainingPair:
      return {"dataset", "training_exp"};
    case SubjectKind::kTraining:
      return {"training_exp", {}};
    case SubjectKind::kContainer:
      return {"container", {}};
    default:
      return {"id", {}};
  }
}

std::int64_t id_in(const Json& body, std::string_view key) {
  const Json* value = key.empty() ? nullptr : body.find(key);
  if (value == nullptr) return 0;
  if (value->is_int()) return value->as_int();
  if (!value->is_string()) return 0;
  const std::string_view text = trim(value->as_string());
  const bool digits =
      !text.empty() && text.size() < 19 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? std::stoll(std::string(text)) : 0;
}

Result<Standing> standing_to_each(sql::Session& session, const Caller& caller, SubjectKind kind,
                                  const Json& items) {
  const std::string_view key = keys_of(kind).id;
  Standing together;
  together.relations.add(domain::Relation::kOwner);
  std::set<std::int64_t> asked;
  for (const auto& item : items.items()) {
    const std::int64_t id = id_in(item, key);
    if (id <= 0) return Standing{};
    if (!asked.insert(id).second) continue;
    MEDPERF_TRY(auto one, find_standing(session, caller.id(), caller.sight(), {kind, id, 0}));
    if (one.exists && !one.relations.has(domain::Relation::kOwner)) return Standing{};
  }
  return together;
}

}  // namespace

Status check_body_shape(const Endpoint& endpoint, const Json& body) {
  if (endpoint.ids_in != IdsIn::kBodyList || body.is_array()) return {};
  return domain::object_error("Expected a list of items but got type \"" +
                              std::string(body.type_name()) + "\".");
}

Result<Standing> standing_of(sql::Session& session, const Caller& caller, const Endpoint& endpoint,
                             const PathValues& values, const Json& body) {
  switch (endpoint.ids_in) {
    case IdsIn::kPath:
      break;
    case IdsIn::kBody: {
      const BodyKeys keys = keys_of(endpoint.subject);
      return find_standing(session, caller.id(), caller.sight(),
                           {endpoint.subject, id_in(body, keys.id), id_in(body, keys.host)});
    }
    case IdsIn::kBodyList:
      return standing_to_each(session, caller, endpoint.subject, body);
  }
  return find_standing(session, caller.id(), caller.sight(),
                       {endpoint.subject, values.ids[0], values.ids[1]});
}

}  // namespace medperf::hub
