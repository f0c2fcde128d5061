#pragma once
// Answers in the shapes of the v0 contract.

#include <functional>
#include <string>
#include <vector>

#include "hub/api/endpoint.h"
#include "hub/store/repository.h"
#include "wire/entity_json.h"

namespace medperf::hub {

/// The form that the endpoint's row gives this caller.
wire::Form form_for(const Call& call);
/// 200 with the object.
Answer object_answer(const Call& call, const domain::Record& record);
/// 201 with the whole object, which the caller owns; its id goes into the log line.
Answer created_answer(const Call& call, const domain::Record& record);
/// 204.
Answer no_content();
Answer json_answer(const Json& body);
/// A refusal whose transaction is committed all the same: a wrong code must stay counted.
Answer refusal_answer(const net::Response& refusal);
/// As an error's response would be.
Answer refusal_answer(const Call& call, const Error& error);
/// 200 with a document that no cache may keep.
Answer secret_answer(const Json& body);

/// A text in a body that is no entity.
struct TextRule {
  std::string_view name;
  std::size_t limit;  ///< bytes
  bool required = true;
};
/// Error: invalid, with a message for each wrong text.
Status check_texts(const Json& body, std::span<const TextRule> rules);

/// Rows of a page as JSON texts.
using RowWriter =
    std::function<Result<std::vector<std::string>>(sql::Session&, std::vector<domain::Record>)>;
/// Rows as the endpoint's row says: their form, the fields shown, the owner's account.
RowWriter shown_rows(const Call& call);
/// 200 with one object written so.
Result<Answer> shown_answer(const Call& call, domain::Record record);
/// An array of objects written so.
Result<Answer> list_answer(const Call& call, int status, std::vector<domain::Record> records);

/// One page of `base`, narrowed and ordered by the query parameters that the endpoint's row allows.
/// Error: invalid, for a filter value that cannot be.
Result<Answer> page_answer(const Call& call, domain::Entity entity, Selection base,
                           const RowWriter& write);
/// The page that the endpoint's row describes.
Result<Answer> page_answer(const Call& call, Selection base);
/// The usual page: whole rows in one form, written from the database's rows without a stop.
Result<Answer> page_answer(const Call& call, domain::Entity entity, Selection base,
                           wire::Form form);
/// A page of models, each with what it wraps.
Result<Answer> models_page_answer(const Call& call, Selection base);

}  // namespace medperf::hub
