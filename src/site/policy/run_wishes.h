#pragma once
// What the person at the site wants of runs: it wins over what a configuration asks for, and the
// site policy wins over both.

#include <optional>
#include <string>
#include <vector>

#include "site/policy/policy.h"
#include "wire/container_config.h"

namespace medperf::site {

struct RunWishes {
  std::string log_level;                ///< "DEBUG", for MEDPERF_LOGLEVEL; empty: not set
  std::optional<std::string> gpus;      ///< "" and "0": none; "all", a count, "device=0,1"
  std::optional<std::string> shm_size;  ///< as engines take it; empty: their own default
};

/// As given by a person or a configuration; nothing: no wish.
struct WishTexts {
  std::optional<std::string> log_level, gpus, shm_size;
};
/// Errors: invalid, naming the option and what is accepted.
Result<RunWishes> read_run_wishes(const WishTexts& texts);

/// What one run of a task gets.
struct RunGrant {
  std::string gpus;  ///< "", "all", a count; devices by number only where the person named them
  std::string shm_size;
};
/// `gpus_here`: how many this site gives to runs at once. Errors: refused, with the figures, when
/// it is more than the policy's limits.gpus or limits.shm_mib.
Result<RunGrant> grant_run(const wire::Task& task, const RunWishes& wishes, const Policy& policy,
                           int gpus_here);

/// Sentences for the person who decides; empty: no wishes.
std::vector<std::string> wish_sentences(const RunWishes& wishes);

}  // namespace medperf::site
