#include "hub/api/query.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "domain/messages.h"
#include "domain/names.h"
#include "hub/store/columns.h"
#include "hub/store/references.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;
using domain::Field;
using domain::FieldType;

namespace {

const std::string* parameter(const net::Query& query, std::string_view name) {
  const std::string* last = nullptr;
  for (const auto& [key, value] : query) {
    if (key == name) last = &value;
  }
  return last;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

std::int64_t number_or(const std::string* text, std::int64_t least, std::int64_t other) {
  if (text == nullptr) return other;
  const auto number = whole_number(*text);
  return number && *number >= least ? *number : other;
}

struct Filters {
  sql::Session& session;
  Sight sight;
  Selection& selection;
  std::vector<FieldError> errors;

  void refuse(const Field& field, std::string_view value) {
    errors.push_back({std::string(field.name), "Select a valid choice. " + std::string(value) +
                                                   " is not one of the available choices."});
  }

  Status by_reference(const Field& field, const std::string& text, const std::string& condition) {
    const auto id = whole_number(text);
    if (id) {
      MEDPERF_TRY(auto row, find_reference(session, sight, {field.target, *id}));
      if (row) {
        selection.add(condition, *id);
        return {};
      }
    }
    refuse(field, "That choice");
    return {};
  }

  /// Anything but these words is ignored, as existing clients expect.
  void by_boolean(std::string_view text, const std::string& condition) const {
    if (text == "True" || text == "true") selection.add(condition, std::int64_t{1});
    if (text == "False" || text == "false") selection.add(condition, std::int64_t{0});
  }

  Status add(const Field& field, const std::string& text) {
    const std::string condition = equals(field.name);
    switch (field.type) {
      case FieldType::kReference:
        return by_reference(field, text, condition);
      case FieldType::kBoolean:
        by_boolean(text, condition);
        return {};
      case FieldType::kChoice:
        if (std::find(field.choices.begin(), field.choices.end(), text) == field.choices.end()) {
          refuse(field, printable(text, 100));
          return {};
        }
        selection.add(condition, text);
        return {};
      case FieldType::kText:
        selection.add(condition, std::string(trim(text)));
        return {};
      default:
        return {};
    }
  }
};

/// Of "name,-modified_at"; unknown names are left out.
std::string order_text(const domain::EntityTable& table, std::string_view wanted) {
  std::vector<OrderTerm> terms;
  for (std::string_view name : split(wanted, ',')) {
    name = trim(name);
    const bool down = name.starts_with('-');
    if (down) name.remove_prefix(1);
    const Field* field = table.find(name);
    if (field == nullptr || field->visibility == domain::Visibility::kPrivate) continue;
    terms.push_back({field->name, down});
  }
  return order_by(terms);
}

std::string link_to(const Call& call, std::int64_t limit, std::optional<std::int64_t> offset) {
  net::Query query;
  for (const auto& [key, value] : call.request.query) {
    if (key != "limit" && key != "offset") query.emplace_back(key, value);
  }
  query.emplace_back("limit", std::to_string(limit));
  if (offset) query.emplace_back("offset", std::to_string(*offset));
  std::stable_sort(query.begin(), query.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string_view host = call.request.header("host");
  if (call.trust_forwarded && !call.request.header("x-forwarded-host").empty()) {
    host = call.request.header("x-forwarded-host");
    // Of several proxies only the last is one of the platform's own.
    host = trim(host.substr(host.rfind(',') + 1));
  }
  return call.request.scheme + "://" + std::string(host) + call.request.path + "?" +
         net::to_query_text(query);
}

}  // namespace

Status apply_query(const Call& call, Entity entity, Selection& selection) {
  const auto& query = call.request.query;
  const auto& table = domain::table_of(entity);
  Filters filters{call.context.session, call.context.sight(), selection, {}};
  for (const auto name : call.endpoint.filters) {
    const std::string* value = parameter(query, name);
    const Field* field = table.find(name);
    if (value == nullptr || value->empty() || field == nullptr) continue;
    if (name == domain::kIsValid) continue;  // that of every list, below
    MEDPERF_CHECK(filters.add(*field, *value));
  }
  // Existing clients send is_valid=True with every list, and mean it.
  const std::string* valid = parameter(query, domain::kIsValid);
  const std::string validity = validity_condition(entity);
  if (valid != nullptr && !validity.empty()) filters.by_boolean(*valid, validity);
  if (!filters.errors.empty()) return domain::field_errors(std::move(filters.errors));
  const std::string* ordering = parameter(query, "ordering");
  if (ordering != nullptr && !call.endpoint.filters.empty()) {
    selection.order = order_text(table, *ordering);
  }
  selection.limit = std::min(number_or(parameter(query, "limit"), 1, kDefaultLimit),
                             call.context.settings.limits.page);
  selection.offset = number_or(parameter(query, "offset"), 0, 0);
  return {};
}

PageLinks page_links(const Call& call, std::int64_t count, std::int64_t limit,
                     std::int64_t offset) {
  PageLinks links;
  if (limit < count - offset) links.next = link_to(call, limit, offset + limit);
  if (offset > limit) {
    links.previous = link_to(call, limit, offset - limit);
  } else if (offset > 0) {
    links.previous = link_to(call, limit, std::nullopt);
  }
  return links;
}

}  // namespace medperf::hub
