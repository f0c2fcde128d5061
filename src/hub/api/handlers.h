#pragma once
// Handlers of the usual shapes: what they are about stands in the endpoint's row. For the files of
// hub/api only.

#include "hub/api/answers.h"
#include "hub/services/steps.h"

namespace medperf::hub {

/// A page of every object that exists for the caller.
Result<Answer> list_objects(const Call& call);
/// The object in the path.
Result<Answer> get_object(const Call& call);
/// Removes the object in the path.
template <domain::Entity kEntity>
Result<Answer> remove_object(const Call& call) {
  MEDPERF_CHECK(delete_object(call.context, kEntity, call.ids[0]));
  return no_content();
}
/// Stores what a use case makes of the body.
template <Result<domain::Record> (*kUseCase)(const Context&, const Json&)>
Result<Answer> create_object(const Call& call) {
  MEDPERF_TRY(auto record, kUseCase(call.context, call.body));
  return created_answer(call, record);
}
/// The same below the object in the path.
template <Result<domain::Record> (*kUseCase)(const Context&, std::int64_t, const Json&)>
Result<Answer> create_below(const Call& call) {
  MEDPERF_TRY(auto record, kUseCase(call.context, call.ids[0], call.body));
  return created_answer(call, record);
}
/// What a use case makes of the object in the path and the body.
template <Result<domain::Record> (*kUseCase)(const Context&, std::int64_t, const Json&)>
Result<Answer> change_object(const Call& call) {
  MEDPERF_TRY(auto record, kUseCase(call.context, call.ids[0], call.body));
  return object_answer(call, record);
}

}  // namespace medperf::hub
