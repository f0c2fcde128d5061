#pragma once
// The options of every command that runs containers: what the person wants of the runs.

#include <array>

#include "cli/invocation.h"

namespace medperf::cli {

inline constexpr Argument kGpusArgument{
    "--gpus", "GPUS", "0, all, a number or device=0,1, in place of what the container asks for."};
inline constexpr Argument kShmArgument{
    "--shm-size", "SIZE", "Shared memory, e.g. 2g, in place of what the container asks for."};
inline constexpr Argument kLogLevelArgument{
    "--container-loglevel", "LEVEL", "debug, info, warning or error: MEDPERF_LOGLEVEL inside."};

/// The arguments of a command, and these three.
template <std::size_t N>
constexpr std::array<Argument, N + 3> with_run_wishes(const std::array<Argument, N>& own) {
  std::array<Argument, N + 3> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = own[i];
  out[N] = kGpusArgument;
  out[N + 1] = kShmArgument;
  out[N + 2] = kLogLevelArgument;
  return out;
}

/// The site, which knows what was given. Errors: invalid, before anything else is done.
inline Result<site::Site*> site_with_wishes(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  site::WishTexts texts;
  if (call.has("gpus")) texts.gpus = call.text("gpus");
  if (call.has("shm-size")) texts.shm_size = call.text("shm-size");
  if (call.has("container-loglevel")) texts.log_level = call.text("container-loglevel");
  site->wish(std::move(texts));
  MEDPERF_CHECK(site->wishes());
  return site;
}

}  // namespace medperf::cli
