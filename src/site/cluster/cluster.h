#pragma once
// What the configuration says of where containers run.

#include <memory>
#include <string_view>

#include "base/options.h"
#include "engine/scheduler/scheduler.h"

namespace medperf::site {

class Site;

enum class SchedulerKind { kLocal, kSlurm };
/// Errors: invalid, with the accepted names.
Result<SchedulerKind> scheduler_kind(const Options& options);

/// What runs may take together on this machine: as configured, else what there is.
engine::Capacity stated_capacity(const Options& options);

/// The site's Slurm; nodes run `medperf site task`. Errors: unavailable, invalid.
Result<std::unique_ptr<engine::Scheduler>> open_cluster(Site& site);

/// Ends what a killed command left of this flow on the cluster and nobody has taken up.
Status cancel_left_over(Site& site, std::string_view flow);

}  // namespace medperf::site
