#!/usr/bin/env bash
# ./dev test: everything that must hold before a change lands. The last line is "N passed, M failed".
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
TOP=$PWD
. scripts/common.sh

full=0 mutate=0
for option in "$@"; do
  case $option in
    --full) full=1 ;;
    --break) mutate=1 ;;
    *) echo "test: there is no option '$option' (--full, --break)" >&2; exit 2 ;;
  esac
done
[ "$mutate" = 0 ] || exec tests/break/run.py

# The demo of the tests has users, programs, state and ports of its own, beside a demo that somebody keeps.
export MEDPERF_DEMO_USERS=medperf-test- MEDPERF_DEMO_STATE=/var/lib/medperf-test MEDPERF_DEMO_PREFIX=/opt/medperf-test
export MEDPERF_DEMO_PORT=28443 ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
LOGS=$TOP/build/test-logs
rm -rf "$LOGS"
mkdir -p "$LOGS"
SANITIZED=(base crypto net domain result wire imaging cohort engine)
# Every reader of the rooms that are sanitized, and the sums and summaries of metrics: what bytes from outside reach.
CASE_READERS=(fuzz_nifti fuzz_sparse_gzip fuzz_npy fuzz_npz fuzz_png fuzz_dicom fuzz_dicom_scan fuzz_label_map fuzz_case_list
  fuzz_keyed_table fuzz_binary_tables fuzz_csv fuzz_json)
READERS=(fuzz_yaml fuzz_jwt fuzz_image_archive fuzz_sif fuzz_unpack fuzz_rpm_database fuzz_oci_manifest fuzz_site_summary fuzz_exact_sum)
TOTALS=$LOGS/totals   # a line "NAME PASSED FAILED" for each check, written by both lanes
started=$SECONDS
: > "$TOTALS"

finish() { # NAME STATUS CASES_PASSED CASES_FAILED SECONDS
  if [ "$2" = 0 ] && [ "$4" = 0 ] && [ "$3" -gt 0 ]; then
    echo "$1 $3 0" >> "$TOTALS"
    printf '  ok    %-34s %4d cases  %4d s\n' "$1" "$3" "$5"
    return
  fi
  echo "$1 $3 $(($4 > 0 ? $4 : 1))" >> "$TOTALS"
  printf '  FAIL  %-34s %4d of %d cases failed; %s\n' "$1" "$4" $(($3 + $4)) "$LOGS/$1.log"
  grep -E '^\[  FAILED  \]|error:|Error|refused|FAIL' "$LOGS/$1.log" | head -n 20 | sed 's/^/        /'
  tail -n 15 "$LOGS/$1.log" | sed 's/^/        | /'
}

# check NAME COMMAND...: one case.
check() {
  local name=$1 begin=$SECONDS status=0
  shift
  "$@" > "$LOGS/$name.log" 2>&1 < /dev/null || status=$?
  if [ "$status" = 0 ]; then finish "$name" 0 1 0 $((SECONDS - begin)); else finish "$name" 1 0 1 $((SECONDS - begin)); fi
  return "$status"
}

# counted NAME COMMAND...: a program that prints GoogleTest's totals or a last line "N passed, M failed".
# Cases that one test runs from files it prints as "[  CASES   ] N passed, M failed"; their test counts beside them.
counted() {
  local name=$1 begin=$SECONDS status=0 good bad more
  shift
  "$@" > "$LOGS/$name.log" 2>&1 < /dev/null || status=$?
  good=$(sed -nE 's/^\[  PASSED  \] ([0-9]+) tests?.*/\1/p; s/^([0-9]+) passed, [0-9]+ failed.*/\1/p' "$LOGS/$name.log" | tail -n 1)
  bad=$(sed -nE 's/^\[  FAILED  \] ([0-9]+) tests?,.*/\1/p; s/^[0-9]+ passed, ([0-9]+) failed.*/\1/p' "$LOGS/$name.log" | tail -n 1)
  more=$(sed -nE 's/^\[  CASES   \] ([0-9]+) passed, [0-9]+ failed.*/\1/p' "$LOGS/$name.log" | tail -n 1)
  [ -z "$more" ] || good=$((${good:-0} + more))
  finish "$name" "$status" "${good:-0}" "${bad:-0}" $((SECONDS - begin))
}

unit_tests() { # FOLDER of build/ [ROOM...]
  local folder=$1 program
  shift
  for program in build/"$folder"/src/test_*; do
    [ $# -eq 0 ] || [[ " $* " == *" ${program##*/test_} "* ]] || continue
    [ -x "$program" ] && counted "$folder-$(basename "$program")" "$program" --gtest_brief=1
  done
}

build() { # PRESET FOLDER of build/ [TARGET...]
  local preset=$1 folder=$2
  shift 2
  cmake --preset "$preset" && cmake --build "build/$folder" --parallel "$(nproc)" ${1:+--target "$@"}
}

static_checks() { # REGULAR_EXPRESSION of folders below src
  run-clang-tidy -quiet -extra-arg=-Wno-unknown-warning-option -j "$(nproc)" -p build/asan \
    "$TOP/src/$1/(?!.*(tests|fuzz|bench)/).*\.cpp$"
}

# What the programs do, seen from outside.
from_outside() {
  local script
  for script in tests/errors/*.sh tests/errors/*.py tests/accounts/*.py tests/engine/*.sh tests/engine/*.py tests/containers/*.py tests/e2e/test_*.sh \
      tests/e2e/test_*.py benchmarks/chest-xray/models/check_official.sh tests/peer/test_*.py; do
    [ -x "$script" ] || continue
    # Four configurations of Slurm, or two.
    if [ "$full" = 1 ] && [ "$script" = tests/engine/escape.py ]; then counted escape.py "$script" --full
    elif [ "$full" = 1 ] && [ "$script" = tests/e2e/test_site_serve.py ]; then counted test_site_serve.py "$script" --times 60
    else counted "$(basename "$script")" "$script"; fi
  done
}

hub_from_outside() {
  local script name
  for script in tests/security/test_*.py; do counted "$(basename "$script")" "$script"; done
  counted schema tests/schema/test_schema.py --requests "$([ "$full" = 1 ] && echo 50000 || echo 2000)"
  # An upgrade under load needs the programs of an earlier version, which nothing here can make: no release is out yet, and
  # sources may come without their history. Whoever has them names their folder; the steps themselves run on stored backups.
  counted durability-drill tests/durability/drill.py ${MEDPERF_OLD_PROGRAMS:+--old-programs "$MEDPERF_OLD_PROGRAMS"}
  for name in standing conflicts disk proxy; do counted "durability-$name" "tests/durability/$name.py"; done
  counted durability-kills tests/durability/kills.py --times "$([ "$full" = 1 ] && echo 200 || echo 20)"
  counted client-kills tests/durability/client_kills.py --times "$([ "$full" = 1 ] && echo 200 || echo 20)"
  counted slurm tests/slurm/run.py
  counted slurm-accounting tests/slurm/accounting.py
  counted slurm-sealed tests/slurm/sealed.py
  counted packages tests/packaging/packages.py $([ "$full" = 0 ] || echo --install)
  [ "$full" = 0 ] || counted container tests/packaging/container.py
}

whole_demo() {
  check demo-fresh demo/run.sh --fresh
  check demo-second-run tests/e2e/second_run.sh
  if [ "$full" = 1 ]; then counted kills tests/e2e/kills.py --client 20 --hub 5 --interrupt 2
  else counted kills tests/e2e/kills.py --client 2 --hub 1 --interrupt 1; fi
  check demo-clean demo/clean.sh
}

# Sanitizers compile a room again, so they get the rooms that read foreign bytes; --full gives them every room.
sanitized_and_checked() {
  if [ "$full" = 1 ]; then
    check build-asan build asan asan
    unit_tests asan
    check static-checks static_checks '.*'
    check build-tsan build tsan tsan test_net test_sql test_hub test_base test_engine test_site test_metrics test_cohort test_imaging medperf-metrics
    unit_tests tsan
    counted tsan-metrics-command env TSAN_OPTIONS=halt_on_error=1 tests/e2e/test_metrics_command.py build/tsan
    counted asan-metrics-command tests/e2e/test_metrics_command.py build/asan
    check fuzz scripts/fuzz.sh 120
    return
  fi
  check build-asan build asan asan "${SANITIZED[@]/#/test_}"
  unit_tests asan "${SANITIZED[@]}"
  check static-checks static_checks '(domain|result|crypto|wire)'
  # Two at a time, with the same inputs each time: what is red here is by the change. What is new is found with other
  # inputs each time, and longer: ./dev fuzz and ./dev test --full.
  check fuzz-cases-60s scripts/fuzz.sh 60 --jobs 2 --preset asan --seed 1 "${CASE_READERS[@]}"
  check fuzz-readers-15s scripts/fuzz.sh 15 --jobs 2 --preset asan --seed 1 "${READERS[@]}"
}

echo "Logs: $LOGS"
check setup scripts/setup.sh build run test || { echo "0 passed, 1 failed"; exit 1; }
check format format_sources --dry-run -Werror
check forbidden-includes tests/rooms/forbidden_includes.sh
# Unit tests use the rooms of the programs, which are compiled once. Then two lanes: most checks use one core or wait.
check build-release build release-tests release
# Nothing else compiles them: an interface that changed is seen here.
check build-benches build bench release benches
counted one-home tests/rooms/one_home.py
{ unit_tests release; hub_from_outside; } &
lane=$!
whole_demo
from_outside
if [ "$full" = 1 ]; then
  check build-coverage build release-tests release coverage
  counted metrics-coverage build/release/tests/metrics/coverage
fi
sanitized_and_checked
wait "$lane"

echo "Time: $((SECONDS - started)) s"
failing=$(awk '$3 > 0 {print $1}' "$TOTALS" | tr '\n' ' ')
[ -z "$failing" ] || echo "Failed: $failing"
awk '{passed += $2; failed += $3} END {printf "%d passed, %d failed\n", passed, failed; exit failed > 0 || passed == 0}' "$TOTALS"
