#include "cohort/model_scores.h"

#include <optional>
#include <set>

namespace medperf::cohort {
namespace {

Status add_two_classes(const ModelTable& model, std::string_view labels, const UnitTable& patients,
                       double threshold, ModelScores& found) {
  auto cohort = read_scored_cohort(model.text, labels, patients);
  if (!cohort) return std::move(cohort).error().at(model.model);
  std::vector<std::uint8_t> right;
  for (const metrics::ScoredCase& one : cohort->cases) {
    right.push_back((one.score >= threshold) == one.positive ? 1 : 0);
  }
  found.n_cases = cohort->cases.size();
  found.right.push_back(std::move(right));
  found.cases.push_back(std::move(cohort->cases));
  found.units = std::move(cohort->units);
  return {};
}

Status add_classes(const ModelTable& model, std::string_view labels, const UnitTable& patients,
                   ModelScores& found) {
  auto cohort = read_class_cohort(model.text, labels, patients);
  if (!cohort) return std::move(cohort).error().at(model.model);
  std::vector<std::uint8_t> right;
  for (std::size_t i = 0; i < cohort->reference.size(); ++i) {
    right.push_back(cohort->reference[i] == cohort->predicted[i] ? 1 : 0);
  }
  found.n_cases = right.size();
  found.right.push_back(std::move(right));
  found.units = std::move(cohort->units);
  return {};
}

Status check_models(std::span<const ModelTable> models) {
  if (models.size() < 2) {
    return make_error(ErrorKind::kInvalid, "models", "there is only one",
                      "Give the predictions of two or more, a table each.");
  }
  std::set<std::string_view> names;
  for (const ModelTable& one : models) {
    if (names.insert(one.model).second) continue;
    return make_error(ErrorKind::kInvalid, one.model, "two models have this name",
                      "Give their files different names.");
  }
  return {};
}

}  // namespace

Result<ModelScores> read_model_scores(std::span<const ModelTable> models, std::string_view labels,
                                      const UnitTable& patients, double threshold) {
  MEDPERF_CHECK(check_models(models));
  ModelScores found;
  std::optional<ClassificationTask> task;
  for (const ModelTable& one : models) {
    auto its = task_of(one.text, labels);
    if (!its) return std::move(its).error().at(one.model);
    if (*its == ClassificationTask::kLabels || (task && *task != *its)) {
      return make_error(ErrorKind::kInvalid, one.model,
                        task ? "it has other columns than the model before"
                             : "several labels a case cannot be compared in one",
                        "Write case_id,score, or case_id and a probability for each class; of "
                        "several labels compare one at a time.");
    }
    task = *its;
    found.models.push_back(one.model);
    MEDPERF_CHECK(*its == ClassificationTask::kTwoClasses
                      ? add_two_classes(one, labels, patients, threshold, found)
                      : add_classes(one, labels, patients, found));
  }
  return found;
}

}  // namespace medperf::cohort
