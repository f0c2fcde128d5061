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

/* Scores by lesion under a benchmark's policy (its id, or a JSON object of its rules as in
 * metrics/segmentation/rules_json.h): dice, hd95, sensitivity, precision, f1, then one NSD for each
 * tau. figures: regions x (MEDPERF_LESIONS + taus); counts: regions x 3 (tp,
 * fp, fn). */
#define MEDPERF_LESIONS 5
int medperf_lesions(const medperf_pair* pair, const char* policy, medperf_estimate* figures,
                    int64_t* counts, char* error, int32_t error_size);

/* Panoptic quality: segmentation, recognition, panoptic quality. rules: a JSON object (see
 * rules_json.h); with instance_maps there is one row and regions are not looked at. figures: rows x
 * 3; counts: rows x 3 (tp, fp, fn). */
int medperf_panoptic(const medperf_pair* pair, const char* rules, medperf_estimate* figures,
                     int64_t* counts, char* error, int32_t error_size);

/* A named argument of medperf_figures: `length` values, row by row where it is a table. */
typedef enum {
  MEDPERF_F64 = 0,
  MEDPERF_I64 = 1,
  MEDPERF_U8 = 2,
  MEDPERF_U16 = 3,
  MEDPERF_I16 = 4,
  MEDPERF_I32 = 5
} medperf_type;
typedef struct {
  const char* name;
  const void* data; /* may be null when there are none */
  int32_t type;     /* medperf_type */
  int64_t length;
} medperf_array;

/* `text` is JSON in UTF-8. An object {"column": [first, count]} in it stands for these of
 * `numbers`, with "width" in rows of so many: what may be long is not written as text. */
typedef struct {
  char* text;
  double* numbers;
  int64_t count;
} medperf_answer;

/* All that is not about pairs of volumes: figures of scores, classes, measurements and sites. What
 * a task takes and gives is described where the task is (native/ *.cpp); doubles pass without loss.
 * Arrays and options that a task does not know are errors. The answer is the caller's to release.
 */
int medperf_figures(const char* task, const medperf_array* arrays, int32_t count,
                    const char* options, medperf_answer* answer, char* error, int32_t error_size);
void medperf_release(medperf_answer* answer);

#ifdef __cplusplus
}
#endif
