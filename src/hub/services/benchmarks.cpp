#include "hub/services/benchmarks.h"

#include <algorithm>

#include "domain/messages.h"
#include "domain/names.h"
#include "domain/rules.h"
#include "hub/services/steps.h"
#include "hub/store/lookups.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

Status check_parts_in_operation(const Context& context, const Record& benchmark) {
  if (benchmark.text(domain::kState) != domain::kOperation) return {};
  const Repository containers(Entity::kContainer, context.sight());
  MEDPERF_TRY(auto preparator,
              containers.get(context.session, benchmark.integer("data_preparation_mlcube")));
  MEDPERF_TRY(auto model, Repository(Entity::kModel, context.sight())
                              .get(context.session, benchmark.integer("reference_model")));
  MEDPERF_TRY(auto evaluator,
              containers.get(context.session, benchmark.integer("data_evaluator_mlcube")));
  return domain::check_benchmark_operation(
      preparator.text(domain::kState), model.text(domain::kState), evaluator.text(domain::kState));
}

/// Those whose benchmarks are approved at once wait too; for all others the constraint sees to it.
Status check_none_pending(const Context& context) {
  MEDPERF_TRY(auto pending,
              find_pending_benchmark(context.session, context.sight(), context.caller.id()));
  if (!pending) return {};
  return domain::object_error(kPendingBenchmark);
}

}  // namespace

Result<Record> create_benchmark(const Context& context, const Json& body) {
  MEDPERF_TRY(auto benchmark, accept_create(context, Entity::kBenchmark, body));
  MEDPERF_CHECK(check_parts_in_operation(context, benchmark));
  const auto& approved = context.settings.auto_approved_emails;
  if (std::find(approved.begin(), approved.end(), context.caller.email()) != approved.end()) {
    MEDPERF_CHECK(check_none_pending(context));
    benchmark.set(domain::kApprovalStatus, std::string(domain::kApproved));
    benchmark.set(domain::kApprovedAt, context.now);
  }
  MEDPERF_CHECK(store_new(context, benchmark));
  return benchmark;
}

Result<Record> update_benchmark(const Context& context, std::int64_t id, const Json& body) {
  MEDPERF_TRY(auto stored,
              Repository(Entity::kBenchmark, context.sight()).get(context.session, id));
  MEDPERF_TRY(auto update, accept_update(context, stored, body));
  Record& benchmark = update.record;
  MEDPERF_CHECK(check_parts_in_operation(context, benchmark));
  MEDPERF_CHECK(decide_approval(context, stored, update, "benchmark.decided"));
  MEDPERF_CHECK(store_changes(context, benchmark));
  return std::move(benchmark);
}

}  // namespace medperf::hub
