#!/usr/bin/env bash
# Installs the Debian packages named in scripts/packages/<group>.txt, for each group given, when one is missing.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/common.sh

packages=()
for group in $*; do
  [ -f "scripts/packages/$group.txt" ] || { echo "setup: there is no package group '$group'" >&2; exit 2; }
  mapfile -t -O "${#packages[@]}" packages < <(grep -v '^#' "scripts/packages/$group.txt")
done
mapfile -t missing < <(
  printf '%s\n' "${packages[@]}" | sort -u |
    comm -23 - <(dpkg-query -W -f '${db:Status-Abbrev}${binary:Package}\n' | sed -n 's/^ii //p' | sed 's/:.*//' | sort -u)
)
[ ${#missing[@]} -gt 0 ] || exit 0
echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { as_root apt-get -q -o DPkg::Lock::Timeout=300 update &&
       as_root apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-unsafe-io install --no-install-recommends "${missing[@]}"; } > "$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "setup: apt-get failed; its whole output is in $log" >&2
  exit 1
fi
rm -f "$log"
