#!/usr/bin/env bash
# ./dev bench [start|metrics|hub]: measures; never fails because a machine is slow.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/common.sh
case ${1:-start} in
  start)
    scripts/setup.sh build run
    build_release medperf medperf-hub > /dev/null
    exec bench/start.py
    ;;
  metrics)
    scripts/setup.sh build test
    cmake --preset bench > /dev/null
    cmake --build build/bench --target bench_metrics
    exec build/bench/src/bench_metrics
    ;;
  hub) # [--parts lists,writes,tls,large] [--databases sqlite,postgresql] [--seconds N] [--repeats N]
    scripts/setup.sh build run test bench
    build_release medperf-hub > /dev/null
    exec bench/hub/bench.py "${@:2}"
    ;;
  *) echo "bench: there is no benchmark '$1' (start, metrics, hub)" >&2; exit 2 ;;
esac
