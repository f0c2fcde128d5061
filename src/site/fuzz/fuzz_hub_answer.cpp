// What a hostile hub answers: entities, error bodies, aggregates.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "site/hub_client/entities.h"
#include "site/hub_client/hub.h"
#include "wire/container_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  medperf::net::Reply reply;
  reply.status = size > 0 ? 400 + data[0] % 120 : 500;
  reply.body = std::string(text);
  (void)medperf::site::error_of_reply(reply, "fuzz").text();
  const auto answer = medperf::parse_json(text);
  if (!answer.ok()) return 0;
  const auto container = medperf::site::container_from(*answer);
  if (container.ok()) (void)medperf::wire::read_container_config(container->config).ok();
  (void)medperf::site::model_from(*answer).ok();
  (void)medperf::site::benchmark_from(*answer).ok();
  const auto dataset = medperf::site::dataset_from(*answer);
  if (dataset.ok()) (void)dataset->registered_digest();
  (void)medperf::site::result_row_from(*answer).ok();
  (void)medperf::site::association_from(*answer, "model").ok();
  return 0;
}
