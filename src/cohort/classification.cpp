#include "cohort/classification.h"

#include "cohort/classification_tasks.h"

namespace medperf::cohort {

Result<FigureSet> evaluate_classification(std::string_view predictions, std::string_view labels,
                                          const UnitTable& patients,
                                          const ClassificationOptions& options) {
  MEDPERF_TRY(const ClassificationTask task, task_of(predictions, labels));
  if (task == ClassificationTask::kClasses) {
    MEDPERF_TRY(const ClassCohort cohort, read_class_cohort(predictions, labels, patients));
    return figures_of_classes(cohort, options);
  }
  if (task == ClassificationTask::kLabels) {
    MEDPERF_TRY(const LabelCohort cohort, read_label_cohort(predictions, labels, patients));
    return figures_of_labels(cohort, options);
  }
  MEDPERF_TRY(const ScoredCohort cohort, read_scored_cohort(predictions, labels, patients));
  return figures_of_two_classes(cohort, options);
}

}  // namespace medperf::cohort
