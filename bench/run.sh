#!/usr/bin/env bash
# ./dev bench [start|metrics|models|hub|site]: measures; never fails because a machine is slow, and says why when it cannot be built.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/common.sh
case ${1:-start} in
  start)
    scripts/setup.sh build run
    quietly build_release medperf medperf-hub
    exec bench/start.py
    ;;
  metrics) # [--parts segmentation,...] [--data FOLDER] [--peers edt,scipy] [--repeats N]
    scripts/setup.sh build test bench
    quietly cmake --preset bench
    quietly cmake --build build/release --target bench_metrics bench_segmentation bench_lesions bench_classification bench_files
    # Peers live in an environment of their own; MEDPERF_PEERS names one that is there already.
    peers=${MEDPERF_PEERS:-build/bench-peers}
    if [ ! -x "$peers/bin/python" ]; then
      python3 -m venv "$peers"
      grep -v '^#' bench/metrics/peers.txt | while read -r peer; do
        "$peers/bin/pip" install --quiet "$peer" || echo "bench: $peer cannot be had" >&2
      done
    fi
    exec "$peers/bin/python" bench/metrics/bench.py "${@:2}"
    ;;
  models) # images a second of the chest X-ray models, beside what else is asked of them
    scripts/setup.sh build run
    quietly build_release
    exec benchmarks/chest-xray/models/check_official.sh
    ;;
  hub) # [--parts lists,writes,tls,large] [--databases sqlite,postgresql] [--seconds N] [--repeats N]
    scripts/setup.sh build run test bench
    quietly build_release medperf-hub
    exec bench/hub/bench.py "${@:2}"
    ;;
  site) # [--parts hashing,one-file,memory,engines,commands] [--gib N] [--files N] [--runs N] [--repeats N]
    scripts/setup.sh build run test bench
    quietly cmake --preset bench
    # The last three are the containers of the study that part memory registers its dataset in.
    quietly cmake --build build/release --target bench_hashing bench_engines medperf medperf-hub medperf-probe \
      cxr_prepare medperf_evaluate cxr_lr_pixel
    exec bench/site/bench.py "${@:2}"
    ;;
  *) echo "bench: there is no benchmark '$1' (start, metrics, models, hub, site)" >&2; exit 2 ;;
esac
