#!/usr/bin/env bash
# The docker runner against a docker engine of its own, as root. Leaves nothing behind.
# BUILD (default build/release) holds the test program, PROBE the static probe.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
BUILD=${BUILD:-build/release}
PROBE=${PROBE:-build/release/src/apps/medperf-probe}
. tests/engine/dockerd.sh

if ! command -v dockerd > /dev/null || [ "$(id -u)" != 0 ]; then
  echo "skipped: needs root and docker"
  echo "0 passed, 0 failed"
  exit 0
fi
work=$(mktemp -d /tmp/medperf-docker-XXXXXX)
clean() {
  stop_dockerd "$work/d"
  rm -rf "$work"
}
trap clean EXIT
start_dockerd "$work/d" || { echo "0 passed, 1 failed"; exit 1; }
MEDPERF_STORE=$work/store MEDPERF_PROBE=$PROBE DOCKER_HOST=unix://$work/d/docker.sock \
  timeout -k 10 2400 "$BUILD/tests/engine/engine_docker" "$@" > "$work/log" 2>&1
status=$?
grep -vE '^\[ +(OK|RUN) |^\[---' "$work/log"
passed=$(sed -nE 's/^\[  PASSED  \] ([0-9]+) tests?.*/\1/p' "$work/log")
failed=$(sed -nE 's/^\[  FAILED  \] ([0-9]+) tests?,.*/\1/p' "$work/log" | head -n 1)
[ "$status" = 0 ] || failed=${failed:-1}
echo "${passed:-0} passed, ${failed:-0} failed"
exit "$status"
