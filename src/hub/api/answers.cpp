#include "hub/api/answers.h"

#include <algorithm>
#include <utility>

#include "domain/names.h"
#include "hub/api/query.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

wire::Form form_for(const Call& call) {
  return call.endpoint.full_for.intersects(call.relations) ? wire::Form::kFull
                                                           : wire::Form::kPublic;
}

Answer object_answer(const Call& call, const Record& record) {
  return {200, wire::write_text(record, form_for(call)), {}};
}

Answer created_answer(const Call& call, const Record& record) {
  call.context.notes.set("id", record.id());
  return {201, wire::write_text(record, wire::Form::kFull), {}};
}

Answer no_content() {
  return {204, {}, {}};
}

Answer json_answer(const Json& body) {
  return {200, to_text(body), {}};
}

RowWriter object_rows(wire::Form form) {
  return [form](sql::Session&, std::vector<Record> records) -> Result<std::vector<std::string>> {
    std::vector<std::string> rows;
    rows.reserve(records.size());
    for (const auto& record : records) rows.push_back(wire::write_text(record, form));
    return rows;
  };
}

namespace {

Result<std::string> shown_text(sql::Session& session, const Endpoint& endpoint,
                               const Record& record, wire::Form form) {
  if (endpoint.shown.empty() && !endpoint.expands_owner) return wire::write_text(record, form);
  const Json whole = wire::write_json(record, form);
  Json shown = Json::object();
  for (const auto& [key, value] : whole.members()) {
    const bool wanted =
        endpoint.shown.empty() ||
        std::find(endpoint.shown.begin(), endpoint.shown.end(), key) != endpoint.shown.end();
    if (wanted) shown.set(key, value);
  }
  if (endpoint.expands_owner) {
    MEDPERF_TRY(auto owner, Repository(Entity::kUser).get(session, record.owner()));
    shown.set(domain::kOwnerField, wire::write_json(owner, wire::Form::kFull));
  }
  return to_text(shown);
}

}  // namespace

RowWriter shown_rows(const Call& call) {
  if (call.endpoint.nested) return model_rows();
  return
      [&endpoint = call.endpoint, form = form_for(call)](
          sql::Session& session, std::vector<Record> records) -> Result<std::vector<std::string>> {
        std::vector<std::string> rows;
        rows.reserve(records.size());
        for (const auto& record : records) {
          MEDPERF_TRY(auto text, shown_text(session, endpoint, record, form));
          rows.push_back(std::move(text));
        }
        return rows;
      };
}

Result<Answer> shown_answer(const Call& call, Record record) {
  MEDPERF_TRY(auto text, shown_text(call.context.session, call.endpoint, record, form_for(call)));
  return Answer{200, std::move(text), {}};
}

Result<Answer> list_answer(const Call& call, int status, std::vector<Record> records) {
  MEDPERF_TRY(auto rows, shown_rows(call)(call.context.session, std::move(records)));
  std::string body = "[";
  for (const auto& row : rows) {
    if (body.size() > 1) body += ',';
    body += row;
  }
  return Answer{status, body + "]", {}};
}

Result<Answer> page_answer(const Call& call, Selection base) {
  return page_answer(call, *call.endpoint.answer, std::move(base), shown_rows(call));
}

Result<Answer> page_answer(const Call& call, Entity entity, Selection base,
                           const RowWriter& write) {
  MEDPERF_CHECK(apply_query(call, entity, base));
  MEDPERF_TRY(auto page, Repository(entity).page(call.context.session, base));
  MEDPERF_TRY(auto rows, write(call.context.session, std::move(page.rows)));
  const PageLinks links = page_links(call, page.count, base.limit, base.offset);
  std::string body = "{\"count\":" + std::to_string(page.count) +
                     ",\"next\":" + to_text(links.next) +
                     ",\"previous\":" + to_text(links.previous) + ",\"results\":[";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) body += ',';
    body += rows[i];
  }
  body += "]}";
  return Answer{200, std::move(body), {}};
}

Result<Answer> page_answer(const Call& call, Entity entity, Selection base, wire::Form form) {
  return page_answer(call, entity, std::move(base), object_rows(form));
}

}  // namespace medperf::hub
