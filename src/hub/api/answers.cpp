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

/// A page's answer, written as its rows come.
class PageText {
 public:
  PageText(const Call& call, const Selection& selection)
      : call_(call), selection_(selection), text_(kUsualPage) {}

  void begin(std::int64_t count) {
    const PageLinks links = page_links(call_, count, selection_.limit, selection_.offset);
    text_.append("{\"count\":");
    append_integer(text_, count);
    text_.append(",\"next\":");
    text_.append(to_text(links.next));
    text_.append(",\"previous\":");
    text_.append(to_text(links.previous));
    text_.append(",\"results\":[");
  }
  /// Where the next row goes.
  TextBuffer& next_row() {
    if (has_rows_) text_.append(',');
    has_rows_ = true;
    return text_;
  }
  Answer end() {
    text_.append("]}");
    return {200, std::string(text_.text()), {}};
  }

 private:
  const Call& call_;
  const Selection& selection_;
  TextBuffer text_;
  bool has_rows_ = false;
};

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
  PageText text(call, base);
  text.begin(page.count);
  for (const auto& row : rows) text.next_row().append(row);
  return text.end();
}

Result<Answer> page_answer(const Call& call, Entity entity, Selection base, wire::Form form) {
  MEDPERF_CHECK(apply_query(call, entity, base));
  const wire::ObjectWriter& writer = writer_of(entity, form);
  PageText text(call, base);
  const auto write = [&](const sql::RowView& row) { writer.append(text.next_row(), row.cells(0)); };
  MEDPERF_CHECK(Repository(entity, call.context.sight())
                    .stream_page(call.context.session, base,
                                 {[&text](std::int64_t count) { text.begin(count); }, write}));
  return text.end();
}

Result<Answer> models_page_answer(const Call& call, Selection base) {
  static const std::size_t kContainerAt = domain::table_of(Entity::kModel).fields.size();
  static const std::size_t kAssetAt =
      kContainerAt + domain::table_of(Entity::kContainer).fields.size();
  MEDPERF_CHECK(apply_query(call, Entity::kModel, base));
  const wire::ObjectWriter& models = writer_of(Entity::kModel, wire::Form::kFull);
  const wire::ObjectWriter& containers = writer_of(Entity::kContainer, wire::Form::kFull);
  const wire::ObjectWriter& assets = writer_of(Entity::kAsset, wire::Form::kFull);
  PageText text(call, base);
  const auto write = [&](const sql::RowView& row) {
    const wire::ObjectWriter::Nested nested[] = {
        {"container", &containers, row.cells(kContainerAt)},
        {"asset", &assets, row.cells(kAssetAt)}};
    models.append(text.next_row(), row.cells(0), nested);
  };
  MEDPERF_CHECK(stream_models_page(call.context.session, call.context.sight(), base,
                                   {[&text](std::int64_t count) { text.begin(count); }, write}));
  return text.end();
}

}  // namespace medperf::hub
