#include "site/flows/associate.h"

#include <utility>

#include <fmt/format.h>
#include "site/flows/compatibility.h"
#include "site/flows/decision.h"
#include "site/flows/run.h"
#include "site/review/texts.h"

namespace medperf::site {
namespace {

/// The newest row of a pair, if any.
Result<std::optional<Association>> latest_row(Hub& hub, const std::string& kind,
                                              std::int64_t object, BenchmarkId benchmark) {
  MEDPERF_TRY(std::vector<Association> rows, hub.my_associations(kind));
  std::optional<Association> latest;
  for (Association& row : rows) {
    if (row.object == object && row.benchmark == benchmark) latest = std::move(row);
  }
  return latest;
}

/// Shows what would be sent, asks, sends. The key holds the newest row, so that a new request after
/// a rejection is not taken for a repeat of the first.
Result<Registration> ask_to_join(Site& site, const std::string& kind, std::int64_t object,
                                 const Benchmark& benchmark, const Json& results,
                                 const Json& demo_run = Json()) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(std::optional<Association> latest, latest_row(*hub, kind, object, benchmark.id));
  Json metadata = Json::object({{"test_result", results}});
  // Sites say by it what the model will roughly take before it ran there.
  if (!demo_run.is_null()) metadata.set("medperf", Json::object({{"demo_run", demo_run}}));
  const Json body = Json::object({{kind, object},
                                  {"benchmark", benchmark.id.value},
                                  {"metadata", std::move(metadata)},
                                  {"approval_status", "PENDING"}});
  const Json inputs =
      Json::object({{"body", body}, {"after", latest ? latest->created_at : std::string()}});
  const std::string name = fmt::format("associate-{}-{}-b{}", kind, object, benchmark.id.value);
  MEDPERF_TRY(FileLock lock, site.workspace().lock(name));
  MEDPERF_TRY(Journal journal, Journal::open(site.workspace().journal_file(name), site.clock()));
  MEDPERF_TRY(Json yes,
              decide(site, journal, "approve-association", inputs,
                     send_question(fmt::format("Ask benchmark {} '{}' to take {} {}",
                                               benchmark.id.value, benchmark.name, kind, object),
                                   body, hub->url(), "the benchmark's group decides")));
  MEDPERF_TRY(Json answer,
              hub->post(paths::associations(kind), body, step_key(name, inputs).hex()));
  MEDPERF_CHECK(site.record("upload", Json::object({{"what", "association request"},
                                                    {kind, object},
                                                    {"benchmark", benchmark.id.value}})));
  return Registration{answer.get_int("id"), false};
}

/// A request that is pending or granted needs no other.
Result<std::optional<Registration>> standing(Site& site, const std::string& kind,
                                             std::int64_t object, BenchmarkId benchmark) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(std::optional<Association> latest, latest_row(*hub, kind, object, benchmark));
  if (!latest || latest->approval_status == "REJECTED") return std::optional<Registration>();
  return std::optional<Registration>(Registration{latest->id.value, true});
}

}  // namespace

Result<Registration> associate_dataset(Site& site, DatasetId id, BenchmarkId benchmark_id) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(std::optional<Registration> there, standing(site, "dataset", id.value, benchmark_id));
  if (there) return *there;
  MEDPERF_TRY(Benchmark benchmark, hub->benchmark(benchmark_id));
  MEDPERF_TRY(OpenDataset opened, open_dataset(site, id));
  MEDPERF_TRY(LocalResult result, run_reference(site, opened, benchmark));
  const Json* results =
      result.has_schema ? result.envelope.document.find("results") : &result.envelope.document;
  return ask_to_join(site, "dataset", id.value, benchmark,
                     results == nullptr ? Json::object() : *results);
}

Result<Registration> associate_model(Site& site, ModelId id, BenchmarkId benchmark_id) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(std::optional<Registration> there, standing(site, "model", id.value, benchmark_id));
  if (there) return *there;
  CompatibilityTest test;
  MEDPERF_TRY(test.benchmark, hub->benchmark(benchmark_id));
  MEDPERF_TRY(test.preparator, hub->container(test.benchmark.preparator));
  MEDPERF_TRY(test.evaluator, hub->container(test.benchmark.evaluator));
  MEDPERF_TRY(test.model, hub->model(id));
  MEDPERF_TRY(CompatibilityReport report, test_compatibility(site, test));
  return ask_to_join(site, "model", id.value, test.benchmark, report.results, report.figures);
}

Result<Registration> decide_association(Site& site, const AssociationDecision& decision) {
  MEDPERF_TRY(Hub * hub, site.hub());
  const std::string wanted = decision.approve ? "APPROVED" : "REJECTED";
  MEDPERF_TRY(std::optional<Association> latest,
              latest_row(*hub, decision.kind, decision.object, decision.benchmark));
  if (!latest) {
    return make_error(ErrorKind::kNotFound,
                      fmt::format("{} {} and benchmark {}", decision.kind, decision.object,
                                  decision.benchmark.value),
                      "nobody has asked", "'medperf association ls' shows the requests");
  }
  if (latest->approval_status == wanted) return Registration{latest->id.value, true};
  Question question;
  question.title = fmt::format("{} the request of {} {} to join benchmark {}",
                               decision.approve ? "Approve" : "Reject", decision.kind,
                               decision.object, decision.benchmark.value);
  question.text = fmt::format("  status     {} since {}\n  if yes     it becomes {}\n",
                              latest->approval_status, latest->created_at, wanted);
  question.prompt = decision.approve ? "Approve it?" : "Reject it?";
  const Answer answer = site.ask(question);
  MEDPERF_CHECK(
      site.record("decision", Json::object({{"about", question.title},
                                            {"answer", answer == Answer::kYes ? "yes" : "no"}})));
  if (answer != Answer::kYes) {
    return make_error(ErrorKind::kRefused, question.title, "declined; nothing was sent");
  }
  Json body = Json::object({{"approval_status", wanted}});
  if (latest->approval_status == "APPROVED") {
    // What was granted is taken back by a row of its own (v0 section 9).
    body.set(decision.kind, decision.object);
    body.set("benchmark", decision.benchmark.value);
    body.set("metadata", Json::object());
    const std::string key = step_key("revoke-" + latest->created_at, body).hex();
    MEDPERF_TRY(Json revoked, hub->post(paths::associations(decision.kind), body, key));
    return Registration{revoked.get_int("id"), false};
  }
  MEDPERF_TRY(
      Json done,
      hub->put(paths::association(decision.kind, decision.object, decision.benchmark), body));
  return Registration{latest->id.value, false};
}

}  // namespace medperf::site
