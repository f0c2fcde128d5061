#!/usr/bin/env bash
# ./dev demo: installs what is needed, builds, and runs a whole federated evaluation of chest X-ray models.
set -euo pipefail
TOP=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
cd "$TOP"
. scripts/common.sh
. demo/settings.sh
[ "$(id -u)" = 0 ] || { as_root env MEDPERF_DEMO_STATE="$STATE" "$0" "$@"; exit; }
. demo/accounts.sh
. demo/servers.sh
. demo/story.sh
. demo/refusals.sh
. demo/ending.sh

keep=0 fresh=0
for option in "$@"; do
  case $option in
    --keep) keep=1 ;;
    --fresh) fresh=1 ;;
    *) echo "demo: there is no option '$option' (--keep, --fresh)" >&2; exit 2 ;;
  esac
done

declare -a PHASE_NAMES=() PHASE_MS=()
phase() { # NAME COMMAND...
  local name=$1 start; start=$(now_ms)
  shift
  "$@"
  PHASE_NAMES+=("$name") PHASE_MS+=($(($(now_ms) - start)))
}

build_programs() {
  build_release medperf medperf-hub medperf-probe cxr_lr_pixel cxr_cnn cxr_broken cxr_hostile \
    cxr_prepare cxr_hostile_evaluate medperf_evaluate make_sites | grep -vE 'no work to do' || [ "${PIPESTATUS[0]}" = 0 ]
  local program
  install -d -m 755 "$PREFIX" "$PREFIX/bin"
  for program in medperf medperf-hub medperf-probe; do
    cmp -s "build/release/src/apps/$program" "$PREFIX/bin/$program" && continue
    install -m 755 "build/release/src/apps/$program" "$PREFIX/bin/$program.new"
    mv "$PREFIX/bin/$program.new" "$PREFIX/bin/$program"
  done
}

make_images() {
  mkdir -p "$IMAGES"
  benchmarks/chest-xray/images.sh "$IMAGES" "$TOP/build/release"
  local data=benchmarks/chest-xray/data/pneumoniamnist.npz
  [ "$IMAGES/demo-data.tar.gz" -nt benchmarks/chest-xray/demo-data/build.py ] ||
    python3 benchmarks/chest-xray/demo-data/build.py "$data" "$IMAGES/demo-data.tar.gz"
  python3 benchmarks/chest-xray/models/source.py "$IMAGES/lr-pixel-source.tar.gz"
}

# Each hospital's raw files: disjoint images of the untouched splits with the site's simulated acquisition.
make_hospitals() {
  local role home
  [ ! -e "$STATE/sites.done" ] || return 0
  rm -rf "$STATE/sites"
  "$(find build/release -name make_sites -type f)" --data benchmarks/chest-xray/data/pneumoniamnist.npz \
    --sites benchmarks/chest-xray/sites/sites.yaml --output "$STATE/sites"
  for role in "${HOSPITALS[@]}"; do
    home=$(home_of "$role")
    rm -rf "$home/raw"
    mv "$STATE/sites/$role" "$home/raw"
    chown -R "$USER_PREFIX$role:" "$home/raw"
    chmod -R go= "$home/raw"
  done
  rmdir "$STATE/sites" 2> /dev/null || rm -rf "$STATE/sites"
  touch "$STATE/sites.done"
}

# Whatever ends the demo, also in the middle: nothing of it runs on. A second Ctrl-C does not cut this short.
end() {
  local status=$?
  trap - EXIT
  trap '' INT TERM HUP
  if [ "$status" != 0 ]; then
    jobs -p | xargs -r kill 2> /dev/null || true   # first those who would start more
    stop_clients
    stop_servers
    end_processes
    wait 2> /dev/null || true
  elif [ "$keep" = 0 ]; then
    stop_servers
  fi
  exit "$status"
}

# One demo at a time works on the state. The lock goes with the last process that has the file open: of a demo that has just
# ended one may still be ending.
take_lock() {
  install -d -m 755 "$STATE"
  exec 9> "$STATE/lock"
  flock -w 5 9 || { echo "demo: another demo is running (it holds $STATE/lock)" >&2; exit 8; }
}

main() {
  local started; started=$(now_ms)
  take_lock
  trap end EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
  [ "$fresh" = 0 ] || { demo/clean.sh; take_lock; }   # the lock's file goes with the state
  say "MedPerf demo. Programs: $PREFIX; everything else: $STATE (./dev clean removes both)"
  phase "packages" scripts/setup.sh build run
  phase "build" build_programs
  phase "images" make_images
  phase "accounts" make_accounts
  make_hospitals
  phase "servers" start_servers
  local before; before=$(activity)
  phase "sign in" sign_in_everyone
  show_refused_reach
  phase "benchmark" register_benchmark
  phase "hospitals" join_hospitals
  phase "models" join_models
  phase "refusals" show_refusals
  phase "evaluation" evaluate
  phase "results" show_results
  show_hostile_model
  phase "checks" check_everything
  show_end "$started" "$before"
}

main
