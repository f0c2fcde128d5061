#include "hub/api/answers.h"

#include <algorithm>
#include <utility>

#include "domain/messages.h"
#include "domain/names.h"
#include "hub/api/errors.h"
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

Answer refusal_answer(const net::Response& refusal) {
  return {refusal.status, refusal.body, refusal.headers};
}

Answer refusal_answer(const Call& call, const Error& error) {
  return refusal_answer(error_response(error, call.request.request_id));
}

Answer secret_answer(const Json& body) {
  Answer answer = json_answer(body);
  answer.headers["cache-control"] = "no-store";
  return answer;
}

Status check_texts(const Json& body, std::span<const TextRule> rules) {
  std::vector<FieldError> errors;
  for (const auto& rule : rules) {
    const Json* value = body.find(rule.name);
    const auto add = [&](std::string_view message) {
      errors.push_back({std::string(rule.name), std::string(message)});
    };
    if (value == nullptr) {
      if (rule.required) add(domain::kRequiredMessage);
    } else if (!value->is_string()) {
      add(domain::kTextMessage);
    } else if (value->as_string().empty() && rule.required) {
      add(domain::kBlankMessage);
    } else if (value->as_string().size() > rule.limit) {
      add(domain::max_length_message(static_cast<int>(rule.limit)));
    }
  }
  if (!errors.empty()) return domain::field_errors(std::move(errors));
  return {};
}

namespace {

constexpr std::size_t kUsualPage = 48 * 1024;

/// The columns of a row from `first` on, as the fields of an object.
class RowFields final : public wire::FieldSource {
 public:
  RowFields(const sql::RowView& row, std::size_t first) : row_(row), first_(first) {}
  bool is_null(std::size_t field) const override { return row_.is_null(first_ + field); }
  std::int64_t integer(std::size_t field) const override { return row_.integer(first_ + field); }
  std::string_view text(std::size_t field) const override { return row_.text(first_ + field); }

 private:
  const sql::RowView& row_;
  std::size_t first_;
};

const wire::ObjectWriter& writer_of(Entity entity, wire::Form form) {
  static const auto kWriters = [] {
    std::vector<std::pair<wire::ObjectWriter, wire::ObjectWriter>> writers;
    for (const Entity one : domain::all_entities()) {
      writers.emplace_back(wire::ObjectWriter(one, wire::Form::kFull),
                           wire::ObjectWriter(one, wire::Form::kPublic));
    }
    return writers;
  }();
  const auto entities = domain::all_entities();
  const auto at = std::find(entities.begin(), entities.end(), entity) - entities.begin();
  const auto& pair = kWriters[static_cast<std::size_t>(at)];
  return form == wire::Form::kFull ? pair.first : pair.second;
}

Answer page_of(const Call& call, std::int64_t count, const Selection& selection,
               std::string_view rows) {
  const PageLinks links = page_links(call, count, selection.limit, selection.offset);
  std::string body;
  body.reserve(rows.size() + 512);
  body += "{\"count\":" + std::to_string(count) + ",\"next\":" + to_text(links.next) +
          ",\"previous\":" + to_text(links.previous) + ",\"results\":[";
  body += rows;
  body += "]}";
  return {200, std::move(body), {}};
}

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
    MEDPERF_TRY(auto owner, Repository(Entity::kUser, Sight::whole()).get(session, record.owner()));
    shown.set(domain::kOwnerField, wire::write_json(owner, wire::Form::kFull));
  }
  return to_text(shown);
}

}  // namespace

RowWriter shown_rows(const Call& call) {
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
  if (call.endpoint.nested) return models_page_answer(call, std::move(base));
  const Entity entity = *call.endpoint.answer;
  if (call.endpoint.shown.empty() && !call.endpoint.expands_owner) {
    return page_answer(call, entity, std::move(base), form_for(call));
  }
  return page_answer(call, entity, std::move(base), shown_rows(call));
}

Result<Answer> page_answer(const Call& call, Entity entity, Selection base,
                           const RowWriter& write) {
  MEDPERF_CHECK(apply_query(call, entity, base));
  MEDPERF_TRY(auto page, Repository(entity, call.context.sight()).page(call.context.session, base));
  MEDPERF_TRY(auto rows, write(call.context.session, std::move(page.rows)));
  std::string text;
  for (const auto& row : rows) {
    if (!text.empty()) text += ',';
    text += row;
  }
  return page_of(call, page.count, base, text);
}

Result<Answer> page_answer(const Call& call, Entity entity, Selection base, wire::Form form) {
  MEDPERF_CHECK(apply_query(call, entity, base));
  const wire::ObjectWriter& writer = writer_of(entity, form);
  std::string text;
  text.reserve(kUsualPage);
  MEDPERF_TRY(const auto count,
              Repository(entity, call.context.sight())
                  .stream_page(call.context.session, base, [&](const sql::RowView& row) {
                    if (!text.empty()) text += ',';
                    writer.append(text, RowFields(row, 0));
                  }));
  return page_of(call, count, base, text);
}

Result<Answer> models_page_answer(const Call& call, Selection base) {
  static const std::size_t kContainerAt = domain::table_of(Entity::kModel).fields.size();
  static const std::size_t kAssetAt =
      kContainerAt + domain::table_of(Entity::kContainer).fields.size();
  MEDPERF_CHECK(apply_query(call, Entity::kModel, base));
  const wire::ObjectWriter& models = writer_of(Entity::kModel, wire::Form::kFull);
  const wire::ObjectWriter& containers = writer_of(Entity::kContainer, wire::Form::kFull);
  const wire::ObjectWriter& assets = writer_of(Entity::kAsset, wire::Form::kFull);
  std::string text;
  text.reserve(kUsualPage);
  const auto write = [&](const sql::RowView& row) {
    if (!text.empty()) text += ',';
    const RowFields container(row, kContainerAt);
    const RowFields asset(row, kAssetAt);
    const wire::ObjectWriter::Nested nested[] = {{"container", &containers, &container},
                                                 {"asset", &assets, &asset}};
    models.append(text, RowFields(row, 0), nested);
  };
  MEDPERF_TRY(const auto count,
              stream_models_page(call.context.session, call.context.sight(), base, write));
  return page_of(call, count, base, text);
}

}  // namespace medperf::hub
