/* The metrics library as plain C, for other languages. No call throws or keeps a pointer. */
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MEDPERF_NAME 64

/* A figure; its numbers count only where has_value, has_se and has_interval say so. */
typedef struct {
  double value, se, low, high;
  int32_t has_value, has_se, has_interval;
  char flag[MEDPERF_NAME];
  char convention[MEDPERF_NAME];
} medperf_estimate;

/* Of a pair: label_type 0 = u8, 1 = u16, 2 = i16, 3 = i32; x is the fastest axis. */
typedef struct {
  const void* prediction;
  const void* reference;
  int32_t label_type;
  int32_t size[3];
  double spacing_mm[3];
  const int32_t* labels;       /* of all regions, one after another */
  const int32_t* region_sizes; /* labels of each region */
  int32_t regions;
  const double* tau_mm;
  int32_t taus;
  int32_t surfaces;
  int32_t threads;
} medperf_pair;

/* Figures of a region: dice, iou, sensitivity, precision, specificity, volume similarity, relative
 * volume difference, hd, hd95, hd95 pooled, assd, masd, then one NSD for each tau. */
#define MEDPERF_FIGURES 12

/* figures: regions x (MEDPERF_FIGURES + taus); counts: regions x 4 (tp, fp, fn, tn). Gives 0, or 1
 * and what was wrong in `error`. */
int medperf_segmentation(const medperf_pair* pair, medperf_estimate* figures, int64_t* counts,
                         char* error, int32_t error_size);

/* Surfel variants of a region: hd, hd95, average from the reference, average from the prediction,
 * then one NSD for each tau. figures: regions x (MEDPERF_SURFELS + taus). */
#define MEDPERF_SURFELS 4
int medperf_surfels(const medperf_pair* pair, medperf_estimate* figures, char* error,
                    int32_t error_size);

/* Scores by lesion under a benchmark's policy (its id): dice, hd95, sensitivity, precision, f1,
 * then one NSD for each tau. figures: regions x (MEDPERF_LESIONS + taus); counts: regions x 3 (tp,
 * fp, fn). */
#define MEDPERF_LESIONS 5
int medperf_lesions(const medperf_pair* pair, const char* policy, medperf_estimate* figures,
                    int64_t* counts, char* error, int32_t error_size);

/* Panoptic quality: segmentation, recognition, panoptic quality. Instances are the components of
 * each region, or, with each_label, every label (then there is one row and regions are not looked
 * at). figures: rows x 3; counts: rows x 3 (tp, fp, fn). */
int medperf_panoptic(const medperf_pair* pair, double iou_above, int32_t optimal,
                     int32_t each_label, medperf_estimate* figures, int64_t* counts, char* error,
                     int32_t error_size);

/* Several labels a case, row by row, `labels` values a case; called if score >= threshold. figures:
 * macro auroc, macro f1, micro f1, hamming loss, subset accuracy; counts: labels x 4 (tp, fp, fn,
 * tn). */
#define MEDPERF_MULTILABEL 5
int medperf_multilabel(const uint8_t* reference, const double* scores, int64_t cases,
                       int32_t labels, double threshold, double level, medperf_estimate* figures,
                       int64_t* counts, char* error, int32_t error_size);

/* Net benefit at each threshold, and that of treating everybody. */
int medperf_decision_curve(const double* scores, const uint8_t* labels, int64_t n,
                           const double* thresholds, int32_t count, double* model,
                           double* treat_all, char* error, int32_t error_size);

/* Area under the ROC curve with DeLong's interval; labels are 0 or 1. */
int medperf_auroc(const double* scores, const uint8_t* labels, int64_t n, double level,
                  medperf_estimate* figure, int64_t* positives, char* error, int32_t error_size);

/* Its bootstrap; patients may be null: each case its own. */
int medperf_auroc_bootstrap(const double* scores, const uint8_t* labels, const int64_t* patients,
                            int64_t n, int32_t stratified, uint64_t seed, int32_t replicates,
                            double level, int32_t threads, medperf_estimate* figure,
                            int64_t* dropped, char* error, int32_t error_size);

#ifdef __cplusplus
}
#endif
