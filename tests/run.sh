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
SANITIZED=(base crypto domain result wire imaging engine)
passed=0 failed=0 failures=() started=$SECONDS

finish() { # NAME STATUS CASES_PASSED CASES_FAILED SECONDS
  passed=$((passed + $3)) failed=$((failed + $4))
  if [ "$2" = 0 ] && [ "$4" = 0 ]; then
    printf '  ok    %-34s %4d cases  %4d s\n' "$1" "$3" "$5"
    return
  fi
  [ "$4" -gt 0 ] || failed=$((failed + 1))
  failures+=("$1")
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

fuzz_all() {
  local target status=0
  for target in build/fuzz/src/fuzz_*; do
    [ -x "$target" ] || continue
    echo "== $target"
    mkdir -p "build/corpus/$(basename "$target")"
    "$target" -max_total_time="${1}" -rss_limit_mb=2048 -timeout=10 "build/corpus/$(basename "$target")" 2>&1 | tail -n 5 || status=1
  done
  return "$status"
}

echo "Logs: $LOGS"
check setup scripts/setup.sh build run test || { echo "$passed passed, $failed failed"; exit 1; }
check format format_sources --dry-run -Werror
check forbidden-includes tests/rooms/forbidden_includes.sh
# Unit tests use the rooms of the programs, which are compiled once. Sanitizers compile a room again, so they get the
# rooms that read foreign bytes; --full gives them, and the static checks, every room.
check build-release build release-tests release
unit_tests release
if [ "$full" = 1 ]; then
  check build-asan build asan asan
  unit_tests asan
  check static-checks static_checks '.*'
else
  check build-asan build asan asan "${SANITIZED[@]/#/test_}"
  unit_tests asan "${SANITIZED[@]}"
  check static-checks static_checks '(domain|result|crypto|wire)'
fi
for script in tests/errors/*.sh tests/errors/*.py tests/security/test_*.py tests/accounts/*.py tests/engine/*.sh tests/e2e/test_*.sh tests/e2e/test_*.py \
    benchmarks/chest-xray/models/check_official.sh; do
  [ -x "$script" ] && counted "$(basename "$script")" "$script"
done
for script in tests/peer/test_*.py; do counted "$(basename "$script")" "$script"; done
if [ "$full" = 1 ]; then counted schema tests/schema/test_schema.py --requests 50000
else counted schema tests/schema/test_schema.py --requests 2000; fi
for name in standing conflicts drill disk proxy; do counted "durability-$name" "tests/durability/$name.py"; done
counted packages tests/packaging/packages.py $([ "$full" = 0 ] || echo --install)
check demo-fresh demo/run.sh --fresh
check demo-second-run tests/e2e/second_run.sh
if [ "$full" = 1 ]; then
  counted kills tests/e2e/kills.py --client 20 --hub 5 --interrupt 2
  counted durability-kills tests/durability/kills.py --times 200
  check build-tsan build tsan tsan test_net test_sql test_hub test_base
  unit_tests tsan
  check build-fuzz build fuzz fuzz
  check fuzz fuzz_all 120
else
  counted kills tests/e2e/kills.py --client 2 --hub 1 --interrupt 1
  counted durability-kills tests/durability/kills.py --times 20
fi
check demo-clean demo/clean.sh

echo "Time: $((SECONDS - started)) s"
[ ${#failures[@]} -eq 0 ] || echo "Failed: ${failures[*]}"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
