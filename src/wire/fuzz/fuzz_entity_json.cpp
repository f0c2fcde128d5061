// Foreign request bodies and answers: whatever is accepted must be written and read back unchanged.

#include <cstdint>
#include <cstdlib>

#include "wire/entity_json.h"

using medperf::domain::Record;

namespace {

void must_round_trip(const Record& record) {
  const std::string text = medperf::wire::write_text(record, medperf::wire::Form::kFull);
  const auto json = medperf::parse_json(text);
  if (!json.ok()) std::abort();
  const auto back = medperf::wire::read_answer(record.entity(), *json);
  if (!back.ok()) std::abort();
  if (medperf::wire::write_text(*back, medperf::wire::Form::kFull) != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto entities = medperf::domain::all_entities();
  const auto entity = entities[data[0] % entities.size()];
  medperf::JsonLimits limits;
  limits.depth = 32;
  const auto body =
      medperf::parse_json({reinterpret_cast<const char*>(data + 1), size - 1}, limits);
  if (!body.ok()) return 0;
  if (const auto record = medperf::wire::read_create(entity, *body); record.ok()) {
    must_round_trip(*record);
    const auto update = medperf::wire::read_update(*record, *body);
    if (update.ok()) must_round_trip(update->record);
  } else {
    (void)medperf::wire::field_errors_json(record.error().fields);
  }
  (void)medperf::wire::read_model_create(*body);
  (void)medperf::wire::read_model_answer(*body);
  return 0;
}
