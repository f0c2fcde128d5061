#include "hub/api/handlers.h"

namespace medperf::hub {

Result<Answer> list_objects(const Call& call) {
  return page_answer(call, {});
}

Result<Answer> get_object(const Call& call) {
  MEDPERF_TRY(auto record, Repository(*call.endpoint.answer, call.context.sight())
                               .get(call.context.session, call.ids[0]));
  return object_answer(call, record);
}

}  // namespace medperf::hub
