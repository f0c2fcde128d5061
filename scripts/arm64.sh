#!/usr/bin/env bash
# ./dev arm64: compiles everything for arm64, from any Debian machine, and runs the unit tests of the rooms that need
# no kernel of their own under qemu's user-mode emulation. The last line is "N passed, M failed".
# It needs root, as it makes a file system. The compiler and the libraries are in a file system of their own, build/arm64-root, so that the machine's own packages
# stay what they are.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/common.sh

ROOT=$PWD/build/arm64-root
# Emulation takes 5 to 20 times as long. The other rooms' tests start processes, containers and servers.
TESTED=(base crypto domain result wire metrics imaging cohort)
TOOLS=(g++ g++-aarch64-linux-gnu cmake ninja-build pkg-config ca-certificates qemu-user-static)
NATIVE='g\+\+|cmake|ninja-build|ccache|mold|pkg-config|ca-certificates'
HEADERS='nlohmann-json3-dev|libcli11-dev'  # for every architecture
# Only headers too, but with the libraries of this machine's architecture in its wake, which arm64's refuse beside them.
UNPACKED=libvalijson-dev

libraries() {
  grep -v '^#' scripts/packages/build.txt | grep -vxE "$NATIVE|$UNPACKED" | sed -E "/^($HEADERS)$/! s/$/:arm64/"
  echo libgtest-dev:arm64
  echo libgmock-dev:arm64
}

inside() { # COMMAND...: in the file system, with the sources at their own path
  as_root unshare --mount bash -c '
    set -e
    mkdir -p "$0$1" && mount --bind "$1" "$0$1" && mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev"
    exec chroot "$0" /bin/sh -c "cd \"\$0\" && exec \"\$@\"" "${@:1}"' "$ROOT" "$PWD" "$@"
}

make_root() {
  [ ! -e "$ROOT/complete" ] || return 0
  as_root rm -rf --one-file-system "$ROOT"
  mkdir -p "$ROOT"
  local sources=/etc/apt/sources.list.d/debian.sources
  grep -qs '^[^#]' "$sources" || sources=/etc/apt/sources.list
  echo "Making $ROOT (about 400 packages, once)"
  as_root mmdebstrap --quiet --variant=minbase --architectures="$(dpkg --print-architecture),arm64" \
    --dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"' \
    --include="$(printf '%s\n' "${TOOLS[@]}" $(libraries) | paste -sd,)" \
    --customize-hook="chroot \"\$1\" sh -c 'cd /tmp && apt-get -q download $UNPACKED && dpkg-deb -x $UNPACKED*.deb /'" \
    "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$ROOT" "$sources"
  as_root touch "$ROOT/complete"
}

quietly scripts/setup.sh run
make_root
inside cmake --preset arm64
inside cmake --build build/arm64 --parallel "$(nproc)"
total=0 failing=0
for room in "${TESTED[@]}"; do
  # The emulator knows no openat2, which that test is about.
  said=$(inside qemu-aarch64-static "build/arm64/src/test_$room" --gtest_brief=1 --gtest_filter=-Files.StaysBeneath 2>&1) || true
  passed=$(sed -nE 's/^\[  PASSED  \] ([0-9]+) tests?.*/\1/p' <<< "$said")
  failed=$(sed -nE 's/^\[  FAILED  \] ([0-9]+) tests?,.*/\1/p' <<< "$said")
  # A program that ended without its totals has failed.
  [ -n "$passed" ] || failed=$((${failed:-0} > 0 ? failed : 1))
  printf '  %-10s %4d passed, %d failed\n' "$room" "${passed:-0}" "${failed:-0}"
  [ "${failed:-0}" = 0 ] || printf '%s\n' "$said"
  total=$((total + ${passed:-0})) failing=$((failing + ${failed:-0}))
done
echo "$total passed, $failing failed"
[ "$failing" = 0 ]
