#!/usr/bin/env bash
# The engines' tests with real containers, as root and as an ordinary user made for them.
#   walls.sh [all|root|user] [KIND...]    KIND: podman, builtin (default: each that is installed)
# BUILD (default build/release) holds the test program, PROBE the static probe. Leaves nothing behind.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
BUILD=${BUILD:-build/release}
PROBE=${PROBE:-build/release/src/apps/medperf-probe}
user=medperf-walls-$$

only=${1:-all}
[ $# = 0 ] || shift
kinds=("$@")
if [ $# = 0 ]; then
  command -v podman > /dev/null && kinds+=(podman)
  command -v bwrap > /dev/null && kinds+=(builtin)
fi
if [ ${#kinds[@]} = 0 ] || [ "$(id -u)" != 0 ]; then
  echo "skipped: needs root, and podman or bubblewrap"
  echo "0 passed, 0 failed"
  exit 0
fi
work=$(mktemp -d /tmp/medperf-walls-XXXXXX)
clean() {
  scripts/cgroup-delegate.sh remove "$user" medperf-walls 2> /dev/null
  pkill -KILL -u "$user" 2> /dev/null
  userdel --remove "$user" 2> /dev/null
  # Layers of a rootless store belong to subordinate ids; overlay mounts of root's store go with it.
  grep -o "$work/[^ ]*" /proc/self/mounts | sort -r | while read -r mount; do umount "$mount" 2> /dev/null; done
  rm -rf "$work" /tmp/medperf-"${uid:-none}"-*
}
trap clean EXIT

chmod 755 "$work"
cp "$BUILD/tests/engine/engine_walls" "$PROBE" "$work/" || exit 1
useradd --create-home "$user" || exit 1
uid=$(id -u "$user")
group=$(scripts/cgroup-delegate.sh add "$user" medperf-walls) || exit 1
# A long path: podman's sockets must not depend on its length.
long=$(printf 'a-long-folder-name-%.0s' 1 2 3 4 5 6)
mkdir -p "$work/root/$long" "$work/user"
chmod 700 "$work/root"
install -d -o "$user" -g "$user" -m 700 "$work/user/$long"
failed=0 passed=0

run() { # NAME COMMAND...
  local log=$work/$1.log
  echo "== as $1"
  shift
  timeout -k 10 2400 "$@" > "$log" 2>&1 || failed=$((failed + 1))
  grep -vE '^\[ +(OK|RUN) |^\[---' "$log"
  passed=$((passed + $(sed -nE 's/^\[  PASSED  \] ([0-9]+) tests?.*/\1/p' "$log" | grep . || echo 0)))
  failed=$((failed + $(sed -nE 's/^\[  FAILED  \] ([0-9]+) tests?,.*/\1/p' "$log" | grep . || echo 0)))
}
for kind in "${kinds[@]}"; do
  common=(MEDPERF_KIND="$kind" MEDPERF_PROBE="$work/medperf-probe")
  [ "$only" = user ] || run "root-$kind" env "${common[@]}" MEDPERF_STORE="$work/root/$long/$kind/store" "$work/engine_walls"
  [ "$only" = root ] || run "user-$kind" scripts/cgroup-delegate.sh exec "$user" medperf-walls -- \
    env "${common[@]}" HOME="/home/$user" MEDPERF_STORE="$work/user/$long/$kind/store" MEDPERF_CGROUP="$group" \
    "$work/engine_walls"
done

# Nothing of the runs may be left: no process of the user, no group.
# A guard may still clean up.
for ((i = 0; i < 600; ++i)); do
  left=$(pgrep -u "$user" -a --runstates S,R,D 2> /dev/null | grep -v 'defunct')
  groups=$(find /sys/fs/cgroup -type d -name 'run-walls*' 2> /dev/null)
  [ -n "$left$groups" ] || break
  sleep 0.1
done
if [ -n "$left" ]; then echo "processes left: $left"; failed=$((failed + 1)); fi
if [ -n "$groups" ]; then echo "groups left: $groups"; failed=$((failed + 1)); fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
