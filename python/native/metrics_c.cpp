#include "metrics_c.h"

#include <cstddef>
#include <exception>
#include <string>
#include <vector>

#include "metrics/classification/auc.h"
#include "metrics/classification/auc_bootstrap.h"
#include "metrics/segmentation/pair_metrics.h"

namespace {

using namespace medperf;

void copy(std::string_view text, char* out, std::size_t size) {
  const std::size_t count = text.copy(out, size - 1);
  out[count] = '\0';
}

void write(const metrics::Estimate& from, medperf_estimate& to) {
  to = {};
  to.has_value = from.value ? 1 : 0;
  to.value = from.value.value_or(0);
  to.has_se = from.se ? 1 : 0;
  to.se = from.se.value_or(0);
  to.has_interval = from.interval ? 1 : 0;
  if (from.interval) {
    to.low = from.interval->low;
    to.high = from.interval->high;
  }
  copy(from.flag, to.flag, MEDPERF_NAME);
  copy(from.convention, to.convention, MEDPERF_NAME);
}

/// Runs f, which gives a Status; nothing may be thrown into the caller's language.
template <typename F>
int guarded(char* error, int32_t error_size, F f) {
  const auto said = [&](std::string_view what) {
    if (error_size > 0) copy(what, error, static_cast<std::size_t>(error_size));
    return 1;
  };
  try {
    const Status done = f();
    return done ? 0 : said(done.error().text());
  } catch (const std::exception& failure) {
    return said(failure.what());
  }
}

template <typename T>
metrics::LabelVolume::Labels span_of(const void* data, std::size_t count) {
  return std::span<const T>(static_cast<const T*>(data), count);
}

Result<metrics::LabelVolume> view_of(const medperf_pair& pair, const void* data) {
  const metrics::Extent size{pair.size[0], pair.size[1], pair.size[2]};
  const auto count = static_cast<std::size_t>(size.voxels());
  metrics::LabelVolume::Labels labels = span_of<std::uint8_t>(data, count);
  if (pair.label_type == 1) labels = span_of<std::uint16_t>(data, count);
  if (pair.label_type == 2) labels = span_of<std::int16_t>(data, count);
  if (pair.label_type == 3) labels = span_of<std::int32_t>(data, count);
  return metrics::LabelVolume::view(labels, size,
                                    {pair.spacing_mm[0], pair.spacing_mm[1], pair.spacing_mm[2]});
}

std::vector<metrics::Region> regions_of(const medperf_pair& pair) {
  std::vector<metrics::Region> regions;
  const std::int32_t* label = pair.labels;
  for (std::int32_t i = 0; i < pair.regions; ++i) {
    regions.push_back({"region " + std::to_string(i), {label, label + pair.region_sizes[i]}});
    label += pair.region_sizes[i];
  }
  return regions;
}

Status segmentation(const medperf_pair& pair, medperf_estimate* figures, int64_t* counts) {
  MEDPERF_TRY(const auto prediction, view_of(pair, pair.prediction));
  MEDPERF_TRY(const auto reference, view_of(pair, pair.reference));
  metrics::PairOptions options;
  options.tau_mm.assign(pair.tau_mm, pair.tau_mm + pair.taus);
  options.surfaces = pair.surfaces != 0;
  options.threads = pair.threads;
  MEDPERF_TRY(const auto all,
              metrics::evaluate_pair(prediction, reference, regions_of(pair), options));
  for (const metrics::RegionMetrics& one : all) {
    for (const metrics::Estimate* figure :
         {&one.dice, &one.iou, &one.sensitivity, &one.precision, &one.specificity,
          &one.volume_similarity, &one.relative_volume_difference, &one.hd, &one.hd95,
          &one.hd95_pooled, &one.assd, &one.masd}) {
      write(*figure, *figures++);
    }
    for (std::size_t i = 0; i < options.tau_mm.size(); ++i) {
      write(i < one.nsd.size() ? one.nsd[i] : metrics::Estimate{}, *figures++);
    }
    const metrics::Overlap& overlap = one.overlap.counts;
    for (const std::int64_t count : {overlap.tp, overlap.fp, overlap.fn, overlap.tn}) {
      *counts++ = count;
    }
  }
  return {};
}

std::vector<metrics::ScoredCase> cases_of(const double* scores, const uint8_t* labels, int64_t n) {
  std::vector<metrics::ScoredCase> cases(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < cases.size(); ++i) cases[i] = {scores[i], labels[i] != 0};
  return cases;
}

}  // namespace

int medperf_segmentation(const medperf_pair* pair, medperf_estimate* figures, int64_t* counts,
                         char* error, int32_t error_size) {
  return guarded(error, error_size, [&] { return segmentation(*pair, figures, counts); });
}

int medperf_auroc(const double* scores, const uint8_t* labels, int64_t n, double level,
                  medperf_estimate* figure, int64_t* positives, char* error, int32_t error_size) {
  return guarded(error, error_size, [&]() -> Status {
    MEDPERF_TRY(const metrics::Auc area, metrics::auc(cases_of(scores, labels, n), level));
    write(area.estimate, *figure);
    *positives = area.n_positive;
    return {};
  });
}

int medperf_auroc_bootstrap(const double* scores, const uint8_t* labels, const int64_t* patients,
                            int64_t n, int32_t stratified, uint64_t seed, int32_t replicates,
                            double level, int32_t threads, medperf_estimate* figure,
                            int64_t* dropped, char* error, int32_t error_size) {
  return guarded(error, error_size, [&]() -> Status {
    metrics::BootstrapOptions options;
    options.seed = seed;
    options.replicates = replicates;
    options.level = level;
    options.threads = threads;
    const auto resampling = stratified != 0 ? metrics::AucResampling::kStratified
                                            : metrics::AucResampling::kUnstratified;
    const auto cases = cases_of(scores, labels, n);
    const std::span<const std::int64_t> units(patients, patients == nullptr ? 0 : std::size_t(n));
    MEDPERF_TRY(const metrics::Bootstrap drawn,
                patients == nullptr ? metrics::auc_bootstrap(cases, options, resampling)
                                    : metrics::auc_bootstrap(cases, units, options, resampling));
    write(drawn.estimate, *figure);
    *dropped = drawn.dropped;
    return {};
  });
}
