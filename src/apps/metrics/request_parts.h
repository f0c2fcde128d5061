#pragma once
// Options that several commands of `medperf-metrics` share; internal to its command line.

#include <CLI/CLI.hpp>

#include "apps/metrics/request.h"

namespace medperf::metrics_app {

/// `csv` says what the rows of --csv are.
void add_answer(CLI::App& app, Request& request, const char* csv = "One row a figure, as CSV.");
void add_level(CLI::App& app, Request& request);
/// Level, resamples, seed, threads.
void add_statistics(CLI::App& app, Request& request);
void add_minimum_patients(CLI::App& app, Request& request);
/// Which of the bootstrap's intervals.
void add_bootstrap_interval(CLI::App& app, Request& request);
void add_summary(CLI::App& app, Request& request, const char* sentence);

// The commands of request_statistics.cpp.
void add_compare(CLI::App& root, Request& request);
void add_meta(CLI::App& root, Request& request);
void add_noise(CLI::App& root, Request& request);
void add_rank(CLI::App& root, Request& request);
void add_values(CLI::App& root, Request& request);

}  // namespace medperf::metrics_app
