#include "hub/services/training.h"

#include <algorithm>
#include <string>

#include "domain/messages.h"
#include "domain/names.h"
#include "domain/rules.h"
#include "hub/services/steps.h"
#include "hub/store/delivery.h"
#include "hub/store/lookups.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

Status check_parts_in_operation(const Context& context, const Record& training) {
  if (training.text(domain::kState) != domain::kOperation) return {};
  const Repository containers(Entity::kContainer, context.sight());
  MEDPERF_TRY(auto preparator,
              containers.get(context.session, training.integer("data_preparation_mlcube")));
  MEDPERF_TRY(auto trainer, containers.get(context.session, training.integer("fl_mlcube")));
  return domain::check_training_operation(preparator.text(domain::kState),
                                          trainer.text(domain::kState));
}

}  // namespace

Result<Record> create_training(const Context& context, const Json& body) {
  MEDPERF_TRY(auto training, accept_create(context, Entity::kTraining, body));
  MEDPERF_CHECK(check_parts_in_operation(context, training));
  const auto& approved = context.settings.auto_approved_training_emails;
  if (std::find(approved.begin(), approved.end(), context.caller.email()) != approved.end()) {
    training.set(domain::kApprovalStatus, std::string(domain::kApproved));
    training.set(domain::kApprovedAt, context.now);
  }
  MEDPERF_CHECK(store_new(context, training));
  return training;
}

Result<Record> update_training(const Context& context, std::int64_t id, const Json& body) {
  MEDPERF_TRY(auto stored, Repository(Entity::kTraining, context.sight()).get(context.session, id));
  MEDPERF_TRY(auto running, running_event(context.session, id));
  MEDPERF_CHECK(domain::check_no_event_running(running.has_value()));
  MEDPERF_TRY(auto update, accept_update(context, stored, body));
  Record& training = update.record;
  MEDPERF_CHECK(check_parts_in_operation(context, training));
  MEDPERF_CHECK(decide_approval(context, stored, update, "training.decided"));
  MEDPERF_CHECK(store_changes(context, training));
  return std::move(training);
}

Result<Record> create_training_event(const Context& context, const Json& body) {
  MEDPERF_TRY(auto event, accept_create(context, Entity::kTrainingEvent, body));
  const auto id = event.integer("training_exp");
  MEDPERF_TRY(auto training,
              Repository(Entity::kTraining, context.sight()).get(context.session, id));
  MEDPERF_TRY(auto running, running_event(context.session, id));
  domain::EventFacts facts;
  facts.approval = training.text(domain::kApprovalStatus);
  facts.running = running.has_value();
  facts.has_aggregator = !training.is_null("aggregator");
  facts.has_plan = !training.is_null("plan");
  MEDPERF_CHECK(domain::check_event_start(facts));
  MEDPERF_CHECK(store_new(context, event));
  return event;
}

Result<Record> update_training_event(const Context& context, std::int64_t id, const Json& body) {
  MEDPERF_TRY(auto stored,
              Repository(Entity::kTrainingEvent, context.sight()).get(context.session, id));
  if (stored.boolean("finished")) {
    return domain::object_error("This event is finished: it cannot be changed.");
  }
  MEDPERF_TRY(auto update, accept_update(context, stored, body));
  Record& event = update.record;
  if (update.has("report")) {
    event.set("finished", true);
    event.set("finished_at", context.now);
    context.notes.set("finished", true);
  }
  MEDPERF_CHECK(store_changes(context, event));
  return std::move(event);
}

}  // namespace medperf::hub
